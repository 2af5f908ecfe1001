"""A drop of the primary metric: told by the same examples, or not told at all."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmbench.compare.answered import Answers
from mmbench.compare.gate import Finding
from mmbench.compare.mcnemar import mcnemar_p, tango_bounds
from mmbench.compare.quality import Evidence, evidence, examples_needed, quality_findings
from mmbench.compare.resampled import value_of
from mmbench.errors import StoreError
from mmbench.metrics import classification
from mmbench.metrics.table import metric
from mmbench.records import Record, SplitFacts
from mmbench.store import Stored
from tests.compare.answers import classes, ranks, written
from tests.compare.conftest import MakeRecord

COUNT = 2000


def right(count: int, *wrong: range) -> list[bool]:
    missed = {index for found in wrong for index in found}
    return [index not in missed for index in range(count)]


def judged(baseline: Stored, candidate: Stored, threshold: float = 0.01) -> Finding:
    (found,) = quality_findings({"c": [(baseline, candidate)]}, {"c": threshold})
    return found


def of(
    folder: Path, record: Record, baseline: dict[str, Any], candidate: dict[str, Any]
) -> tuple[Stored, Stored]:
    return written(record, folder / "b", baseline), written(record, folder / "c", candidate)


def test_a_clear_drop_is_a_regression(tmp_path: Path, make_record: MakeRecord) -> None:
    pair = of(
        tmp_path,
        make_record(),
        classes(right(COUNT, range(100))),
        classes(right(COUNT, range(160), range(1990, 2000))),
    )
    found = judged(*pair)
    assert found.verdict == "regression"
    assert found.change is not None
    assert found.change.value == pytest.approx(70 / COUNT)
    assert found.change.count == COUNT
    low, high = tango_bounds(70, 0, COUNT, 0.01)
    assert (found.change.low, found.change.high) == pytest.approx((low, high))


def test_a_sure_drop_below_the_threshold_passes(tmp_path: Path, make_record: MakeRecord) -> None:
    pair = of(tmp_path, make_record(), classes(right(COUNT)), classes(right(COUNT, range(10))))
    assert mcnemar_p(10, 0) < 0.01
    assert judged(*pair, threshold=0.02).verdict == "pass"


def test_too_few_examples_say_how_many_are_needed(tmp_path: Path, make_record: MakeRecord) -> None:
    pair = of(tmp_path, make_record(), classes(right(60, range(3))), classes(right(60, range(6))))
    found = judged(*pair)
    assert found.verdict == "cannot_tell"
    assert found.reason is not None
    assert found.reason.code == "few_examples"
    assert int(found.reason.values["needed"].replace(",", "")) > 60


def test_needed_examples_grow_with_the_square_of_the_distance() -> None:
    found = Evidence(drop=0.0, low=-0.04, high=0.04, p=0.5, count=100)
    assert examples_needed(found, 0.01) == 1600
    assert examples_needed(replace(found, drop=0.02, low=-0.02), 0.01) == 400
    assert examples_needed(replace(found, drop=0.01), 0.01) is None


def test_the_same_logits_pass_at_once(tmp_path: Path, make_record: MakeRecord) -> None:
    record = replace(make_record(), logits_digest="d")
    stored = Stored(tmp_path, record)  # without any file
    found = judged(stored, stored)
    assert (found.verdict, found.change and found.change.value) == ("pass", 0.0)


def test_the_same_answers_pass_even_if_few(tmp_path: Path, make_record: MakeRecord) -> None:
    pair = of(tmp_path, make_record(), classes(right(20)), classes(right(20)))
    assert judged(*pair).verdict == "pass"


def test_rows_in_another_order_are_the_same_examples(
    tmp_path: Path, make_record: MakeRecord
) -> None:
    told = classes(right(50, range(5)))
    turned = {name: list(reversed(column)) for name, column in told.items()}
    assert judged(*of(tmp_path, make_record(), told, turned)).verdict == "pass"


def test_other_examples_cannot_be_compared(tmp_path: Path, make_record: MakeRecord) -> None:
    other = {**classes(right(50)), "id": [f"x{index}" for index in range(50)]}
    found = judged(*of(tmp_path, make_record(), classes(right(50)), other))
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("cannot_tell", "other_examples")


def test_without_predictions_it_cannot_be_told(tmp_path: Path, make_record: MakeRecord) -> None:
    with_file = written(make_record(), tmp_path / "b", classes(right(50)))
    found = judged(with_file, Stored(tmp_path, make_record()))
    assert found.reason is not None
    assert found.reason.code == "no_predictions"
    assert found.reason.values == {"side": "candidate"}


def test_predictions_that_changed_since_are_an_error(
    tmp_path: Path, make_record: MakeRecord
) -> None:
    pair = of(tmp_path, make_record(), classes(right(50)), classes(right(50, range(1))))
    (tmp_path / "c/predictions.parquet").write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="changed since its record was written"):
        judged(*pair)


def test_examples_in_groups_need_their_groups(tmp_path: Path, make_record: MakeRecord) -> None:
    record = make_record(facts=(SplitFacts(split="test", examples=80, groups=40),))
    names = [f"g{index // 2}" for index in range(80)]
    before, after = right(80), right(80, range(30))
    found = judged(*of(tmp_path / "no", record, classes(before), classes(after)))
    assert found.reason is not None
    assert found.reason.code == "groups"
    told = (classes(before, groups=names), classes(after, groups=names))
    found = judged(*of(tmp_path / "yes", record, *told))
    assert (found.verdict, found.change and found.change.count) == ("regression", 40)


def test_a_few_groups_are_no_evidence(tmp_path: Path, make_record: MakeRecord) -> None:
    names = [f"g{index % 29}" for index in range(90)]
    pair = (classes(right(90), groups=names), classes(right(90, range(60)), groups=names))
    found = judged(*of(tmp_path, make_record(), *pair))
    assert found.reason is not None
    assert (found.verdict, found.reason.values) == ("cannot_tell", {"count": "29", "needed": "30"})


def test_cells_share_the_alpha(tmp_path: Path, make_record: MakeRecord) -> None:
    """A drop with p between 1 % / 20 and 1 % is one alone and none among nineteen others."""
    assert 0.0005 < mcnemar_p(9, 0) < 0.01
    slight = of(tmp_path / "s", make_record(), classes(right(400)), classes(right(400, range(9))))
    even = of(
        tmp_path / "e",
        make_record(),
        classes(right(400, range(9))),
        classes(right(400, range(9, 18))),
    )
    assert judged(*slight).verdict == "regression"
    cells = {"slight": [slight]} | {f"even {index}": [even] for index in range(19)}
    found = quality_findings(cells, dict.fromkeys(cells, 0.01))
    assert [item.verdict for item in found] == ["cannot_tell"] * 20


def answers(baseline: Sequence[int], candidate: Sequence[int], targets: Sequence[int]) -> Answers:
    return Answers(
        kind="classification",
        targets=np.array(targets),
        baseline=np.array(baseline),
        candidate=np.array(candidate),
        groups=None,
    )


def test_the_bootstrap_has_the_spread_of_a_mean_in_closed_form() -> None:
    """Balanced accuracy with as many of each class is the mean of two shares."""
    rng = np.random.default_rng(0)
    targets = np.arange(1000) % 2
    first, second = (np.where(rng.random(1000) < 0.2, 1 - targets, targets) for _ in range(2))
    found = evidence(metric("f1_macro"), [answers(list(first), list(second), list(targets))])
    assert isinstance(found, Evidence)
    moved = float(np.mean(first != second))
    error = np.sqrt(moved - found.drop**2) / np.sqrt(1000)
    assert found.high - found.drop == pytest.approx(2.326 * error, rel=0.1)
    assert found.drop - found.low == pytest.approx(2.326 * error, rel=0.1)


def test_the_bootstraps_metric_is_the_tables() -> None:
    rng = np.random.default_rng(1)
    targets, predicted = rng.integers(4, size=80), rng.integers(4, size=80)
    given = answers(list(predicted), list(targets), list(targets))
    once = np.ones(80, dtype=np.int64)
    for name, value in classification.VALUE.items():
        expected = value(classification.confusion(targets, predicted, 4))
        assert value_of(name, given, given.baseline)(once) == pytest.approx(float(expected))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("i2t_recall@1", 2 / 4),
        ("t2i_recall@5", 1 / 3),
        ("i2t_median_rank", 1.5),
        ("mean_recall", (2 / 4 + 1 + 1 + 0 + 1 / 3 + 2 / 3) / 6),
    ],
)
def test_the_metrics_of_ranks_are_as_defined(name: str, expected: float) -> None:
    columns = ranks([1, 1, 2, 5], [3, 8, 20])
    given = Answers(
        kind="retrieval",
        targets=np.array(columns["query"]),
        baseline=np.array(columns["rank"]),
        candidate=np.array(columns["rank"]),
        groups=None,
    )
    once = np.ones(7, dtype=np.int64)
    assert value_of(name, given, given.baseline)(once) == pytest.approx(expected)
    twice_the_first = np.array([2, 1, 1, 1, 1, 1, 1])
    if name == "i2t_recall@1":
        assert value_of(name, given, given.baseline)(twice_the_first) == pytest.approx(3 / 5)


def test_retrieval_is_judged_by_its_ranks(tmp_path: Path, make_record: MakeRecord) -> None:
    record = make_record(metric="mean_recall")
    good, bad = [1] * 300, [1] * 200 + [50] * 100
    found = judged(*of(tmp_path, record, ranks(good, good), ranks(bad, good)))
    assert found.verdict == "regression"
    assert found.change is not None
    assert found.change.value == pytest.approx(1 / 6)


def test_a_rank_drops_by_a_share_of_itself(tmp_path: Path, make_record: MakeRecord) -> None:
    record = make_record(metric="i2t_median_rank", test=(10.0, 9.0, 11.0))
    found = judged(*of(tmp_path, record, ranks([10] * 60, [1] * 40), ranks([12] * 60, [1] * 40)))
    assert found.change is not None
    assert (found.verdict, found.change.scale) == ("regression", "relative_drop")
    assert found.change.value == pytest.approx(0.2)


def test_seeds_are_paired_and_averaged(tmp_path: Path, make_record: MakeRecord) -> None:
    seeds = [
        of(
            tmp_path / str(seed),
            make_record(seed=seed),
            classes(right(400, range(20))),
            classes(right(400, range(20 + 40 * seed))),
        )
        for seed in (0, 1)
    ]
    (found,) = quality_findings({"c": seeds}, {"c": 0.01})
    assert found.change is not None
    assert found.verdict == "regression"
    assert found.change.value == pytest.approx(20 / 400)


def test_a_record_without_its_score_cannot_be_told(tmp_path: Path, make_record: MakeRecord) -> None:
    stored = Stored(tmp_path, replace(make_record(), scores=()))
    found = judged(stored, stored)
    assert found.reason is not None
    assert found.reason.code == "no_value"
