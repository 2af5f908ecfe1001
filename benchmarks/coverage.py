"""How often the interval over seeds and examples covers the truth, in simulated experiments.

    python -m benchmarks.coverage        writes results/reference/coverage.json, and the table of
                                         docs/statistics.md

An experiment: a model is trained with a few seeds, and all are tested on the same drawn examples.
An example is answered right with a chance that is its own; a seed moves the chances of all. The
truth is the mean over all seeds and examples that there might be. A seed's own interval is the
percentile bootstrap over its examples, as a trial records it.
"""

import re
import sys
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from mmbench.atomic import write_atomically
from mmbench.codec import dump_json
from mmbench.compare.seeds import over_seeds

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "results" / "reference" / "coverage.json"
PAGE = ROOT / "docs" / "statistics.md"
TABLE = re.compile(r"(<!-- coverage: begin -->\n).*?(<!-- coverage: end -->)", re.DOTALL)
ROUNDS = 1000
TRUTH = 0.8
SPREAD = 1.0  # of the examples' log odds
BOOTSTRAPS = 500

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """ratio: the variance of a seed's effect on the score, as a multiple of the variance that the
    draw of examples gives one seed's score."""

    seeds: int
    examples: int
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Shares of the experiments whose interval holds the truth. width: the mean one, of `interval`.

    envelope: from the lowest low to the highest high of the seeds' own intervals.
    bootstrap_of_seeds: the percentile bootstrap of the seeds' scores, for comparison.
    """

    design: Design
    rounds: int
    interval: float
    envelope: float
    bootstrap_of_seeds: float
    width: float


def covered(design: Design, rounds: int, random: np.random.Generator) -> Coverage:
    """Simulate so many experiments of one design."""
    scores = _scores(design, rounds, random)  # [rounds, seeds]
    lows, highs = _own(scores, design.examples)
    low, high = over_seeds(scores, lows, highs, examples=design.examples)
    drawn = random.integers(design.seeds, size=(BOOTSTRAPS, design.seeds))
    resampled = scores[:, drawn].mean(-1)  # [rounds, BOOTSTRAPS]
    ends = np.quantile(resampled, [0.025, 0.975], axis=1)
    return Coverage(
        design=design,
        rounds=rounds,
        interval=_holds(low, high),
        envelope=_holds(lows.min(1), highs.max(1)),
        bootstrap_of_seeds=_holds(ends[0], ends[1]),
        width=float((high - low).mean()),
    )


def _scores(design: Design, rounds: int, random: np.random.Generator) -> Floats:
    """[rounds, seeds]: the share right of each seed on the round's examples."""
    of_examples = TRUTH * (1 - TRUTH) / design.examples
    effect = np.sqrt(design.ratio * of_examples)
    found = np.empty((rounds, design.seeds))
    for number in range(rounds):
        odds = random.normal(_centre(), SPREAD, design.examples)
        chances = 1 / (1 + np.exp(-odds))
        moved = chances + random.normal(0, effect, (design.seeds, 1))
        right = random.random((design.seeds, design.examples)) < np.clip(moved, 0, 1)
        found[number] = right.mean(1)
    return found


def _centre() -> float:
    """The mean log odds at which the mean chance is the truth."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    low, high = 0.0, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        chance = float(weights @ (1 / (1 + np.exp(-(middle + SPREAD * nodes)))) / weights.sum())
        low, high = (middle, high) if chance < TRUTH else (low, middle)
    return (low + high) / 2


def _own(scores: Floats, examples: int) -> tuple[Floats, Floats]:
    """The percentile bootstrap over examples of a share right: its resamples are binomial."""
    low, high = (stats.binom.ppf(q, examples, scores) / examples for q in (0.025, 0.975))
    return np.asarray(low), np.asarray(high)


def _holds(low: Floats, high: Floats) -> float:
    return float(np.mean((low <= TRUTH) & (high >= TRUTH)))


def table(found: list[Coverage]) -> str:
    lines = [
        "| seeds | examples | seed : example variance | this interval | envelope | "
        "bootstrap of seeds | mean width |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for item in found:
        of = item.design
        lines.append(
            f"| {of.seeds} | {of.examples:,} | {of.ratio:g} | {item.interval:.1%} | "
            f"{item.envelope:.1%} | {item.bootstrap_of_seeds:.1%} | {item.width:.3f} |"
        )
    return "\n".join(lines)


def main() -> int:
    designs = [
        Design(seeds=seeds, examples=examples, ratio=ratio)
        for seeds, examples, ratio in product((3, 5), (200, 2000), (0.25, 1.0, 4.0))
    ]
    random = np.random.default_rng(0)
    found = [covered(design, ROUNDS, random) for design in designs]
    write_atomically(RECORD, dump_json([asdict(item) for item in found]))
    page = PAGE.read_text("utf-8")
    if not TABLE.search(page):
        raise ValueError(f"{PAGE} has no place for the table")
    PAGE.write_text(TABLE.sub(lambda m: f"{m[1]}{table(found)}\n{m[2]}", page), "utf-8")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
