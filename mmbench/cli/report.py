"""`mmbench report`: a report of records that are there already."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmbench.cli.options import Lang, Language, one_language
from mmbench.cli.reading import records_in, remembered

if TYPE_CHECKING:
    from mmbench.report.limits import Limits
    from mmbench.store import Stored


class ReportFormat(StrEnum):
    """`all` is Markdown and HTML."""

    ALL = "all"
    MD = "md"
    HTML = "html"
    TERMINAL = "terminal"


def report(
    results: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of records, e.g. results/quickstart; they go into one report."
        ),
    ],
    lang: Lang = Language.BOTH,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="The report goes here; reports/NAME if unset."),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="The report's heading.")] = None,
    form: Annotated[
        ReportFormat,
        typer.Option("--format", help="Markdown, one page of HTML, both, or to the terminal."),
    ] = ReportFormat.ALL,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in a browser when it is written.")
    ] = False,
    all_pairs: Annotated[
        bool,
        typer.Option("--all-pairs", help="Test each cell against each, of large tasks as well."),
    ] = False,
    inputs: Annotated[
        bool,
        typer.Option(
            "--inputs/--no-inputs", help="Show the inputs of examples that were answered worst."
        ),
    ] = True,
    max_latency_ms: Annotated[
        float | None,
        typer.Option("--max-latency-ms", help="Recommend none whose median latency is higher."),
    ] = None,
    max_memory_gb: Annotated[
        float | None,
        typer.Option("--max-memory-gb", help="Recommend none that peaks higher in training."),
    ] = None,
    min_samples_per_second: Annotated[
        float | None,
        typer.Option("--min-samples-per-second", help="Recommend none that answers more slowly."),
    ] = None,
) -> None:
    """Write a report of finished runs.

    Prints the paths of its pages, the first page last; nothing is run.
    """
    from mmbench.errors import PlanError
    from mmbench.report.limits import Limits
    from mmbench.report.write import FORMATS, write_report
    from mmbench.store import latest

    limits = Limits(
        max_latency_ms=max_latency_ms,
        max_memory_gb=max_memory_gb,
        min_samples_per_second=min_samples_per_second,
    )
    stored = latest(records_in(results))
    folder = out or Path("reports") / results[0].resolve().name
    if open_page and form not in (ReportFormat.ALL, ReportFormat.HTML):
        raise PlanError("--open shows the page of HTML; leave --format out, or take html")
    if form is ReportFormat.TERMINAL:
        _show(stored, lang, title, limits, all_pairs=all_pairs, inputs=inputs)
        return
    files = write_report(
        stored,
        folder,
        lang=lang.value,
        title=title,
        limits=limits,
        formats=[name for name in FORMATS if form in (ReportFormat.ALL, name)],
        all_pairs=all_pairs,
        inputs=inputs,
        remembered=remembered(),
    )
    print_pages(files)
    if open_page:
        typer.launch(str(next(path for path in files if path.suffix == ".html").resolve()))


def print_pages(files: Sequence[Path]) -> None:
    """The report's pages, one a line, the first last: that is where scripts look."""
    pages = [path for path in files if path.suffix == ".html"]
    pages += reversed([path for path in files if path.suffix == ".md"])
    for path in pages:
        print(path)


def _show(
    stored: "Sequence[Stored]",
    lang: Language,
    title: str | None,
    limits: "Limits",
    *,
    all_pairs: bool,
    inputs: bool,
) -> None:
    """To the terminal; of both languages the first."""
    from mmbench.cli.console import output
    from mmbench.report.build import build
    from mmbench.report.terminal import show

    document = build(
        stored,
        lang=one_language(lang),
        title=title,
        limits=limits,
        all_pairs=all_pairs,
        inputs=inputs,
        remembered=remembered(),
    )
    show(document, output())
