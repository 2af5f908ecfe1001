"""power.json, the table of docs/measuring.md, and whether the targets are met."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.gate_power.live import Live
from benchmarks.gate_power.replay import Power, Replay
from benchmarks.gate_power.traces import CONDITIONS, Condition, Trace, read_traces
from mmbench.atomic import write_atomically
from mmbench.codec import dump_json, load_json

BEGIN, END = "<!-- gate-power: begin -->", "<!-- gate-power: end -->"
METHODS = {
    "paired": "paired, the gate's rule",
    "stored": "stored, trusted",
    "means": "means of blocks, > 7 %",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Of the paired rule: a share that is to be at most, or at least, so much. condition: of the
    traces that were replayed, or `live`."""

    condition: Condition | Literal["live"]
    level: float
    share: Literal["regression", "cannot_tell"]
    bound: Literal["at most", "at least"]
    wanted: float


TARGETS = (
    *(
        target
        for condition in CONDITIONS
        for target in (
            Target(condition=condition, level=0, share="regression", bound="at most", wanted=0.01),
            Target(
                condition=condition, level=0.1, share="regression", bound="at least", wanted=0.95
            ),
            Target(
                condition=condition, level=0.2, share="regression", bound="at least", wanted=0.99
            ),
        )
    ),
    Target(condition="quiet", level=0, share="cannot_tell", bound="at most", wanted=0.1),
    Target(condition="quiet", level=0.1, share="cannot_tell", bound="at most", wanted=0.1),
    Target(condition="live", level=0, share="regression", bound="at most", wanted=0),
    Target(condition="live", level=0.1, share="regression", bound="at least", wanted=0.95),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """found: None if nothing was recorded of this condition and level."""

    target: Target
    found: float | None
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRecord:
    """All that the table is made of."""

    format: int = 2
    replay: Replay
    live: Live | None
    targets: tuple[Met, ...]


def make_table(out: Path, page: Path) -> bool:
    """Write power.json and the page's table; whether all targets are met. ValueError if the page
    has no place for it."""
    traces = read_traces(out)
    replayed = load_json(Replay, (out / "replay.json").read_bytes())
    live_file = out / "live.json"
    live = load_json(Live, live_file.read_bytes()) if live_file.exists() else None
    met = tuple(_met(target, replayed, live) for target in TARGETS)
    whole = PowerRecord(replay=replayed, live=live, targets=met)
    write_atomically(out / "power.json", dump_json(whole))
    table = "\n".join(_lines(traces, whole))
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page}: the table goes between {BEGIN} and {END}; add these lines")
    write_atomically(page, f"{before}{BEGIN}\n\n{table}\n\n{END}{after}".encode())
    print(table)
    return all(found.met for found in met)


def _met(target: Target, replayed: Replay, live: Live | None) -> Met:
    found = _live_share(target, live) if target.condition == "live" else _share(target, replayed)
    if found is None:
        return Met(target=target, found=None, met=False)
    met = found <= target.wanted if target.bound == "at most" else found >= target.wanted
    return Met(target=target, found=found, met=met)


def _share(target: Target, replayed: Replay) -> float | None:
    for power in replayed.power:
        place = (power.method, power.condition, power.level)
        if place == ("paired", target.condition, target.level):
            return float(getattr(power, target.share))
    return None


def _live_share(target: Target, live: Live | None) -> float | None:
    for found in () if live is None else live.levels:
        if found.level == target.level and found.decisions:
            outcomes = [decision.outcome for decision in found.decisions]
            return outcomes.count(target.share) / len(outcomes)
    return None


def _lines(traces: list[Trace], whole: PowerRecord) -> Iterator[str]:
    rule = whole.replay
    threshold = next(p.threshold for p in rule.power if p.method == "paired")
    yield (
        f"Rule: threshold {threshold:.0%}, α {rule.alpha:g}, looks after "
        f"{', '.join(map(str, rule.looks))} pairs, {rule.visits} visits each. "
        f"{rule.power[0].decisions:,} decisions a cell."
    )
    for condition in CONDITIONS:
        chosen = [power for power in rule.power if power.condition == condition]
        recorded = [trace for trace in traces if trace.condition == condition]
        if chosen and recorded:
            yield ""
            yield from _condition(chosen, recorded)
    if whole.live is not None:
        yield ""
        yield from _live(whole.live)
    yield ""
    yield from _targets(whole)


def _condition(chosen: list[Power], traces: list[Trace]) -> Iterator[str]:
    levels = sorted({power.level for power in chosen})
    first = traces[0]
    title = f"With {first.neighbours} bursty neighbours" if first.neighbours else "Quiet"
    threads = (
        f"{first.fingerprint.threads} threads" if first.fingerprint.threads > 1 else "1 thread"
    )
    cores = f"{first.environment.cores} cores ({first.environment.cpu})"
    yield (
        f"{title}, {threads}: `{first.case}` on {cores}, "
        f"windows of {first.steps} steps, {len(first.visits)} fresh starts of "
        f"{len(first.visits[0])} pairs a level, recorded {first.started_at}."
    )
    for trace in traces:
        if trace.disturbed is not None:
            yield (
                f"**Not quiet:** others used {trace.disturbed:.0%} of the cores while "
                f"{trace.level:.0%} was timed."
            )
    yield ""
    yield "Regression / cannot tell, in % of the decisions:"
    yield ""
    yield "| slowed by | " + " | ".join(f"{level:.0%}" for level in levels) + " |"
    yield "|:--|" + "--:|" * len(levels)
    added = [f"{t.added:.1%}" for level in levels for t in traces if t.level == level]
    yield f"| as it was measured | {' | '.join(added)} |"
    for method, words in METHODS.items():
        cells = [p for level in levels for p in chosen if (p.method, p.level) == (method, level)]
        yield (
            f"| {words} | "
            + " | ".join(f"{100 * p.regression:.1f} / {100 * p.cannot_tell:.1f}" for p in cells)
            + " |"
        )
    pairs = [p.mean_pairs for p in chosen if p.method == "paired"]
    yield f"| mean pairs, the gate's rule | {' | '.join(f'{n:.0f}' for n in pairs)} |"


def _live(live: Live) -> Iterator[str]:
    yield (
        f"Live, `{live.case}`, windows of {live.window_seconds:g} s: {live.visits} visits a look "
        f"in turn to a pool of {live.pool} pairs of processes, which is started anew after every "
        f"{live.renewed_every} decisions of each level."
    )
    for found in live.levels:
        counts = Counter(decision.outcome for decision in found.decisions)
        yield (
            f"Slowed by {found.level:.0%}: of {len(found.decisions)} decisions "
            f"{counts['pass']} pass, {counts['regression']} regression, "
            f"{counts['cannot_tell']} cannot tell."
        )


def _targets(whole: PowerRecord) -> Iterator[str]:
    missed = [met for met in whole.targets if not met.met]
    yield f"Targets met: {len(whole.targets) - len(missed)} of {len(whole.targets)}."
    for met in missed:
        target = met.target
        found = "not recorded" if met.found is None else f"{met.found:.1%}"
        yield (
            f"Missed: {target.share.replace('_', ' ')} at {target.level:.0%}, {target.condition}: "
            f"{found}, wanted {target.bound} {target.wanted:.0%}."
        )
