"""`mmbench run`: plan, run what is left, write the report."""

import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmbench.cli.console import counted, duration, messages, note, say
from mmbench.cli.matrix import Matrix
from mmbench.cli.options import (
    Cards,
    Device,
    FromHub,
    Hub,
    Lang,
    Language,
    ModelPaths,
    split_names,
)
from mmbench.cli.places import check_planned, go_offline, keep_downloads_in, places_of, reached
from mmbench.cli.settings import Executor, Keep, Settings

if TYPE_CHECKING:
    from mmbench.api import RunSummary, Work
    from mmbench.cli.estimate import Estimate
    from mmbench.records import Record

INTERRUPTED = 130


def run(
    suite: Annotated[
        str | None, typer.Argument(help="A suite, by name or as the path of its card.")
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--models", metavar="A,B", help="In place of a suite: names or card files."),
    ] = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option("--tasks", metavar="A,B", help="Goes with --models."),
    ] = None,
    recipes: Annotated[
        list[str] | None,
        typer.Option("--recipes", metavar="A,B", help="Goes with --models."),
    ] = None,
    seeds: Annotated[
        list[str] | None,
        typer.Option("--seeds", metavar="0,1,2", help="In place of the suite's own."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            metavar="N",
            help="At most N rows a split, in place of the suite's own.",
        ),
    ] = None,
    cards: Cards = None,
    device: Device = "auto",
    results: Annotated[
        Path | None,
        typer.Option("--results", metavar="DIR", help="Records go here; results/SUITE if unset."),
    ] = None,
    reports: Annotated[
        Path | None,
        typer.Option(
            "--reports", metavar="DIR", help="The report goes here; reports/SUITE if unset."
        ),
    ] = None,
    lang: Lang = Language.BOTH,
    keep: Annotated[
        Keep,
        typer.Option(
            "--keep",
            help="Keep each fine-tuned model, for mmbench predict; all: of every learning rate.",
        ),
    ] = Keep.NONE,
    init_from: Annotated[
        Path | None,
        typer.Option(
            "--init-from",
            metavar="RECORD",
            help="Start from the model of an earlier run that was kept, as when new data arrive.",
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run again what is done already.")] = False,
    executor: Annotated[
        Executor,
        typer.Option(
            "--executor",
            help="A process for each model (worker) or each trial (fresh), or this one (inline).",
        ),
    ] = Executor.WORKER,
    trial_minutes: Annotated[
        float | None,
        typer.Option("--trial-minutes", metavar="M", help="Stop a trial that takes longer."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan and its size; run nothing.")
    ] = False,
    hub: FromHub = Hub.HF,
    model_path: ModelPaths = None,
    downloads: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="DIR",
            help="What mmbench prefetch --to DIR has fetched is read there.",
        ),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Use no network: what is not here fails.")
    ] = False,
) -> None:
    """Fine-tune and compare models on tasks.

    Runs a suite, or every model × task × recipe × seed given by flags.

    The same command again continues: trials that are done are reused. The last line printed is
    the report's path. Exit status: 0, or 1 if a trial failed, or 130 if interrupted.
    """
    if offline:
        go_offline()
    if downloads is not None:
        if not downloads.is_dir():
            raise typer.BadParameter(f"--from {downloads}: no such folder; see mmbench prefetch")
        keep_downloads_in(downloads)
    matrix = Matrix(
        suite=suite,
        models=split_names(models),
        tasks=split_names(tasks),
        recipes=split_names(recipes),
        seeds=split_names(seeds),
        limit=limit,
        cards=tuple(cards or ()),
        init_from=init_from,
        hub=reached(hub),
        model_paths=tuple(model_path or ()),
    )
    settings = Settings(
        device=device,
        results=results,
        reports=reports,
        lang=lang,
        keep=keep,
        fresh=fresh,
        dry_run=dry_run,
        offline=offline,
        downloads=downloads,
        executor=executor,
        trial_minutes=trial_minutes,
    )
    try:
        failed = _run(matrix, settings)
    except KeyboardInterrupt as stop:
        done = str(stop) or "what is done is kept"
        note(f"\ninterrupted: {done}. To go on: {_command(matrix, settings)}")
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(1 if failed else 0)


def _command(matrix: Matrix, settings: Settings) -> str:
    """What the user is to type to go on."""
    return shlex.join([*shlex.split(matrix.command()), *settings.flags()])


