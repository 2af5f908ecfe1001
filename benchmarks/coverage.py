"""How often the interval over seeds and examples covers the truth, and the paired test is right.

    python -m benchmarks.coverage        writes results/reference/coverage.json, and the tables of
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
from mmbench.compare.mcnemar import mcnemar_p
from mmbench.compare.seeds import over_seeds
from mmbench.compare.signed_rank import holm
from mmbench.compare.versus import ALPHA

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "results" / "reference" / "coverage.json"
PAGE = ROOT / "docs" / "statistics.md"
TABLE = re.compile(r"(<!-- coverage: begin -->\n).*?(<!-- coverage: end -->)", re.DOTALL)
TESTS = re.compile(r"(<!-- paired: begin -->\n).*?(<!-- paired: end -->)", re.DOTALL)
MODELS = 5  # of a task; the best is tested against the four others
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Of one-seed tasks of five models, of which the first is better than the rest by `difference`
    (a share right), or all are alike. claimed: shares of the tasks where the best by its mean is
    said to be better than any other one; than all others."""

    examples: int
    difference: float
    rounds: int
    claimed_any: float
    claimed_all: float


def paired(examples: int, difference: float, rounds: int, random: np.random.Generator) -> Paired:
    """The exact test of `compare.versus`, two-sided, Holm over all pairs of a task's models."""
    some = every = 0
    for _ in range(rounds):
        chances = 1 / (1 + np.exp(-random.normal(_centre(), SPREAD, examples)))
        better = np.clip(chances + difference, 0, 1)
        rest = random.random((MODELS - 1, examples)) < chances
        right = np.vstack([random.random(examples) < better, rest])
        right = right[np.argsort(-right.sum(1), kind="stable")]
        p_values = []
        for other in right[1:]:
            lost = int(np.count_nonzero(right[0] & ~other))
            won = int(np.count_nonzero(~right[0] & other))
            p_values.append(min(1.0, 2 * mcnemar_p(lost, won)))
        rejected = holm(p_values, ALPHA, family=MODELS * (MODELS - 1) // 2)
        some += any(rejected)
        every += all(rejected)
    return Paired(
        examples=examples,
        difference=difference,
        rounds=rounds,
        claimed_any=some / rounds,
        claimed_all=every / rounds,
    )


def table_of_tests(found: list[Paired]) -> str:
    lines = [
        "| examples | the best is better by | said to beat any other | said to beat all four |",
        "|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {item.examples:,} | {100 * item.difference:g} points | {item.claimed_any:.1%} | "
        f"{item.claimed_all:.1%} |"
        for item in found
    ]
    return "\n".join(lines)


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
    tests = [
        paired(examples, difference, ROUNDS, random)
        for examples, difference in product((200, 2000), (0.0, 0.02, 0.05))
    ]
    told = {"coverage": [asdict(x) for x in found], "paired": [asdict(x) for x in tests]}
    write_atomically(RECORD, dump_json(told))
    page = PAGE.read_text("utf-8")
    for place, text in ((TABLE, table(found)), (TESTS, table_of_tests(tests))):
        if not place.search(page):
            raise ValueError(f"{PAGE} has no place for {place.pattern}")
        page = place.sub(lambda m, text=text: f"{m[1]}{text}\n{m[2]}", page)  # type: ignore[misc]
        print(text)
    PAGE.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
