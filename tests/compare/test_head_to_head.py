"""All pairs of a task, and how much more would show what is not shown."""

import numpy as np
import pytest
from scipy import stats

from mmbench.compare.head_to_head import Needed, head_to_head, needed
from mmbench.compare.versus import Against, Test, against
from tests.compare.test_versus import COUNT, Sweep, fixture_sweep, wrong

__all__ = ["fixture_sweep"]


def by(sweep: Sweep) -> Test:
    return lambda first, second, split: against(first, second, split, sweep.stored)


def test_every_pair_is_tested_once_and_holm_counts_them_all(sweep: Sweep) -> None:
    """A difference that two cells would show alone is not shown among six pairs."""
    places = [range(100), range(106), range(200), range(106)]
    cells = [sweep.cell(f"m{number}", wrong(place)) for number, place in enumerate(places)]
    found = {(duel.first, duel.second): duel for duel in head_to_head(cells, "test", by(sweep))}
    assert list(found) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    near = found[0, 1].told
    assert near is not None
    assert near.p == pytest.approx(stats.binomtest(0, 6, 0.5).pvalue)
    assert not found[0, 1].shown, "0.031 is above what Holm leaves for it"
    (alone,) = head_to_head(cells[:2], "test", by(sweep))
    assert alone.shown
    assert [pair for pair, duel in found.items() if duel.shown] == [(0, 2), (1, 2), (2, 3)]
    turned = found[2, 3].told
    assert turned is not None
    assert turned.drop == pytest.approx(-94 / COUNT), "the second of them is better"


def test_a_pair_without_the_same_seeds_is_not_tested(sweep: Sweep) -> None:
    one, two = sweep.cell("a", wrong(range(5))), sweep.cell("b", wrong(range(9)), wrong(range(9)))
    (duel,) = head_to_head([one, two], "test", by(sweep))
    assert (duel.told, duel.shown) == (None, False)


def test_so_many_examples_show_the_difference_half_the_time() -> None:
    """What the formula asks for puts the expected z at its limit: a test of that many examples
    rejects in half of all draws."""
    random, share, count = np.random.default_rng(0), 0.03, 400
    spread = 0.3
    z = share / (spread / count**0.5)
    found = needed(Against(drop=share, p=2 * stats.norm.sf(z), count=count), 1, alpha=0.01)
    assert found is not None
    assert found.what == "examples"
    assert found.count == np.ceil(count * (stats.norm.isf(0.005) / z) ** 2)
    means = share + spread / found.count**0.5 * random.normal(size=20_000)
    rejected = np.mean(2 * stats.norm.sf(means / (spread / found.count**0.5)) <= 0.01)
    assert rejected == pytest.approx(0.5, abs=0.02)


def test_where_seeds_make_most_of_the_spread_more_of_them_are_needed() -> None:
    told = Against(drop=0.01, p=0.2, count=5000, of_seeds=0.8)
    expected = int(np.ceil(3 * (stats.norm.isf(0.025) / stats.norm.isf(0.1)) ** 2))
    assert needed(told, 3) == Needed(what="seeds", count=expected)


@pytest.mark.parametrize(("drop", "p"), [(0.0, 1.0), (0.02, 0.04), (0.01, 1.0)])
def test_nothing_is_needed_where_it_is_shown_or_there_is_no_difference(
    drop: float, p: float
) -> None:
    assert needed(Against(drop=drop, p=p, count=100), 1) is None


def test_of_seeds_is_the_share_of_the_variance(sweep: Sweep) -> None:
    best = [wrong(range(20))] * 3
    steady, moving = [wrong(range(44))] * 3, [wrong(range(20)), wrong(range(20)), wrong(range(92))]
    agreed, unsure = (
        head_to_head([sweep.cell(f"a{name}", *best), sweep.cell(name, *other)], "test", by(sweep))[
            0
        ].told
        for name, other in (("steady", steady), ("moving", moving))
    )
    assert agreed is not None
    assert unsure is not None
    assert agreed.of_seeds == 0
    assert unsure.of_seeds > 0.9
