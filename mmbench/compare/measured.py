"""Records of trials and of speed in one shape, and the numbers of them that a gate compares."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from mmbench.cards import Recipe
from mmbench.compare.gate import Aspect, Reason
from mmbench.digests import set_fields
from mmbench.fingerprint import Environment, Fingerprint
from mmbench.meters.noise import SHORT, UNSTABLE, other_work
from mmbench.records import Failure, Measurement, Trial, model_behaviour
from mmbench.speed_record import SpeedRecord
from mmbench.store import Stored

RATE = re.compile(
    r"(?P<stage>(?!.*_with_preparing).+?)_(?P<quantity>padded_tokens|tokens|samples|images)_per_second"
)
LATENCY = re.compile(r".+_p\d+_seconds")
REUSED = "feature_seconds_reused"
PEAK = re.compile(r"peak_(?!.*(growth|reserved)).+_bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A record, whatever it is of. cell, seed: those of a speed record are its case's name and 0.
    stored: the record of a trial with its folder; a speed record has a batch_size instead."""

    cell: str
    seed: int
    key: str
    status: Literal["ok", "failed", "refused"]
    started_at: str
    fingerprint: Fingerprint
    environment: Environment
    measurements: tuple[Measurement, ...]
    warnings: tuple[str, ...]
    failure: Failure | None
    stored: Stored | None = None
    batch_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One number to compare. low, high: of its 95 % interval. windows: how many raw values it is
    made of. doubt: why it may not be compared, whatever it says."""

    metric: str
    unit: str
    aspect: Aspect
    higher_is_better: bool
    value: float
    low: float | None
    high: float | None
    windows: int
    doubt: Reason | None = None


def of_trials(found: Iterable[Stored]) -> list[Measured]:
    return [
        Measured(
            cell=" × ".join(stored.record.trial.cell),
            seed=stored.record.trial.seed,
            key=stored.record.trial.key,  # by today's rules on both sides, not as it was written
            status=stored.record.status,
            started_at=stored.record.started_at,
            fingerprint=stored.record.fingerprint,
            environment=stored.record.environment,
            measurements=stored.record.measurements,
            warnings=stored.record.warnings,
            failure=stored.record.failure,
            stored=stored,
        )
        for stored in found
    ]


def of_speed(found: Iterable[SpeedRecord]) -> list[Measured]:
    return [
        Measured(
            cell=record.cell,
            batch_size=record.case.batch_size,
            seed=0,
            key=record.case.key,
            status=record.status,
            started_at=record.started_at,
            fingerprint=record.fingerprint,
            environment=record.environment,
            measurements=record.measurements,
            warnings=record.warnings,
            failure=record.failure,
        )
        for record in found
    ]


def work_differences(one: Measured, other: Measured) -> tuple[str, ...]:
    """What makes them different work, as names of fields; empty if they are the same."""
    if one.key == other.key:
        return ()
    if one.stored is None or other.stored is None:
        return ("batch size",) if one.batch_size != other.batch_size else ("model",)
    return tuple(_trial_differences(one.stored.record.trial, other.stored.record.trial))


def readings(measured: Measured) -> dict[str, Reading]:
    """By name, those that a gate compares: one rate a stage, latencies, peaks of memory.

    Of a stage's rates the one whose windows are the same work: of padded tokens where there are
    texts, for batches are grouped by length; else of samples. On a GPU the peak is the device's.
    """
    known = {m.name: m for m in measured.measurements if m.value}  # a cost of 0 is no reading
    found: dict[str, Reading] = {}
    for name in (*_rates(known), *(n for n in known if LATENCY.fullmatch(n))):
        found[name] = _reading(known[name], measured, "rate")
    peaks = [name for name in known if PEAK.fullmatch(name)]
    on_device = [name for name in peaks if "cuda" in name]
    for name in on_device or peaks:
        found[name] = _reading(known[name], measured, "memory")
    return found


def unread(measured: Measured, name: str) -> str | None:
    """Why there is no reading of a measurement that is there; None if it is not there."""
    found = next((m for m in measured.measurements if m.name == name), None)
    if found is None:
        return None
    return found.note or f"it is {found.value}"


def _rates(known: Mapping[str, Measurement]) -> list[str]:
    stages: dict[str, dict[str, str]] = {}
    for name in known:
        match = RATE.fullmatch(name)
        if match is not None:
            stages.setdefault(match["stage"], {})[match["quantity"]] = name
    order = ("padded_tokens", "samples", "images", "tokens")
    return [next(names[q] for q in order if q in names) for names in stages.values()]


def _reading(measurement: Measurement, measured: Measured, aspect: Aspect) -> Reading:
    assert measurement.value is not None, "only those with a value are asked for"
    return Reading(
        metric=measurement.name,
        unit=measurement.unit,
        aspect=aspect,
        higher_is_better=measurement.name.endswith("_per_second"),
        value=measurement.value,
        low=measurement.low,
        high=measurement.high,
        windows=len(measurement.values),
        doubt=_doubt(measurement.note or "", measured, aspect),
    )


def _doubt(note: str, measured: Measured, aspect: Aspect) -> Reason | None:
    if note.startswith("measured when"):
        return Reason(code="measured_earlier")
    if aspect == "memory":
        if _reused_features(measured):
            return Reason(code="from_cache")
        return Reason(code="whole_process") if "could not be reset" in note else None
    machine = measured.environment
    busy = other_work(machine.other_cores_busy, machine.cores)
    unstable = [warning for warning in measured.warnings if warning.startswith(UNSTABLE)]
    for warning in (*unstable, *busy):
        return Reason(code="unstable", values={"warning": warning})
    return Reason(code="few_windows") if note.startswith(SHORT) else None


def _reused_features(measured: Measured) -> bool:
    """Whether features came from the cache, so that the backbone took no memory here."""
    return any(m.name == REUSED and m.value for m in measured.measurements)


def _trial_differences(one: Trial, other: Trial) -> Iterable[str]:
    if model_behaviour(one.model) != model_behaviour(other.model):
        yield "model"
    if one.task_behaviour != other.task_behaviour:
        yield "task"
    yield from (f"recipe.{name}" for name in _recipe_differences(one.recipe, other.recipe))
    if one.limit != other.limit:
        yield "limit"
    names = {"model": "weights", "task": "data"}
    for name in sorted({*one.digests, *other.digests}):
        if one.digests.get(name) != other.digests.get(name):
            yield names.get(name, name)
    if one.parents != other.parents:
        yield "parents"


def _recipe_differences(one: Recipe, other: Recipe) -> list[str]:
    ours, theirs = set_fields(one), set_fields(other)
    told = ("name", "description")
    return [n for n in {**ours, **theirs} if n not in told and ours.get(n) != theirs.get(n)]
