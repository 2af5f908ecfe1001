"""`mmbench prefetch`: everything that a suite needs, fetched before it runs."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmbench.cli.options import Cards, FromHub, Hub
from mmbench.cli.places import (
    check_planned,
    flags,
    is_offline,
    keep_downloads_in,
    places_of,
    reached,
)

if TYPE_CHECKING:
    from mmbench.fetching.needs import Need
    from mmbench.fetching.sizes import Size

UNKNOWN = "unknown"


def prefetch(
    suite: Annotated[str, typer.Argument(help="A suite, by name or as the path of its card.")],
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="Keep it here, for mmbench run --from DIR; in the libraries' caches if unset.",
        ),
    ] = None,
    hub: FromHub = Hub.HF,
    cards: Cards = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the sizes; fetch nothing.")
    ] = False,
) -> None:
    """Fetch the models and data of a suite.

    The sizes are shown first. Digests that the cards give are checked. Afterwards mmbench run
    SUITE --offline needs no connection. Exit status: 0, or 1 if something could not be fetched.
    """
    if to is not None:
        keep_downloads_in(to)
    from mmbench.catalog import Catalog
    from mmbench.cli.console import note
    from mmbench.errors import PlanError
    from mmbench.fetching.needs import is_remote, needs_of
    from mmbench.fetching.sizes import size_of
    from mmbench.plan import plan

    if is_offline():
        raise PlanError("HF_HUB_OFFLINE is set, and fetching needs a connection; unset it")

    places = places_of(reached(hub), ())
    catalog = Catalog.standard(tuple(cards or ()), places=places)
    planned = plan(catalog.suite(suite), catalog)
    check_planned(places, planned)
    needs = needs_of(planned)
    remote = [need for need in needs if is_remote(need)]
    note(f"{planned.suite.name}: asking for {len(remote)} sizes …")
    sizes = {number: size_of(need) for number, need in enumerate(needs)}
    _print_sizes(needs, sizes)
    if dry_run:
        return
    _check_room(sizes)
    failed = _fetch_all(needs)
    if failed:
        note(f"{failed} of {len(needs)} could not be fetched; the same command goes on")
        raise typer.Exit(1)
    own = [f"--cards {folder}" for folder in cards or ()]
    words = [*own, *flags(places.hub, ()), *([f"--from {to}"] if to else []), "--offline"]
    print(f"mmbench run {suite} {' '.join(words)}")


def _print_sizes(needs: "tuple[Need, ...]", sizes: "Mapping[int, Size]") -> None:
    from rich.table import Table

    from mmbench.cli.console import output, plain, say
    from mmbench.fetching.needs import place_of

    console = output()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("what", "name", "from", "size", "to fetch"):
        table.add_column(
            title, justify="right" if title in ("size", "to fetch") else "left", overflow="fold"
        )
    for number, need in enumerate(needs):
        size = sizes[number]
        cells = (need.kind, need.name, place_of(need), _shown(size.bytes, size), _missing(size))
        table.add_row(*map(plain, cells))
    console.print(table)
    console.print()
    for number, need in enumerate(needs):
        if sizes[number].why is not None:
            say(console, f"{need.name}: size unknown: {sizes[number].why}", "yellow")
    say(console, _total(sizes))


def _shown(count: int | None, size: "Size") -> str:
    from mmbench.cli.cache import shown_size

    if count is not None:
        return shown_size(count)
    return UNKNOWN if size.missing is None else "–"


def _missing(size: "Size") -> str:
    if size.missing == 0:
        return "here"
    return _shown(size.missing, size)


def _total(sizes: "Mapping[int, Size]") -> str:
    from mmbench.cli.cache import shown_size

    known = sum(size.missing or 0 for size in sizes.values())
    unknown = sum(size.missing is None for size in sizes.values())
    rest = f", and {unknown} of unknown size" if unknown else ""
    return f"to fetch: {shown_size(known)}{rest}"


def _check_room(sizes: "Mapping[int, Size]") -> None:
    """StoreError if the disk has no room for what is known to be fetched."""
    from huggingface_hub import constants

    from mmbench.cli.cache import shown_size
    from mmbench.errors import StoreError

    place = Path(constants.HF_HUB_CACHE)
    while not place.exists():
        place = place.parent
    needed, free = sum(size.missing or 0 for size in sizes.values()), shutil.disk_usage(place).free
    if needed > free:
        raise StoreError(
            f"{place} has {shown_size(free)} left, and {shown_size(needed)} are to be fetched; "
            "free some, or give another folder: --to DIR"
        )


def _fetch_all(needs: "tuple[Need, ...]") -> int:
    """Fetch one after the other; gives how many could not be."""
    from mmbench.cli.console import complain, note
    from mmbench.errors import MmbenchError
    from mmbench.fetching.fetch import fetch

    failed = 0
    for number, need in enumerate(needs, start=1):
        try:
            digest = fetch(need)
        except MmbenchError as error:
            failed += 1
            complain(f"{need.kind} {need.name}: {error}")
        else:
            note(f"{number} of {len(needs)}  {need.kind} {need.name}  {digest[:12]}")
    return failed
