"""What `mmbench gate` writes and prints, and how it ends."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

import typer

from mmbench.cli.console import note, output, plain, say
from mmbench.errors import PlanError, StoreError

if TYPE_CHECKING:
    from mmbench.compare.gate import GateReport

STYLES = {"regression": "bold red", "error": "red", "cannot_tell": "yellow", "warning": "yellow"}


def finish(
    report: "GateReport",
    markdown: Path | None,
    junit: Path | None,
    lang: Literal["en", "zh", "both"],
) -> NoReturn:
    """Write what was asked for, print the report, and exit with its status; PlanError if a file
    cannot be written: 1 would say that there is a regression."""
    try:
        write_report(report, markdown, junit, lang)
    except StoreError as error:
        raise PlanError(str(error)) from error
    print_report(report)
    raise typer.Exit(report.status)


def write_report(
    report: "GateReport",
    markdown: Path | None,
    junit: Path | None,
    lang: Literal["en", "zh", "both"],
) -> None:
    """The files that were asked for; StoreError if one cannot be written."""
    from mmbench.atomic import write_atomically
    from mmbench.report.gate_junit import gate_junit
    from mmbench.report.gate_markdown import gate_markdown

    files: dict[Path, bytes] = {}
    if markdown is not None:
        files[markdown] = gate_markdown(report, lang=lang).encode()
    if junit is not None:
        files[junit] = gate_junit(report, lang="zh" if lang == "zh" else "en")
    for path, content in files.items():
        try:
            write_atomically(path, content)
        except OSError as error:
            raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error


def print_report(report: "GateReport") -> None:
    """The numbers as a table, each reason once, and the verdict last."""
    from rich.table import Table

    from mmbench.report.gate_markdown import (
        change_text,
        headline,
        missing_text,
        reasons,
        summary,
        threshold_text,
    )
    from mmbench.report.i18n import Messages
    from mmbench.report.numbers import NO_BREAK

    english = Messages("en")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("verdict", "cell", "metric", "change", "allowed"):
        table.add_column(title, overflow="fold")
    for found in report.findings:
        table.add_row(
            plain(english(f"gate.verdict.{found.verdict}"), STYLES.get(found.verdict, "")),
            plain(found.cell),
            plain(found.metric),
            plain(change_text(found, english).replace(NO_BREAK, " ")),
            plain(threshold_text(found, english)),
        )
    console = output()
    if report.findings:
        console.print(table)
    for line in reasons(report.findings, english):
        say(console, line)
    for item in report.missing:
        say(console, missing_text(item, english))
    for line in (*report.differences, *report.notes):
        note(line)
    if report.unused:
        note(english("gate.unused", metrics=", ".join(report.unused)))
    say(console, summary(report, english))
    say(console, headline(report, english), "bold")
