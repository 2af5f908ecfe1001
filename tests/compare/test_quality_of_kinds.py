"""A drop of the primary metric of every kind of task: told by the same examples."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
from seqeval.metrics import f1_score as entity_f1
from sklearn.metrics import average_precision_score, roc_auc_score

from mmbench.compare.answered import Answers, answer_columns, measure_of
from mmbench.compare.gate import Finding
from mmbench.compare.mcnemar import tango_bounds
from mmbench.compare.quality import quality_findings, scale_of
from mmbench.compare.resampled import value_of
from mmbench.kinds import KINDS
from mmbench.metrics.table import metric
from mmbench.store import Stored
from tests.compare.answers import written
from tests.compare.kinds import CASES, TAGS, Told, record_of

COUNT = 400
EVERY = sorted(KINDS)
BY_MEASURES = sorted(set(KINDS) - {"classification", "retrieval"})


def right(count: int, wrong: int = 0) -> list[bool]:
    """The last `wrong` of every ten are answered wrong."""
    return [index % 10 < 10 - wrong for index in range(count)]


def sides(
    folder: Path, kind: str, baseline: Told, candidate: Told, name: str | None = None
) -> tuple[Stored, Stored]:
    record = record_of(kind, metric=name)
    return written(record, folder / "b", baseline), written(record, folder / "c", candidate)


def judged(pair: tuple[Stored, Stored], threshold: float = 0.01) -> Finding:
    (found,) = quality_findings({"c": [pair]}, {"c": threshold})
    return found


def test_every_kind_is_told_here() -> None:
    assert set(CASES) == set(KINDS)


@pytest.mark.parametrize("kind", EVERY)
def test_the_same_answers_pass_even_if_few(tmp_path: Path, kind: str) -> None:
    told = CASES[kind].answers(right(20, 2))
    found = judged(sides(tmp_path, kind, told, told))
    assert (found.verdict, found.change and found.change.value) == ("pass", 0.0)


@pytest.mark.parametrize("kind", EVERY)
def test_a_clear_drop_is_a_regression(tmp_path: Path, kind: str) -> None:
    case = CASES[kind]
    pair = sides(tmp_path, kind, case.answers(right(COUNT)), case.answers(right(COUNT, 3)))
    found = judged(pair)
    assert found.change is not None
    assert (found.verdict, found.change.scale) == ("regression", scale_of(metric(case.metric)))
    assert found.change.low is not None
    assert 0.05 < found.change.low < found.change.value
    if case.drop is not None:
        assert found.change.value == pytest.approx(case.drop)


@pytest.mark.parametrize("kind", EVERY)
def test_a_rise_is_no_regression(tmp_path: Path, kind: str) -> None:
    case = CASES[kind]
    pair = sides(tmp_path, kind, case.answers(right(COUNT, 3)), case.answers(right(COUNT)))
    found = judged(pair)
    assert found.change is not None
    assert found.verdict == "pass"
    assert found.change.value < 0


@pytest.mark.parametrize("kind", EVERY)
def test_a_sure_drop_below_the_threshold_passes(tmp_path: Path, kind: str) -> None:
    case = CASES[kind]
    pair = sides(tmp_path, kind, case.answers(right(COUNT)), case.answers(right(COUNT, 1)))
    wide = 3.0  # cider goes to 10, an error of a half becomes half as much again
    assert judged(pair, threshold=wide).verdict == "pass"
    found = judged(pair, threshold=0.001)
    assert found.verdict == "regression"


@pytest.mark.parametrize("kind", EVERY)
def test_other_examples_cannot_be_compared(tmp_path: Path, kind: str) -> None:
    """Other ids, or the same ids with other targets."""
    told = CASES[kind].answers(right(40))
    others: list[Told] = [{**told, "id": [f"x{index}" for index in range(len(told["id"]))]}]
    if kind != "retrieval":
        targets = [name for name in told if name.startswith("target")]
        turned = {name: list(reversed(told[name])) for name in targets}
        if any(turned[name] != told[name] for name in targets):
            others.append({**told, **turned})
    for place, other in enumerate(others):
        found = judged(sides(tmp_path / str(place), kind, told, other))
        assert found.reason is not None
        assert (found.verdict, found.reason.code) == ("cannot_tell", "other_examples")


@pytest.mark.parametrize("kind", EVERY)
def test_a_file_without_the_answers_cannot_be_told(tmp_path: Path, kind: str) -> None:
    told = CASES[kind].answers(right(40))
    lost = answer_columns(record_of(kind).trial.task)[-1]
    without = {name: column for name, column in told.items() if name != lost}
    found = judged(sides(tmp_path, kind, told, without))
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("cannot_tell", "unreadable")
    assert found.reason.values == {"text": f"the candidate has no column {lost}"}


def test_answers_that_are_no_numbers_cannot_be_told(tmp_path: Path) -> None:
    told = CASES["regression"].answers(right(40))
    broken = {**told, "predicted": [float("nan"), *told["predicted"][1:]]}
    found = judged(sides(tmp_path, "regression", told, broken))
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("cannot_tell", "unreadable")
    assert "NaN" in found.reason.values["text"]


def test_a_share_of_nothing_cannot_be_told(tmp_path: Path) -> None:
    told = dict(CASES["regression"].answers(right(40)))
    flawless = {**told, "predicted": told["target"]}
    found = judged(sides(tmp_path, "regression", flawless, told))
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("cannot_tell", "zero_baseline")


def test_a_class_of_two_examples_bounds_nothing(tmp_path: Path) -> None:
    """One in seven resamples has none of them, where ROC-AUC is not defined."""
    target = [1, 1, *[0] * 60]
    one, other = ([[0.0, s + i % 9] for i in range(62)] for s in (-4.0, -3.0))
    other[0] = [0.0, -20.0]
    ids = [f"r{index}" for index in range(62)]
    found = judged(
        sides(
            tmp_path,
            "sentence_pair",
            {"id": ids, "target": target, "logits": one},
            {"id": ids, "target": target, "logits": other},
            name="roc_auc",
        )
    )
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("cannot_tell", "undefined")


def test_probabilities_that_move_on_one_side_of_a_half_leave_accuracy(tmp_path: Path) -> None:
    """Other last bits on other threads are no other answers; for ROC-AUC they are."""
    told = CASES["sentence_pair"].answers(right(40, 1))
    nudged = {**told, "logits": [[a, 1.001 * b] for a, b in told["logits"]]}
    found = judged(sides(tmp_path / "a", "sentence_pair", told, nudged))
    assert (found.verdict, found.change and found.change.low) == ("pass", None)
    ranked = judged(sides(tmp_path / "r", "sentence_pair", told, nudged, name="roc_auc"))
    assert ranked.change is not None
    assert ranked.change.low is not None


def test_answers_right_or_wrong_get_the_exact_test(tmp_path: Path) -> None:
    for kind in ("sentence_pair", "question_answering"):
        case = CASES[kind]
        told = case.answers(right(COUNT)), case.answers(right(COUNT, 3))
        found = judged(sides(tmp_path / kind, kind, *told))
        assert found.change is not None
        low, high = tango_bounds(120, 0, COUNT, 0.01)
        assert (found.change.low, found.change.high) == pytest.approx((low, high))


def test_groups_are_drawn_together(tmp_path: Path) -> None:
    """Of four hundred rows in forty groups, forty can say something."""
    groups = [f"g{index % 40}" for index in range(COUNT)]
    case = CASES["transcription"]
    one, other = ({**case.answers(right(COUNT, wrong)), "group": groups} for wrong in (0, 3))
    found = judged(sides(tmp_path, "transcription", one, other))
    assert found.change is not None
    assert (found.verdict, found.change.count) == ("regression", 40)


def test_tags_are_compared_by_name_whatever_their_order(tmp_path: Path) -> None:
    told = CASES["tagging"].answers(right(20, 2))
    record = record_of("tagging")
    turned = replace(record, labels=TAGS[::-1])
    other = {
        **told,
        **{
            name: [[2 - tag for tag in row] for row in told[name]]
            for name in ("target", "predicted")
        },
    }
    pair = (written(record, tmp_path / "b", told), written(turned, tmp_path / "c", other))
    assert judged(pair).verdict == "pass"


# ---------------------------------------------------- the numbers, against other libraries


def answered(kind: str, targets: Any, given: Any) -> Answers:
    return Answers(kind=kind, targets=targets, baseline=given, candidate=given, groups=None)


def texts(words: Sequence[str]) -> np.ndarray[Any, Any]:
    return np.array(words, dtype=object)


def rows_of(tags: Sequence[Sequence[str]]) -> np.ndarray[Any, Any]:
    found = np.empty(len(tags), dtype=object)
    for place, row in enumerate(tags):
        found[place] = tuple(row)
    return found


def random_answers(kind: str, count: int, seed: int) -> Answers:
    rng = np.random.default_rng(seed)
    words = [" ".join(rng.choice(list("abcd"), size=5)) for _ in range(2 * count)]
    match kind:
        case "multilabel":
            return answered(kind, rng.integers(2, size=(count, 4)), rng.random((count, 4)))
        case "sentence_pair":
            return answered(kind, rng.integers(2, size=count), rng.random(count).round(1))
        case "regression":
            return answered(kind, rng.normal(size=count), rng.normal(size=count).round(1))
        case "tagging":
            sides = [[rng.choice(TAGS, size=6).tolist() for _ in range(count)] for _ in range(2)]
            return answered(kind, rows_of(sides[0]), rows_of(sides[1]))
        case "multitask":
            pair = rng.integers(3, size=(2, count, 2))
            return answered(kind, pair[0], pair[1])
    given = [
        w if rng.random() < 0.5 else o for w, o in zip(words[:count], words[count:], strict=True)
    ]
    return answered(kind, texts(words[:count]), texts(given))


@pytest.mark.parametrize("kind", BY_MEASURES)
def test_a_resample_is_the_metric_of_the_repeated_rows(kind: str) -> None:
    """Of CIDEr, whose document frequencies stay those of all examples, this is not so."""
    given = random_answers(kind, 60, seed=4)
    times = np.random.default_rng(5).multinomial(60, [1 / 60] * 60)
    again = np.repeat(np.arange(60), times)
    repeated = answered(kind, given.targets[again], given.baseline[again])
    for name in set(KINDS[kind].metrics) - {"cider"}:
        expected = measure_of(name, repeated, repeated.baseline).once()
        assert value_of(name, given, given.baseline)(times) == pytest.approx(expected), name


def test_the_numbers_are_those_of_other_libraries() -> None:
    once = np.ones(60, dtype=np.int64)

    def value(name: str, given: Answers) -> float:
        return value_of(name, given, given.baseline)(once)

    many = random_answers("multilabel", 60, seed=0)
    assert value("mean_average_precision", many) == pytest.approx(
        average_precision_score(many.targets, many.baseline, average="macro")
    )
    two = random_answers("sentence_pair", 60, seed=1)
    assert value("roc_auc", two) == pytest.approx(roc_auc_score(two.targets, two.baseline))
    tagged = random_answers("tagging", 60, seed=2)
    assert value("entity_f1", tagged) == pytest.approx(
        entity_f1([list(row) for row in tagged.targets], [list(row) for row in tagged.baseline])
    )
    spoken = random_answers("transcription", 60, seed=3)
    assert value("cer", spoken) == pytest.approx(
        jiwer.cer(list(spoken.targets), list(spoken.baseline))
    )


def test_two_classes_are_compared_by_the_metric_that_decides(tmp_path: Path) -> None:
    """By the order of their probabilities, not by the class that is the likelier."""
    rng = np.random.default_rng(1)
    target = [index % 2 for index in range(COUNT)]
    noise = rng.normal(size=COUNT)
    ids = [f"r{index}" for index in range(COUNT)]

    def told(signal: float) -> Told:
        margin = [signal * (2 * t - 1) + n for t, n in zip(target, noise, strict=True)]
        logits = [[0.0, m] for m in margin]
        predicted = [int(m > 0) for m in margin]
        return {"id": ids, "target": target, "predicted": predicted, "logits": logits}

    found = judged(sides(tmp_path, "classification", told(2.0), told(0.2), name="roc_auc"))
    assert found.verdict == "regression"
    assert found.change is not None
    better, worse = (
        roc_auc_score(target, np.array(told(signal)["logits"])[:, 1]) for signal in (2.0, 0.2)
    )
    assert found.change.value == pytest.approx(better - worse)
    still = judged(sides(tmp_path / "same", "classification", told(2.0), told(2.0), name="roc_auc"))
    assert still.verdict == "pass"
