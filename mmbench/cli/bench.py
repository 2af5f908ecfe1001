"""`mmbench bench`: speed alone, at full size, with nothing to download."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mmbench.cli.console import WIDE, counted, note, output, plain
from mmbench.cli.options import Cards, Device, FromHub, Hub, ModelPaths, split_names
from mmbench.cli.places import (
    check_read,
    check_used,
    go_offline,
    places_of,
    reached,
    tell_elsewhere,
)
from mmbench.cli.run import INTERRUPTED
from mmbench.errors import PlanError

if TYPE_CHECKING:
    from mmbench.cards import BenchBlock
    from mmbench.catalog import Catalog
    from mmbench.speed.order import Order
    from mmbench.speed_record import SpeedRecord

ADHOC = "bench"
MAX = "max"
CASE_MINUTES = 30.0
MODES: tuple[Literal["train", "infer"], ...] = ("train", "infer")
PRECISIONS: tuple[Literal["fp32", "bf16"], ...] = ("fp32", "bf16")


class ModeFlag(StrEnum):
    TRAIN = "train"
    INFER = "infer"
    BOTH = "both"


class InitFlag(StrEnum):
    """What weights are timed."""

    RANDOM = "random"
    PRETRAINED = "pretrained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the flags say of what is timed; empty means not given."""

    suite: str | None
    models: tuple[str, ...]
    batch_sizes: tuple[str, ...]
    precisions: tuple[str, ...]
    mode: ModeFlag | None
    tokens: int | None
    audio_seconds: float | None = None


def bench(
    suite: Annotated[
        str | None, typer.Argument(help="A suite with a bench, by name or as a card's path.")
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--models", metavar="A,B", help="In place of a suite, or these of it alone."),
    ] = None,
    batch_sizes: Annotated[
        list[str] | None,
        typer.Option(
            "--batch-sizes", metavar="1,8,32,max", help="max is the largest that there is room for."
        ),
    ] = None,
    precision: Annotated[
        list[str] | None, typer.Option("--precision", metavar="fp32,bf16", help="One or both.")
    ] = None,
    mode: Annotated[
        ModeFlag | None, typer.Option("--mode", help="A training step, a forward pass, or both.")
    ] = None,
    init: Annotated[
        InitFlag, typer.Option("--init", help="Random weights need no download.")
    ] = InitFlag.RANDOM,
    tokens: Annotated[
        int | None,
        typer.Option("--tokens", min=2, metavar="N", help="The length of every text."),
    ] = None,
    audio_seconds: Annotated[
        float | None,
        typer.Option("--audio-seconds", min=0.1, metavar="S", help="The length of every sound."),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option("--seconds", min=0.1, metavar="S", help="How long each case is timed."),
    ] = 10.0,
    case_minutes: Annotated[
        float,
        typer.Option(
            "--case-minutes", min=0.01, metavar="M", help="After these a case has failed."
        ),
    ] = CASE_MINUTES,
    cards: Cards = None,
    device: Device = "auto",
    results: Annotated[
        Path | None,
        typer.Option("--results", metavar="DIR", help="Records go here; results/SUITE if unset."),
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="The table as Markdown.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Every value, one row a case.")
    ] = None,
    price_per_hour: Annotated[
        float | None,
        typer.Option("--price-per-hour", min=0.0, metavar="P", help="Of this machine: gives cost."),
    ] = None,
    hub: FromHub = Hub.HF,
    model_path: ModelPaths = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Use no network: what is not here fails.")
    ] = False,
) -> None:
    """Time models: training steps and inference, without training.

    Times the cases of a suite (mmbench bench speed), or of --models. Batches are synthetic and lie
    on the device; the table is printed at the end, the records stay. Exit status: 0, or 1 if a case
    failed, or 130 if interrupted.
    """
    if offline:
        go_offline()
    unread = "without --init pretrained" if init is InitFlag.RANDOM else None
    check_read(hub, model_path, unread=unread)
    from mmbench.catalog import Catalog
    from mmbench.speed.order import Timing, orders_of

    asked = Asked(
        suite=suite,
        models=split_names(models),
        batch_sizes=split_names(batch_sizes),
        precisions=split_names(precision),
        mode=mode,
        tokens=tokens,
        audio_seconds=audio_seconds,
    )
    places = places_of(reached(hub), model_path or ())
    catalog = Catalog.standard(tuple(cards or ()), places=places)
    name, blocks = blocks_of(asked, catalog)
    timing = Timing(init=init.value, device=device, seconds=seconds, price_per_hour=price_per_hour)
    orders = orders_of(blocks, catalog, timing)
    models_timed = [order.case.model for order in orders]
    check_used(places, models_timed, name)
    tell_elsewhere(places.hub, models_timed)
    if tokens is not None and all(order.case.tokens is None for order in orders):
        raise PlanError("--tokens: no model that is timed takes text; leave it out")
    if audio_seconds is not None and all(o.case.audio_seconds != audio_seconds for o in orders):
        raise PlanError("--audio-seconds: no model that is timed takes sounds of that length")
    done = _time(orders, results or Path("results") / name, device, case_minutes)
    _show(done, markdown, csv)
    if len(done) < len(orders):
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(1 if any(record.status == "failed" for record in done) else 0)


