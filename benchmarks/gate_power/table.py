"""power.json, the table of docs/measuring.md, and whether the targets are met."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.gate_power.live import Live
from benchmarks.gate_power.replay import Power, Replay
from benchmarks.gate_power.traces import CONDITIONS, Trace, read_traces
from mmbench.atomic import write_atomically
from mmbench.codec import dump_json, load_json

BEGIN, END = "<!-- gate-power: begin -->", "<!-- gate-power: end -->"
METHODS = {
    "paired wall": "paired, the gate's rule",
    "paired cpu": "paired, on processor time",
    "stored": "stored, trusted",
    "means": "means of blocks, > 7 %",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Of the paired rule: a share that is to be at most, or at least, so much."""

    condition: Literal["quiet", "neighbours"]
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
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """found: None if no trace is of this condition and level."""

    target: Target
    found: float | None
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRecord:
    """All that the table is made of."""

    format: int = 1
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
    met = tuple(_met(target, replayed) for target in TARGETS)
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


def _met(target: Target, replayed: Replay) -> Met:
    shares = [
        float(getattr(power, target.share))
        for power in replayed.power
        if power.method == "paired wall"
        and (power.condition, power.level) == (target.condition, target.level)
    ]
    if not shares:
        return Met(target=target, found=None, met=False)
    below = shares[0] <= target.wanted
    above = shares[0] >= target.wanted
    return Met(target=target, found=shares[0], met=below if target.bound == "at most" else above)


def _lines(traces: list[Trace], whole: PowerRecord) -> Iterator[str]:
    first, rule = traces[0], whole.replay
    threshold = next(p.threshold for p in rule.power if p.method == "paired wall")
    yield (
        f"`{first.case}` on {first.environment.cores} cores ({first.environment.cpu}), windows of "
        f"{first.steps} steps; {len(first.pairs)} pairs a trace. Rule: threshold {threshold:.0%}, "
        f"α {rule.alpha:g}, looks after {', '.join(map(str, rule.looks))} pairs. "
        f"{rule.power[0].decisions:,} decisions a cell, over blocks of {rule.block} pairs."
    )
    for condition in CONDITIONS:
        chosen = [power for power in rule.power if power.condition == condition]
        if chosen:
            yield ""
            yield from _condition(condition, chosen, traces)
    if whole.live is not None:
        yield ""
        yield from _live(whole.live)
    yield ""
    yield from _targets(whole)


def _condition(condition: str, chosen: list[Power], traces: list[Trace]) -> Iterator[str]:
    levels = sorted({power.level for power in chosen})
    burners = max(trace.neighbours for trace in traces if trace.condition == condition)
    title = "Quiet" if not burners else f"With {burners} bursty neighbours"
    yield f"{title}; regression / cannot tell, in % of the decisions:"
    yield ""
    yield "| slowed by | " + " | ".join(f"{level:.0%}" for level in levels) + " |"
    yield "|:--|" + "--:|" * len(levels)
    for method, words in METHODS.items():
        cells = [p for level in levels for p in chosen if (p.method, p.level) == (method, level)]
        yield (
            f"| {words} | "
            + " | ".join(f"{100 * p.regression:.1f} / {100 * p.cannot_tell:.1f}" for p in cells)
            + " |"
        )
    pairs = [p.mean_pairs for p in chosen if p.method == "paired wall"]
    yield "| mean pairs, the gate's rule | " + " | ".join(f"{n:.0f}" for n in pairs) + " |"


def _live(live: Live) -> Iterator[str]:
    for found in live.levels:
        counts = Counter(decision.outcome for decision in found.decisions)
        yield (
            f"Live, slowed by {found.level:.0%}: of {len(found.decisions)} decisions "
            f"{counts['pass']} pass, {counts['regression']} regression, "
            f"{counts['cannot_tell']} cannot tell (both processes kept, pairs of its own each)."
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
