"""One cell against another: exact where it can be, seeds accounted for, and rarely wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from mmbench.compare.cells import Cell, cells
from mmbench.compare.remembered import Remembered
from mmbench.compare.versus import ALPHA, Contest, Versus, against, versus_best
from mmbench.data.cache import Cache
from mmbench.records import Record
from mmbench.store import Stored
from tests.compare.answers import classes, written
from tests.compare.conftest import MakeRecord

COUNT = 400


class Sweep:
    """Cells whose answers lie in files; `stored` finds them again."""

    def __init__(self, folder: Path, make_record: MakeRecord) -> None:
        self.folder, self.make_record = folder, make_record
        self.known: dict[int, Stored] = {}

    def cell(self, model: str, *seeds: np.ndarray) -> Cell:
        records = []
        for seed, right in enumerate(seeds):
            share = float(np.mean(right))
            record = self.make_record(
                model, seed=seed, test=(share, max(0.0, share - 0.05), min(1.0, share + 0.05))
            )
            place = self.folder / f"{model}-{seed}-{len(self.known)}"
            item = written(record, place, classes([bool(x) for x in right]))
            records.append(item.record)
            self.known[id(item.record)] = item
        (found,) = cells(records)
        for record in found.records:  # the cell keeps the records as they are
            assert id(record) in self.known
        return found

    def stored(self, record: Record) -> Stored:
        return self.known[id(record)]

    def versus(self, *found: Cell) -> list[Versus]:
        return list(versus_best(found, "test", self.stored).found)


@pytest.fixture(name="sweep")
def fixture_sweep(tmp_path: Path, make_record: MakeRecord) -> Sweep:
    return Sweep(tmp_path, make_record)


def wrong(*places: range) -> np.ndarray:
    found = np.ones(COUNT, dtype=bool)
    for those in places:
        found[list(those)] = False
    return found


def test_of_one_seed_it_is_the_two_sided_exact_test(sweep: Sweep) -> None:
    best, other = sweep.cell("a", wrong(range(10))), sweep.cell("b", wrong(range(5, 40)))
    (found,) = sweep.versus(best, other)
    wanted = binomtest(5, 35, 0.5).pvalue  # 5 won, 30 lost
    assert found.p == pytest.approx(wanted)
    assert found.drop == pytest.approx(25 / COUNT)
    assert (found.count, found.worse) == (COUNT, True)


def test_intervals_may_overlap_where_the_same_examples_decide(sweep: Sweep) -> None:
    best, other = sweep.cell("a", wrong(range(100))), sweep.cell("b", wrong(range(112)))
    low = best.outcome("test", "accuracy")
    high = other.outcome("test", "accuracy")
    assert low is not None
    assert high is not None
    assert (low.low or 0) < (high.high or 1)
    (found,) = sweep.versus(best, other)
    assert found.worse


def test_holm_counts_all_that_are_tested(sweep: Sweep) -> None:
    """Alone the same difference is shown; among nine others it is not."""
    best = sweep.cell("a", wrong(range(100)))
    near = sweep.cell("b", wrong(range(107)))
    (alone,) = sweep.versus(best, near)
    assert ALPHA / 45 < alone.p < ALPHA
    assert alone.worse
    others = [sweep.cell(f"c{i}", wrong(range(101))) for i in range(9)]
    assert not sweep.versus(best, near, *others)[0].worse


def test_the_same_answers_are_no_difference(sweep: Sweep) -> None:
    (found,) = sweep.versus(sweep.cell("a", wrong(range(9))), sweep.cell("b", wrong(range(9))))
    assert (found.drop, found.p, found.worse) == (0.0, 1.0, False)


def test_seeds_that_differ_weaken_what_one_seed_would_claim(sweep: Sweep) -> None:
    """Both pairs differ by the same mean; in one the seeds agree, in the other they do not."""
    best = [wrong(range(20))] * 3
    steady = [wrong(range(44))] * 3
    moving = [wrong(range(20)), wrong(range(20)), wrong(range(92))]
    agreed = sweep.versus(sweep.cell("a", *best), sweep.cell("b", *steady))[0]
    unsure = sweep.versus(sweep.cell("c", *best), sweep.cell("d", *moving))[0]
    assert agreed.drop == pytest.approx(unsure.drop)
    assert agreed.p < 0.001
    assert unsure.p > 0.1


def test_what_cannot_be_paired_is_left_out(sweep: Sweep) -> None:
    best = sweep.cell("a", wrong(range(10)))
    two_seeds = sweep.cell("b", wrong(range(90)), wrong(range(90)))
    gone = sweep.cell("c", wrong(range(90)))
    item = sweep.known[id(gone.records[0])]
    lost = replace(item, folder=item.folder / "nowhere")
    sweep.known[id(gone.records[0])] = lost
    assert sweep.versus(best, two_seeds, gone) == []
    assert sweep.versus(best) == []


def test_answers_that_changed_since_are_named_and_no_reason_to_end(sweep: Sweep) -> None:
    best, other = sweep.cell("a", wrong(range(10))), sweep.cell("b", wrong(range(90)))
    changed = sweep.cell("c", wrong(range(80)))
    item = sweep.known[id(changed.records[0])]
    path = item.folder / item.record.artefacts["predictions"].path
    path.write_bytes(path.read_bytes() + b"more")
    told = versus_best([best, changed, other], "test", sweep.stored)
    assert [one.cell.model.name for one in told.found] == ["b"]
    (reason,) = told.unread
    assert reason.endswith("changed since its record was written; restore it or run again")
    assert str(path) in reason


def test_what_was_worked_out_before_is_read_and_the_same(sweep: Sweep, tmp_path: Path) -> None:
    cells_ = [sweep.cell("a", wrong(range(10))), sweep.cell("b", wrong(range(5, 40)))]
    remembered = Remembered(Cache(tmp_path / "cache"))

    def versus() -> Contest:
        return versus_best(cells_, "test", sweep.stored, remembered)

    assert versus() == versus() == versus_best(cells_, "test", sweep.stored)
    assert (remembered.cache.tally.misses, remembered.cache.tally.hits) == (1, 1)


def test_other_answers_labels_splits_and_code_are_other_statistics(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    best, other = sweep.cell("a", wrong(range(10))), sweep.cell("b", wrong(range(40)))
    remembered = Remembered(Cache(tmp_path / "cache"))

    def misses(first: Cell, second: Cell) -> int:
        against(first, second, "test", sweep.stored, remembered)
        return remembered.cache.tally.misses

    assert misses(best, other) == 1
    assert misses(other, best) == 2
    assert misses(best, sweep.cell("c", wrong(range(41)))) == 3
    monkeypatch.setattr("mmbench.compare.remembered._code", lambda: "edited")
    assert misses(best, other) == 4


def test_a_cache_that_cannot_be_written_costs_time_alone(sweep: Sweep, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, no folder")
    remembered = Remembered(Cache(tmp_path / "taken", limit_bytes=10**6))
    best, other = sweep.cell("a", wrong(range(10))), sweep.cell("b", wrong(range(40)))
    told = versus_best([best, other], "test", sweep.stored, remembered)
    assert told == versus_best([best, other], "test", sweep.stored)
    assert told.found


def test_under_the_null_a_task_has_no_more_false_claims_than_alpha(sweep: Sweep) -> None:
    """Five models of equal chances, the best by its mean against the four others, 100 times."""
    random = np.random.default_rng(0)
    rounds, false = 100, 0
    for number in range(rounds):
        easy = random.random(COUNT) < 0.6
        right = [easy | (random.random(COUNT) < 0.5) for _ in range(5)]
        right.sort(key=lambda answers: -int(answers.sum()))
        found = [sweep.cell(f"m{number}-{i}", answers) for i, answers in enumerate(right)]
        false += any(one.worse for one in sweep.versus(*found))
    assert false <= rounds * ALPHA + 3 * (rounds * ALPHA * (1 - ALPHA)) ** 0.5
