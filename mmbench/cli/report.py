"""`mmbench report`: a report of records that are there already."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mmbench.cli.options import Lang, Language


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
    from mmbench.errors import StoreError
    from mmbench.report.limits import Limits
    from mmbench.report.write import write_report
    from mmbench.store import Store, latest

    limits = Limits(
        max_latency_ms=max_latency_ms,
        max_memory_gb=max_memory_gb,
        min_samples_per_second=min_samples_per_second,
    )
    stored = []
    for folder in dict.fromkeys(path.resolve() for path in results):
        found = Store(folder).select()
        if not found:
            raise StoreError(f"{folder}: no records here; mmbench run writes some")
        stored += found
    folder = out or Path("reports") / results[0].resolve().name
    files = write_report(latest(stored), folder, lang=lang.value, title=title, limits=limits)
    print_pages(files)


def print_pages(files: Sequence[Path]) -> None:
    """The report's pages, one a line, the first last: that is where scripts look."""
    for path in reversed([path for path in files if path.suffix in (".md", ".html")]):
        print(path)