def _run(matrix: Matrix, settings: Settings) -> int:
    """Do it all; gives how many trials failed."""
    from mmbench.catalog import Catalog
    from mmbench.cli.estimate import Estimate, earlier_seconds
    from mmbench.plan import continued, plan
    from mmbench.store import load

    places = places_of(matrix.hub, matrix.model_paths)
    catalog = Catalog.standard(matrix.cards, places=places)
    suite = matrix.to_suite(catalog)
    planned = plan(suite, catalog)  # with nothing heavy loaded: a wrong name is told at once
    check_planned(places, planned)
    if matrix.init_from is not None:
        start = load(matrix.init_from)
        planned = continued(planned, start.record, start.folder)
    results = settings.results or Path("results") / suite.name
    note(f"{suite.name}: {counted(len(planned.trials), 'trial')}; looking at weights and data …")

    from mmbench import api

    work = api.prepare_run(
        planned,
        results=results,
        device=settings.device,
        keep=settings.keep.value,
        fresh=settings.fresh,
    )
    kind = _device_kind(settings.device)
    estimate = Estimate(earlier_seconds(results, limit=suite.limit, device=kind))
    if settings.dry_run:
        from mmbench.cli.dry_run import print_plan

        print_plan(work, estimate)
        return 0
    summary = _watch(work, results, settings, estimate)
    reports = settings.reports or Path("reports") / suite.name
    _write_report(summary, reports, settings.lang, matrix.command())
    return summary.failed


def _watch(work: "Work", results: Path, settings: Settings, estimate: "Estimate") -> "RunSummary":
    """Run what is left under the eyes of the terminal, and sum up.

    A KeyboardInterrupt goes on to say how many trials are done.
    """
    from mmbench import api
    from mmbench.cli.dry_run import differences
    from mmbench.cli.progress import watching

    for refusal in work.plan.refused:
        note(f"refused  {' × '.join(refusal.trial.cell)}: {refusal.reason}")
    if work.reused:
        note(f"reusing {counted(len(work.reused), 'record')} of {results}")
    for line in differences(work):
        note(line)
    began = time.monotonic()
    with watching(work.todo, estimate) as watcher:
        try:
            summary = api.run_suite(
                work,
                results=results,
                device=settings.device,
                keep=settings.keep.value,
                watcher=watcher,
                executor=settings.executor.value,
                trial_minutes=settings.trial_minutes,
            )
        except KeyboardInterrupt:
            done, total = len(work.reused) + watcher.ok, len(work.plan.trials)
            raise KeyboardInterrupt(f"{done} of {counted(total, 'trial')} done") from None
    _sum_up(summary, results, time.monotonic() - began)
    return summary


def _sum_up(summary: "RunSummary", results: Path, seconds: float) -> None:
    note(
        f"\n{summary.ok} ok, {summary.reused} reused, {summary.failed} failed, "
        f"{summary.refused} refused, in {duration(seconds)}. Records: {results}"
    )
    for line in shortfalls([stored.record for stored in summary.stored]):
        say(messages(), line, "bold yellow")
    failed = [stored for stored in summary.stored if stored.record.status == "failed"]
    for stored in failed:
        failure = stored.record.failure
        why = failure.message if failure is not None else "no reason given"
        note(f"failed  {stored.record.trial.name}: {why}")
        note(f"        traceback: {stored.folder / 'record.json'}")
    if failed:
        note("The same command tries the failed trials again.")


def shortfalls(records: "Sequence[Record]") -> list[str]:
    """A line for each trial that ended below a baseline: majority or chance, zero-shot, probe."""
    from mmbench.compare.baselines import below_baselines
    from mmbench.report.i18n import Messages
    from mmbench.report.numbers import score_with_unit
    from mmbench.report.words import baseline_text

    say_ = Messages("en")
    return [
        f"WARNING {item.record.trial.name}: {score_with_unit(item.value, item.metric)} "
        f"{item.metric} on {item.split} ended below "
        + f"{baseline_text(item, say_)}, {score_with_unit(item.baseline_value, item.metric)}"
        + ("" if item.clear else " (within its interval)")
        for item in below_baselines(records)
    ]


def _write_report(summary: "RunSummary", folder: Path, lang: Language, command: str) -> None:
    from mmbench.cli.reading import remembered
    from mmbench.cli.report import print_pages
    from mmbench.report.write import write_report

    pages = write_report(
        summary.stored, folder, lang=lang.value, reproduce=command, remembered=remembered()
    )
    print_pages(pages)


def _device_kind(device: str) -> str:
    """cpu or cuda: what this device is, or will be chosen."""
    from mmbench.train.device import choose_device

    return choose_device(device).type
