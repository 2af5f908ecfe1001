"""An order carried out: from its case to the case's record, whatever happens on the way."""

import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import torch

from mmbench.cards import as_random
from mmbench.codec import dump_json
from mmbench.errors import TrialError
from mmbench.meters import environment
from mmbench.meters.noise import other_work, throttled
from mmbench.records import Failure
from mmbench.speed.order import Order
from mmbench.speed.protocol import Timed, largest_case, time_case
from mmbench.speed_record import SpeedCase, SpeedRecord, SpeedStatus
from mmbench.train.device import choose_device, true_float32
from mmbench.trial import failure_of

LOST = Failure(
    kind="Lost", message="the process that timed it ended before it was done", traceback=""
)
NO_ROOM = (RuntimeError, MemoryError)
NO_ROOM_WORDS = ("out of memory", "not enough memory", "can't allocate memory", "Cannot allocate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A case that has begun, and the record that it has so far."""

    device: torch.device
    largest: bool
    clocks: environment.ClockWatch
    meter: environment.LoadMeter = field(default_factory=environment.LoadMeter)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.perf_counter)

    def record(self, case: SpeedCase, status: SpeedStatus, failure: Failure | None) -> SpeedRecord:
        return SpeedRecord(
            key=case.key,
            case=case,
            fingerprint=environment.fingerprint(self.device, case.precision),
            environment=environment.environment(self.device, self.meter, self.clocks),
            status=status,
            started_at=self.at.isoformat(timespec="seconds"),
            seconds=time.perf_counter() - self.clock,
            failure=failure,
            largest=self.largest,
        )


def run_order(order: Order) -> Iterator[SpeedRecord]:
    """What the record would be if this process ended now, and then the record itself."""
    true_float32()
    device = choose_device(order.device)
    begun = Begun(device=device, largest=order.largest, clocks=environment.ClockWatch(device))
    yield begun.record(order.case, "failed", LOST)
    yield _finished(order, begun)
    gc.collect()  # the model is gone before the next one comes
    if begun.device.type == "cuda":
        torch.cuda.empty_cache()


def _finished(order: Order, begun: Begun) -> SpeedRecord:
    case, notes = order.case, ["asked for at the largest batch"] if order.largest else []
    try:
        if order.init == "random":
            case = replace(case, model=as_random(case.model))
        if order.largest:
            case, note = largest_case(case, begun.device)
            notes = [note]
        timed = time_case(
            case,
            begun.device,
            begun.clocks,
            seconds=order.seconds,
            price_per_hour=order.price_per_hour,
        )
    except Exception as error:  # noqa: BLE001 - the one place where a crash becomes a record
        failed = begun.record(case, "failed", failure_of(_named(error, case)))
        return replace(failed, warnings=tuple(notes))
    return _with_warnings(begun.record(case, "ok", None), timed, notes)


def _with_warnings(record: SpeedRecord, timed: Timed, notes: list[str]) -> SpeedRecord:
    machine = record.environment
    return replace(
        record,
        measurements=timed.measurements,
        warnings=(
            *notes,
            *timed.warnings,
            *throttled(machine.throttling or ()),
            *other_work(machine.other_cores_busy, machine.cores),
        ),
    )


def _named(error: Exception, case: SpeedCase) -> Exception:
    """The lack of memory in our own words; any other error as it is."""
    text = str(error)
    if not isinstance(error, NO_ROOM) or not (
        isinstance(error, MemoryError) or any(word in text for word in NO_ROOM_WORDS)
    ):
        return error
    named = TrialError(
        f"out of memory at a batch of {case.batch_size}; take a smaller one with --batch-sizes, or "
        "max for the largest that fits"
    )
    named.__cause__ = error
    return named


def line_of(record: SpeedRecord) -> bytes:
    """The record as one line: `codec.load_json` reads it."""
    # line breaks inside of strings are escaped: those that are left are indentation
    return dump_json(record).replace(b"\n", b"") + b"\n"
