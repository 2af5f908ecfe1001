"""Two saves of pytest-benchmark, laid side by side by the unpaired rule rather than by means.

A save has the raw rounds only if it was made with `--benchmark-save-data`. What the benchmarks put
into `extra_info` under `calibration` (kernel → seconds of each round) tells a slower program from a
slower machine; everything else there names the work, and must agree.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from mmbench.compare.gate import Change, Finding, GateReport, Missing, Reason
from mmbench.compare.unpaired import (
    Readings,
    UnpairedDecision,
    UnpairedRule,
    differing,
    drift_words,
    judge_unpaired,
)
from mmbench.errors import StoreError

CALIBRATION = "calibration"
METRIC = "round_seconds"
MACHINE_MOVED = "the machine itself ran at another speed"
MACHINE_ADVICE = "save both again on a quiet machine, or use mmbench gate --against"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedBenchmark:
    """readings: seconds of one iteration, a round each. work: the rest of its `extra_info`."""

    readings: Readings
    work: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRun:
    """One save. machine: what of pytest-benchmark's `machine_info` speeds depend on. benchmarks:
    by their full names."""

    path: Path
    machine: Mapping[str, str]
    benchmarks: Mapping[str, SavedBenchmark]


def last_two(folder: Path) -> tuple[Path, Path]:
    """The last two saves under `folder` (`.benchmarks`), the older first, by their numbers.

    StoreError if there are fewer, or if they are of two machines.
    """
    found = sorted(folder.glob("*/[0-9][0-9][0-9][0-9]_*.json"), key=lambda path: path.name)
    if len(found) < 2:
        raise StoreError(
            f"{folder}: {len(found)} of the two saves that are compared; make another with: "
            "make bench"
        )
    if found[-1].parent != found[-2].parent:
        raise StoreError(
            f"{found[-2]} and {found[-1]} are of two machines; name two saves of one machine"
        )
    return found[-2], found[-1]


def load_run(path: Path) -> SavedRun:
    """Read one save; StoreError if it is none, or has no raw rounds."""
    try:
        saved = json.loads(path.read_bytes())
        machine = dict(_machine(saved["machine_info"]))
        found = {item["fullname"]: _benchmark(item, path) for item in saved["benchmarks"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(
            f"{path}: not a save of pytest-benchmark ({type(error).__name__}: {error})"
        ) from None
    return SavedRun(path=path, machine=machine, benchmarks=found)


def compare_runs(
    baseline: SavedRun,
    candidate: SavedRun,
    *,
    rule: UnpairedRule,
    trust_stored: bool,
    allow_missing: bool,
) -> GateReport:
    """Every benchmark that both have. trust_stored: the machine is quiet and dedicated, and a
    slow-down may fail; else it warns, since another session is not the same machine.
    allow_missing: what only one side has is no error."""
    both = [name for name in baseline.benchmarks if name in candidate.benchmarks]
    findings = [
        _not_comparable(name, reason, rule)
        for name in both
        if (reason := _why_not(baseline, candidate, name)) is not None
    ]
    parted = {finding.cell for finding in findings}
    cells = {
        name: (baseline.benchmarks[name].readings, candidate.benchmarks[name].readings)
        for name in both
        if name not in parted
    }
    decisions = judge_unpaired(rule, cells) if cells else {}
    findings += [
        _finding(name, cells[name], found, rule, trust_stored=trust_stored)
        for name, found in decisions.items()
    ]
    return GateReport(
        mode="stored",
        baseline=str(baseline.path),
        candidate=str(candidate.path),
        findings=tuple(findings),
        missing=tuple(_missing(baseline, candidate)),
        allow_missing=allow_missing,
        notes=tuple(_drift(decisions.values())),
    )


# ------------------------------------------------------------------------------- reading


def _machine(info: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("machine", "python_implementation", "python_version", "release"):
        yield name, str(info[name])
    for name in ("brand_raw", "count"):
        yield f"cpu {name}", str(info["cpu"].get(name))


def _benchmark(item: Mapping[str, Any], path: Path) -> SavedBenchmark:
    data = item["stats"].get("data")
    if not data:
        raise StoreError(
            f"{path}: {item['fullname']} has no raw rounds; save with --benchmark-save-data, as "
            "make bench does"
        )
    work = dict(item["extra_info"])
    calibration = work.pop(CALIBRATION, {})
    return SavedBenchmark(readings=Readings(seconds=data, calibration=calibration), work=work)


# ------------------------------------------------------------------------------- judging


def _why_not(baseline: SavedRun, candidate: SavedRun, name: str) -> Reason | None:
    """Why the two rounds of a benchmark are no two readings of one thing."""
    setups = differing(baseline.machine, candidate.machine)
    if setups:
        return Reason(code="setups", values={"differences": "; ".join(setups)})
    work = differing(baseline.benchmarks[name].work, candidate.benchmarks[name].work)
    return Reason(code="trials", values={"differences": "; ".join(work)}) if work else None


def _not_comparable(name: str, reason: Reason, rule: UnpairedRule) -> Finding:
    return Finding(
        cell=name,
        metric=METRIC,
        aspect="rate",
        verdict="cannot_tell",
        threshold=rule.threshold,
        unit="s",
        reason=reason,
    )


def _finding(
    name: str,
    readings: tuple[Readings, Readings],
    found: UnpairedDecision,
    rule: UnpairedRule,
    *,
    trust_stored: bool,
) -> Finding:
    warns = found.outcome == "regression" and not trust_stored
    return Finding(
        cell=name,
        metric=METRIC,
        aspect="rate",
        verdict="warning" if warns else found.outcome,
        threshold=rule.threshold,
        change=Change(
            scale="ratio",
            value=found.ratio,
            low=found.low,
            high=found.high,
            count=min(found.readings),
            counted="windows",
        ),
        baseline=median(readings[0].seconds),
        candidate=median(readings[1].seconds),
        unit="s",
        reason=Reason(code="stored_only") if warns else _reason(found),
    )


def _reason(found: UnpairedDecision) -> Reason | None:
    if found.reason is None:
        return None
    if found.reason == "machine":
        text = f"{MACHINE_MOVED} ({'; '.join(drift_words(found.drift))}); {MACHINE_ADVICE}"
        return Reason(code="told", values={"text": text})
    return Reason(code=found.reason)


def _drift(decisions: Iterable[UnpairedDecision]) -> Iterator[str]:
    """The machine itself, by its calibration beside every benchmark."""
    ratios: dict[str, list[float]] = {}
    for found in decisions:
        for kernel, ratio in found.drift.items():
            ratios.setdefault(kernel, []).append(ratio)
    if ratios:
        middle = {kernel: median(values) for kernel, values in ratios.items()}
        yield f"calibration of the machine: {'; '.join(drift_words(middle))}"
    else:
        yield "no calibration in extra_info: a slower machine cannot be told from a slower program"


def _missing(baseline: SavedRun, candidate: SavedRun) -> Iterator[Missing]:
    for name in dict.fromkeys((*baseline.benchmarks, *candidate.benchmarks)):
        if name not in candidate.benchmarks:
            yield Missing(cell=name, lacking="candidate")
        elif name not in baseline.benchmarks:
            yield Missing(cell=name, lacking="baseline")
