"""Which record of the candidate stands against which of the baseline, and what has no partner."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mmbench.compare.gate import Finding, Missing, Reason, Side
from mmbench.compare.measured import Measured, work_differences
from mmbench.compare.setups import differences

Place = tuple[str, int]  # cell, seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One seed of a cell. work, setups: what differs, as names and in words; none is the same."""

    baseline: Measured
    candidate: Measured
    work: tuple[str, ...]
    setups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """cells: by name, a pair a seed. failed: an error each, of what has no result."""

    cells: dict[str, tuple[Pair, ...]]
    missing: tuple[Missing, ...]
    failed: tuple[Finding, ...]


def match(baseline: Sequence[Measured], candidate: Sequence[Measured]) -> Matching:
    """The newest record of each cell and seed of the candidate, against that of the baseline which
    is most like it: of the same work, on the same setup, and then the newest.

    What was refused is planned not to run: it counts as not there.
    """
    ours, theirs = _by_place(baseline), _by_place(candidate)
    cells: dict[str, list[Pair]] = {}
    missing: list[Missing] = []
    failed: list[Finding] = []
    for place in dict.fromkeys((*theirs, *ours)):
        cell, seed = place
        if place not in ours or place not in theirs:
            lacking: Side = "candidate" if place in ours else "baseline"
            missing.append(Missing(cell=_named(cell, seed), lacking=lacking))
            continue
        newest = max(theirs[place], key=lambda m: m.started_at)
        pair = _pair(ours[place], newest)
        lost = [m for m in (pair.baseline, pair.candidate) if m.status == "failed"]
        if lost:
            failed.append(_failure(lost[0], "candidate" if lost[0] is newest else "baseline"))
        else:
            cells.setdefault(cell, []).append(pair)
    return Matching(
        cells={cell: tuple(pairs) for cell, pairs in cells.items()},
        missing=tuple(missing),
        failed=tuple(failed),
    )


def _by_place(found: Iterable[Measured]) -> dict[Place, list[Measured]]:
    places: dict[Place, list[Measured]] = {}
    for measured in found:
        if measured.status != "refused":
            places.setdefault((measured.cell, measured.seed), []).append(measured)
    return places


def _pair(baselines: Sequence[Measured], candidate: Measured) -> Pair:
    def likeness(measured: Measured) -> tuple[bool, bool, bool, str]:
        same_work = not work_differences(measured, candidate)
        same_setup = not differences(measured.fingerprint, candidate.fingerprint)
        return measured.status == "ok", same_work, same_setup, measured.started_at

    baseline = max(baselines, key=likeness)
    return Pair(
        baseline=baseline,
        candidate=candidate,
        work=work_differences(baseline, candidate),
        setups=differences(baseline.fingerprint, candidate.fingerprint),
    )


def _failure(measured: Measured, side: Side) -> Finding:
    message = "" if measured.failure is None else measured.failure.message
    return Finding(
        cell=_named(measured.cell, measured.seed),
        metric="",
        aspect="quality" if measured.stored is not None else "rate",
        verdict="error",
        threshold=0.0,
        reason=Reason(code="failed", values={"side": side, "message": message}),
    )


def _named(cell: str, seed: int) -> str:
    return f"{cell} × seed {seed}" if " × " in cell else cell