def blocks_of(asked: Asked, catalog: "Catalog") -> "tuple[str, tuple[BenchBlock, ...]]":
    """The name of what is timed, and its blocks: those of a suite as the flags change them."""
    from mmbench.cards import BenchBlock

    if asked.suite is None and not asked.models:
        raise PlanError("say what to time: a suite (mmbench bench speed), or --models A,B")
    if asked.suite is None:
        block = BenchBlock(models=asked.models, batch_sizes=(32,))
        return ADHOC, (_changed(block, asked),)
    suite = catalog.suite(asked.suite)
    if not suite.bench:
        raise PlanError(f"{suite.name} has no bench, so nothing to time; see: mmbench run")
    blocks = suite.bench
    if asked.models:
        blocks = _only(blocks, asked)
    # blocks that the flags make alike are one
    return suite.name, tuple(dict.fromkeys(_changed(block, asked) for block in blocks))


def _only(blocks: "tuple[BenchBlock, ...]", asked: Asked) -> "tuple[BenchBlock, ...]":
    """The blocks with these models alone."""
    from dataclasses import replace

    known = {name for block in blocks for name in block.models}
    for name in asked.models:
        if name not in known:
            raise PlanError(
                f"{asked.suite} times no {name!r}; it has {', '.join(sorted(known))}. To time "
                "another model, leave out the suite"
            )
    kept = ((block, [m for m in block.models if m in asked.models]) for block in blocks)
    return tuple(replace(block, models=tuple(models)) for block, models in kept if models)


def _changed(block: "BenchBlock", asked: Asked) -> "BenchBlock":
    """The block with what the flags say in place of its own."""
    from mmbench.cards import BenchBlock

    wrong = [word for word in asked.precisions if word not in PRECISIONS]
    if wrong:
        raise PlanError(f"--precision {wrong[0]!r} is none of {', '.join(PRECISIONS)}")
    mode = None if asked.mode is None else asked.mode.value
    return BenchBlock(
        models=block.models,
        modes=block.modes if mode is None else tuple(m for m in MODES if mode in (m, "both")),
        batch_sizes=tuple(_batch_size(word) for word in asked.batch_sizes) or block.batch_sizes,
        precisions=tuple(p for p in PRECISIONS if p in asked.precisions) or block.precisions,
        tokens=block.tokens if asked.tokens is None else (asked.tokens,),
        image_sizes=block.image_sizes,
        audio_seconds=(
            block.audio_seconds if asked.audio_seconds is None else (asked.audio_seconds,)
        ),
    )


def _batch_size(word: str) -> int | Literal["max"]:
    if word == MAX:
        return "max"
    if not word.isascii() or not word.isdecimal() or int(word) < 1:
        raise PlanError(f"--batch-sizes {word!r} is no whole number from 1 on, and not {MAX}")
    return int(word)


def _time(
    orders: "list[Order]", results: Path, device: str, case_minutes: float
) -> "list[SpeedRecord]":
    """Time them all; after an interrupt, what is done until then."""
    from mmbench.speed.bench import run_bench
    from mmbench.train.device import choose_device

    note(f"{counted(len(orders), 'case')} to time; records go to {results}")
    done: list[SpeedRecord] = []
    kind = choose_device(device).type
    try:
        for order, stored in run_bench(
            orders, results, device_kind=kind, case_minutes=case_minutes
        ):
            done.append(stored.record)
            note(f"[{len(done)}/{len(orders)}] {order.name}: {_said(stored.record)}")
    except KeyboardInterrupt:
        note(f"\ninterrupted: {len(done)} of {counted(len(orders), 'case')} done and kept")
    return done


def _said(record: "SpeedRecord") -> str:
    """One line of what came out."""
    if record.failure is not None:
        return f"failed: {record.failure.message}"
    prefix = "train" if record.case.mode == "train" else "inference"
    rate = record.measurement(f"{prefix}_samples_per_second")
    assert rate is not None, "a case that was timed has a rate"
    value = "no window" if rate.value is None else f"{rate.value:,.4g} samples/s"
    return f"{value} at a batch of {record.case.batch_size}"


def _show(records: "list[SpeedRecord]", markdown: Path | None, csv: Path | None) -> None:
    """Print the table, and write it where the flags ask for it."""
    from mmbench.atomic import write_atomically
    from mmbench.errors import StoreError
    from mmbench.speed.table import csv_table, markdown_table, terminal_table

    if not records:
        return
    console = output()
    console.width = WIDE  # a table that is folded cannot be read; a terminal cuts or scrolls
    console.print(plain(terminal_table(records)), soft_wrap=True)
    for path, text in ((markdown, markdown_table), (csv, csv_table)):
        if path is None:
            continue
        try:
            write_atomically(path, text(records).encode())
        except OSError as error:
            raise StoreError(f"{path}: cannot be written: {error.strerror}") from error
        note(f"written: {path}")
