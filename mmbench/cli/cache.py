"""`mmbench cache`: what was computed once and kept, and how to be rid of it."""

import json
import math
import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mmbench.data.entries import OnDisk, Survey

DAY = 86_400

cache = typer.Typer(rich_markup_mode=None)


@cache.callback(invoke_without_command=True)
def show_cache(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show what the cache holds, or clear it.

    Tokens, pixels and features are computed once for all trials. $MMBENCH_CACHE names the folder
    and $MMBENCH_CACHE_GB its limit; past it, what was not used for longest is removed.
    """
    if context.invoked_subcommand is not None:
        if as_json:
            raise typer.BadParameter("--json goes with no other command")
        return
    from mmbench.data.cache import default_cache_root, default_limit_bytes
    from mmbench.data.entries import survey

    root = default_cache_root()
    limit, found = default_limit_bytes(root), survey(root)
    if as_json:
        kinds = [_facts(found.of_kind(kind)) for kind in found.kinds]
        facts = {"folder": str(root), "limit_bytes": limit, "bytes": found.bytes, "kinds": kinds}
        print(json.dumps(facts, ensure_ascii=False, indent=1))
    else:
        _print(found, f"{shown_size(found.bytes)} of at most {shown_size(limit)} in {root}")


@cache.command()
def clear(
    kind: Annotated[
        str | None,
        typer.Option("--kind", help="Only features, pixels or tokens; all of them if unset."),
    ] = None,
    days: Annotated[
        float | None,
        typer.Option(
            "--older-than-days", min=0.0, metavar="N", help="Only what was not used for N days."
        ),
    ] = None,
) -> None:
    """Remove entries, and what killed runs left; they are computed again when they are needed.

    A run that is under way goes on: what it builds stays, and what it reads stays readable.
    """
    from mmbench.data.cache import default_cache_root
    from mmbench.data.entries import survey

    root = default_cache_root()
    found = survey(root)
    if kind is not None:
        found = _of_known_kind(kind, found)
    before = math.inf if days is None else time.time() - days * DAY
    gone, refused = _remove([entry for entry in found.entries if entry.used_at <= before])
    swept = _sweep(found, refused)
    _tell(gone, swept, refused, where=str(root))


def shown_size(quantity: int) -> str:
    """`3 kB`, `12 MB`, `1.2 GB`: powers of ten, as the limit is given."""
    if quantity >= 10**9:
        return f"{quantity / 10**9:.1f} GB"
    if quantity >= 10**6:
        return f"{quantity / 10**6:.0f} MB"
    return f"{math.ceil(quantity / 10**3)} kB"


def _facts(of_kind: "Survey") -> dict[str, object]:
    return {
        "kind": of_kind.entries[0].kind,
        "entries": len(of_kind.entries),
        "bytes": of_kind.bytes,
        "last_used": datetime.fromtimestamp(_last_used(of_kind)).isoformat(timespec="seconds"),
    }


def _last_used(found: "Survey") -> float:
    return max(entry.used_at for entry in found.entries)


def _print(found: "Survey", total: str) -> None:
    from rich.table import Table

    from mmbench.cli.console import messages, output, plain, say

    if found.entries:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for title in ("kind", "entries", "size", "last used"):
            table.add_column(title, justify="right" if title in ("entries", "size") else "left")
        for kind in found.kinds:
            part = found.of_kind(kind)
            used = datetime.fromtimestamp(_last_used(part)).strftime("%Y-%m-%d %H:%M")
            count = f"{len(part.entries):,}"
            table.add_row(*map(plain, (kind, count, shown_size(part.bytes), used)))
        output().print(table)
    say(output(), total)
    if found.entries:
        messages().print("\nTo free it: mmbench cache clear [--kind KIND] [--older-than-days N]")


def _of_known_kind(kind: str, found: "Survey") -> "Survey":
    from mmbench.data.cache import KINDS
    from mmbench.errors import did_you_mean

    known = sorted({*KINDS, *found.kinds})
    if kind not in known:
        near = did_you_mean(kind, known)
        raise typer.BadParameter(f"no kind {kind!r} among {', '.join(known)}{near}")
    return found.of_kind(kind)


def _remove(entries: "Sequence[OnDisk]") -> "tuple[list[OnDisk], list[str]]":
    """Those that are gone now, and why the others are not."""
    from mmbench.data.entries import remove

    gone: list[OnDisk] = []
    refused: list[str] = []
    for entry in entries:
        try:
            remove(entry.folder)
        except BlockingIOError:
            refused.append(f"{entry.folder}: another process is building it")
        except OSError as error:
            refused.append(f"{entry.folder}: {error.strerror}")
        else:
            gone.append(entry)
    return gone, refused


def _sweep(found: "Survey", refused: list[str]) -> int:
    from mmbench.data.entries import sweep

    try:
        return sweep(found)
    except OSError as error:
        refused.append(f"{error.filename}: {error.strerror}")
        return 0


def _tell(gone: "Sequence[OnDisk]", swept: int, refused: Sequence[str], *, where: str) -> None:
    """What was freed, and an error for what was not. typer.Exit(1) in that case."""
    from mmbench.cli.console import complain, counted, output, say

    for kind in sorted({entry.kind for entry in gone}):
        freed = [entry.bytes for entry in gone if entry.kind == kind]
        say(output(), f"{kind}: {_entries(len(freed))}, {shown_size(sum(freed))}")
    if swept:
        say(output(), f"{counted(swept, 'build')} that a killed run left")
    if gone:
        say(output(), f"freed {shown_size(sum(entry.bytes for entry in gone))} in {where}")
    elif not swept and not refused:
        say(output(), f"nothing to clear in {where}")
    if refused:
        complain(f"{_entries(len(refused))} could not be removed, e.g. {refused[0]}")
        raise typer.Exit(1)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"
