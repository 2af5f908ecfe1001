"""`mmbench check`: whether cards keep what they promise, told check by check."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmbench.cli.options import Cards, FromHub, Hub, ModelPaths
from mmbench.cli.places import check_read, places_of, reached

if TYPE_CHECKING:
    from mmbench.cards import ModelCard, TaskCard
    from mmbench.catalog import Catalog
    from mmbench.conformance.findings import CheckReport

STYLES = {"pass": "green", "note": "yellow", "fail": "bold red", "not applicable": "dim"}
SIGNS = {"pass": "ok", "note": "note", "fail": "FAIL", "not applicable": "–"}


def check(
    names: Annotated[
        list[str], typer.Argument(help="Models or tasks, by name or as the paths of their cards.")
    ],
    cards: Cards = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Models with their real weights, downloaded if need be."),
    ] = False,
    hub: FromHub = Hub.HF,
    model_path: ModelPaths = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Check model and task cards.

    A model is loaded at tiny random size, or with its weights by --full, and runs the contract: a
    row is the same alone, in a batch and padded; what the card says is given; it trains, saves and
    loads. A task's data are read: columns, splits, leaks, duplicates, balance. Exit status: 0, 1 if
    a check failed, 2 if a card is wrong.
    """
    from mmbench.cards import TaskCard
    from mmbench.catalog import Catalog

    unread = None if full else "without --full"
    check_read(Hub.HF, model_path, unread=unread)
    places = places_of(reached(hub), model_path or ())
    catalog = Catalog.standard(tuple(cards or ()), places=places)
    chosen = [card for name in names for card in _cards(catalog, name)]
    if not any(isinstance(card, TaskCard) for card in chosen):
        check_read(hub, model_path, unread=unread)
    unused = places.folders.keys() - _names(chosen)
    if unused:
        raise typer.BadParameter(f"--model-path {min(unused)}: this model is not checked")
    reports = []
    for card in chosen:
        reports.append(report_on(card, full=full))
        if not as_json:
            print_report(reports[-1])
    if as_json:
        print(json.dumps([asdict(report) for report in reports], ensure_ascii=False, indent=1))
    elif len(reports) > 1:
        _print_total(reports)
    raise typer.Exit(0 if all(report.passed for report in reports) else 1)


def _names(cards: "list[ModelCard | TaskCard]") -> set[str]:
    """Of the models, and of the parts that they are made of."""
    from mmbench.cards import ModelCard

    models = [card for card in cards if isinstance(card, ModelCard)]
    return {each.name for model in models for each in (model, *model.parts.values())}


def report_on(card: "ModelCard | TaskCard", *, full: bool = False) -> "CheckReport":
    """The checks that belong to the card."""
    from mmbench.cards import ModelCard

    if isinstance(card, ModelCard):
        from mmbench.conformance.models import check_model

        return check_model(card, full=full)
    from mmbench.conformance.tasks import check_task

    return check_task(card)


def print_report(report: "CheckReport") -> None:
    """A line a check, then what people want to know of the data."""
    from mmbench.cli.console import output, plain, say

    console = output()
    head = plain(f"{report.kind} {report.card}", "bold")
    console.print(head.append_text(plain(f"   {report.label}: {report.about}", "dim")))
    width = max(len(finding.what) for finding in report.findings)
    for finding in report.findings:
        line = plain(f"  {SIGNS[finding.verdict]:4}  ", STYLES[finding.verdict])
        say(console, line.append_text(plain(f"{finding.what:{width}}  {finding.said}")))
    for line_of_summary in report.summary:
        say(console, f"        {line_of_summary}", "dim")
    console.print()


def _print_total(reports: "list[CheckReport]") -> None:
    from mmbench.cli.console import counted, output, say

    failed = [report.card for report in reports if not report.passed]
    rest = f", {len(failed)} failed: {', '.join(failed)}" if failed else ""
    say(output(), f"{counted(len(reports), 'card')}: {len(reports) - len(failed)} passed{rest}")


def _cards(catalog: "Catalog", name: str) -> "Iterator[ModelCard | TaskCard]":
    """The cards of a name: a model, a task, or both. CardError if there is neither."""
    from mmbench.cards import ModelCard, TaskCard
    from mmbench.errors import CardError, did_you_mean

    if name.endswith((".yaml", ".yml")):
        yield catalog.task(name) if _is_task(Path(name)) else catalog.model(name)
        return
    models, tasks = catalog.names(ModelCard), catalog.names(TaskCard)
    if name in models:
        yield catalog.model(name)
    if name in tasks:
        yield catalog.task(name)
    if name not in models and name not in tasks:
        near = did_you_mean(name, [*models, *tasks]) or "; see: mmbench list models (or tasks)"
        raise CardError(f"no model or task {name!r}{near}")


def _is_task(path: Path) -> bool:
    """Only a task has a kind; what is wrong with the file, whoever reads it next will say."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return False
    return any(line.startswith("kind:") for line in lines)
