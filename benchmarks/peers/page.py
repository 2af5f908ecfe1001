"""The page that is made of the records, and the one table for the terminal."""

from collections.abc import Sequence
from statistics import median

from benchmarks.peers.ratios import Ratio, paired_ratio
from benchmarks.peers.record import ArmRecord, Comparison, PeersRecord

HEAD = """\
# mmbench beside its peers

Each comparison does the same work in several ways. Every way has a process of its own, loaded and
warmed up before, that waits blocked on a pipe while another works; they take turns, every second
round backwards (A B, B A, …), with the same number of threads. The seconds are the work's alone.
Made from the records in `results/reference/peers` by `python -m benchmarks.peers --render`; `make
peers` runs it all.
"""
RATIOS = """\
A ratio is the peer's seconds over ours, taken round by round: above 1 mmbench is faster, below 1 it
is **slower**. Given are the median and the interval from the exact distribution of order statistics
(Thompson 1936), which assumes nothing of how times are distributed. Fewer than six rounds cannot
give 95 %: then the interval is the whole range, with the share of the time that such a range holds
the true median (three rounds 75 %, two 50 %). One round has no interval. Quality is mmbench's and
the peer's, each the mean over its own rounds, whose numbers are their seeds.
"""


def page(records: Sequence[PeersRecord]) -> str:
    """Markdown. ValueError if there is no record."""
    if not records:
        raise ValueError("there is no record to show; run `make peers` first")
    parts = [HEAD, RATIOS, "## All ratios\n", table(records), slower(records)]
    for record in records:
        parts += section(record)
    return "\n".join(parts)


def table(records: Sequence[PeersRecord]) -> str:
    """One row a ratio, of all comparisons."""
    lines = [
        "| work | mmbench | peer | mmbench, s | peer, s | peer / mmbench | interval "
        "| rounds | quality |",
        "|:--|:--|:--|--:|--:|--:|:--|--:|:--|",
    ]
    for record in records:
        for comparison in record.comparisons:
            ours, peer = record.arm(comparison.ours), record.arm(comparison.peer)
            ratio = ratio_of(record, comparison)
            cells = (
                record.title,
                ours.name,
                peer.name,
                f"{middle(ours):.2f}",
                f"{middle(peer):.2f}",
                f"{ratio.median:.2f} ×",
                interval(ratio),
                str(ratio.pairs),
                qualities(record, ours, peer),
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def slower(records: Sequence[PeersRecord]) -> str:
    """A sentence on every comparison in which mmbench took longer."""
    found = []
    for record in records:
        for comparison in record.comparisons:
            ratio = ratio_of(record, comparison)
            if ratio.median < 1:
                found.append(
                    f"- {record.title}: {comparison.ours} took {1 / ratio.median:.2f} times as "
                    f"long as {comparison.peer}{certainty(ratio)}."
                )
    if not found:
        return "mmbench was slower in none of these, by the medians.\n"
    return "Where mmbench is slower:\n\n" + "\n".join(found) + "\n"


def certainty(ratio: Ratio) -> str:
    """What weakens the saying that mmbench was slower."""
    if ratio.pairs == 1:
        return ", in one round"
    return "" if ratio.high < 1 else "; the interval does not exclude that they are equal"


def section(record: PeersRecord) -> list[str]:
    """One comparison: the work, every arm, what agreed, the machine."""
    names = tuple(record.arms[0].repeats[0].values)
    others = [name for arm in record.arms for name in arm.repeats[0].values if name not in names]
    columns = (*names, *dict.fromkeys(others))
    head = ["arm", "rounds", "seconds: median", "of every round", *map(column, columns)]
    lines = [
        f"| {' | '.join(head)} |",
        "|:--|--:|--:|:--|" + "--:|" * len(columns),
        *(arm_row(arm, columns) for arm in record.arms),
    ]
    arms = [f"- **{arm.name}**: {arm.what}." for arm in record.arms]
    notes = [f"\n{note}" for note in record.notes]
    agreed = [
        f"\nThe features of {a.arms[0]} and {a.arms[1]} differ by at most {a.difference:.1e} "
        f"({a.allowed:g} is allowed)."
        for a in record.agreements
    ]
    body = [*arms, "", *lines, *notes, *agreed, "", where(record), ""]
    return [f"## {record.title}\n", record.work + "\n", *body]


def arm_row(arm: ArmRecord, columns: Sequence[str]) -> str:
    every = ", ".join(f"{repeat.seconds:.2f}" for repeat in arm.repeats)
    cells = [arm.name, str(len(arm.repeats)), f"{middle(arm):.2f}", every]
    for name in columns:
        values = [repeat.values[name] for repeat in arm.repeats if name in repeat.values]
        cells.append(number(median(values)) if values else "–")
    return f"| {' | '.join(cells)} |"


def where(record: PeersRecord) -> str:
    here = record.machine
    libraries = ", ".join(f"{name} {version}" for name, version in here.libraries.items())
    return (
        f"{here.cpu}, cores used: {here.cores}, threads: {here.threads}, {here.platform}, Python "
        f"{here.python}; mmbench {here.code}; {libraries}. Other processes kept "
        f"{here.other_cores_busy:.2f} of these cores busy; what cores that the run may not use did "
        f"meanwhile is not known. Started {record.started_at}, took "
        f"{record.seconds:.0f} s: `{record.command}`."
    )


def ratio_of(record: PeersRecord, comparison: Comparison) -> Ratio:
    """Over the rounds that both took part in."""
    ours = {r.round: r.seconds for r in record.arm(comparison.ours).repeats}
    peer = {r.round: r.seconds for r in record.arm(comparison.peer).repeats}
    both = sorted(ours.keys() & peer.keys())
    return paired_ratio([peer[n] for n in both], [ours[n] for n in both])


def interval(ratio: Ratio) -> str:
    if ratio.pairs == 1:
        return "none, one round"
    return f"{ratio.low:.2f} to {ratio.high:.2f} ({100 * ratio.coverage:.0f} %)"


def qualities(record: PeersRecord, ours: ArmRecord, peer: ArmRecord) -> str:
    """Means over each arm's own rounds, since the seed is the round."""
    name = record.quality
    if name is None:
        return "the same features" if record.agreements else "–"
    both = [
        f"{sum(r.values[name] for r in arm.repeats) / len(arm.repeats):.3f}" for arm in (ours, peer)
    ]
    return f"{name} {both[0]} / {both[1]}"


def middle(arm: ArmRecord) -> float:
    return median(repeat.seconds for repeat in arm.repeats)


def column(name: str) -> str:
    """A value's name as a heading."""
    return f"{name.replace('_', ' ')}: median"


def number(value: float) -> str:
    if value.is_integer() and value != 1:  # a count
        return f"{value:.0f}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
