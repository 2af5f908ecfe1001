"""Several targets at once: one backbone, a head each, losses that weigh what the card says."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score
from torch.nn import functional

from mmbench import inference
from mmbench.answers import Several
from mmbench.cards import FileData, Label, ModelCard, Recipe, Target, TargetPart, TaskCard
from mmbench.data.tasks import load_task
from mmbench.heads.several import SeveralHeads, weighted_cross_entropy
from mmbench.models.base import Features
from mmbench.plan import mismatch
from mmbench.records import Record, Score
from mmbench.store import Stored
from tests.train.comparing import can_be_compared
from tests.train.trials import run

PROBE = Recipe(
    name="probe",
    strategy="probe",
    learning_rates=(0.03,),
    epochs=15,
    dropout=0.0,
    batch_size=16,
    evaluations=5,
)
FULL = replace(PROBE, name="full", strategy="full", learning_rates=(3e-3,), epochs=6)
COLOURS = ("red", "green", "blue")
SIZES = ("big", "small")


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> TaskCard:
    """120 texts that name a colour of three and a size of two; small ones are the fewer."""
    lines = ["note,colour,size"]
    for row in range(120):
        colour, size = COLOURS[row % 3], SIZES[row // 3 % 5 > 2]
        lines.append(f"a {size} {colour} {'abcdefghij'[row % 10] * (1 + row % 7)},{colour},{size}")
    path = tmp_path_factory.mktemp("several") / "several.csv"
    path.write_text("\n".join(lines))
    names = {"red": "红", "green": "绿", "blue": "蓝"}
    colours = tuple(Label(value=c, names={"zh": names[c]}) for c in COLOURS)
    return TaskCard(
        name="several",
        version=1,
        kind="multitask",
        languages=("en",),
        inputs={"text": "note"},
        target=Target(
            parts={
                "colour": TargetPart(column="colour", labels=colours),
                "size": TargetPart(column="size", weight=0.25),
            }
        ),
        source=FileData(via="files", files={"all": str(path)}),
        metrics=("mean_accuracy", "mean_f1_macro"),
    )


def test_the_loss_is_the_weighted_sum_of_torchs_cross_entropies() -> None:
    torch.manual_seed(0)
    logits = torch.randn(7, 3 + 2 + 4, requires_grad=True)
    targets = torch.stack([torch.randint(n, (7,)) for n in (3, 2, 4)], dim=1)
    found = weighted_cross_entropy(
        logits, targets, classes=(3, 2, 4), weights=(1.0, 0.25, 2.0), smoothing=0.1
    )
    own = (logits[:, :3], logits[:, 3:5], logits[:, 5:])
    expected = torch.zeros(())
    for place, (part, weight) in enumerate(zip(own, (1.0, 0.25, 2.0), strict=True)):
        mean = functional.cross_entropy(part, targets[:, place], label_smoothing=0.1)
        expected = expected + 7 * weight * mean
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    (mine,) = torch.autograd.grad(found, logits)
    (theirs,) = torch.autograd.grad(expected, logits)
    assert (mine - theirs).abs().max() <= 1e-6


def test_every_target_has_a_head_on_the_same_standardised_features() -> None:
    torch.manual_seed(0)
    heads = SeveralHeads(5, (3, 2), standardise=True).eval()
    features = 4 * torch.randn(9, 5) + 2
    assert heads.standardise is not None
    heads.standardise.fit(features)
    found = heads(Features(pooled=features))
    scaled = (features - features.mean(0)) / features.std(0, correction=0)
    layers = [cast(Any, head).layers[-1] for head in heads.heads]
    expected = torch.cat([scaled @ layer.weight.T + layer.bias for layer in layers], dim=1)
    assert found.shape == (9, 5)
    assert (found - expected).abs().max() <= 1e-6
    assert len(heads.state_dict()) == 2 + 4


def value(scores: Sequence[Score], stage: str, split: str, metric: str) -> float:
    (found,) = (s for s in scores if (s.stage, s.split, s.metric) == (stage, split, metric))
    assert found.value is not None
    return found.value


def answers(folder: Path, split: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    table = pq.read_table(folder / "predictions.parquet").to_pandas()
    rows = table[table.split == split]
    return {
        name: (rows[f"target_{name}"].to_numpy(), rows[f"predicted_{name}"].to_numpy())
        for name in ("colour", "size")
    }


@pytest.mark.usefixtures("quick_timing")
@pytest.mark.parametrize("recipe", [PROBE, FULL], ids=lambda r: r.name)
def test_the_scores_of_each_target_are_scikit_learns(
    recipe: Recipe, tiny_bert: ModelCard, task: TaskCard, tmp_path: Path
) -> None:
    record = run(tiny_bert, task, recipe, tmp_path)
    each = answers(tmp_path, "test")
    expected = {
        name: (accuracy_score(*pair), f1_score(*pair, average="macro", zero_division=0))
        for name, pair in each.items()
    }
    assert list(record.parts) == ["colour", "size"]
    for name, (accuracy, f1) in expected.items():
        own = record.parts[name]
        assert value(own, "after", "test", "accuracy") == pytest.approx(accuracy)
        assert value(own, "after", "test", "f1_macro") == pytest.approx(f1)
    mean = np.mean([accuracy for accuracy, _ in expected.values()])
    assert value(record.scores, "after", "test", "mean_accuracy") == pytest.approx(mean)
    mean_f1 = np.mean([f1 for _, f1 in expected.values()])
    assert value(record.scores, "after", "test", "mean_f1_macro") == pytest.approx(mean_f1)
    assert learnt(record)
    assert record.part_labels == {"colour": COLOURS, "size": SIZES}
    assert {c.label for c in record.classes} == {
        "colour: red", "colour: green", "colour: blue", "size: big", "size: small",
    }  # fmt: skip


def learnt(record: Record) -> bool:
    """The whole interval lies above what the most frequent classes score."""
    (after,) = (
        s for s in record.scores if (s.stage, s.split, s.metric) == ("after", "test", PRIMARY)
    )
    assert after.low is not None
    return after.low > value(record.scores, "majority", "test", PRIMARY)


PRIMARY = "mean_accuracy"


@pytest.mark.usefixtures("quick_timing")
def test_the_baseline_of_each_target_is_its_most_frequent_class(
    tiny_bert: ModelCard, task: TaskCard, tmp_path: Path
) -> None:
    record = run(tiny_bert, task, replace(PROBE, epochs=1, evaluations=1), tmp_path)
    splits = load_task(task).splits
    train, test = (np.asarray(splits[name].targets) for name in ("train", "test"))
    shares = []
    for place, name in enumerate(("colour", "size")):
        most = np.bincount(train[:, place]).argmax()
        shares.append((test[:, place] == most).mean())
        assert value(record.parts[name], "majority", "test", "accuracy") == shares[-1]
    assert value(record.scores, "majority", "test", PRIMARY) == pytest.approx(np.mean(shares))
    before = record.score("before", "test", PRIMARY)
    assert before is not None
    assert before.value is None


@pytest.mark.usefixtures("quick_timing")
def test_a_weight_changes_what_is_learnt_and_the_validation_loss_counts_it(
    tiny_bert: ModelCard, task: TaskCard, tmp_path: Path
) -> None:
    short = replace(PROBE, epochs=1, evaluations=1, learning_rates=(1e-12,))
    losses = []
    for weight in (0.25, 1.0):
        parts = {**task.target.parts}
        parts["size"] = replace(parts["size"], weight=weight)
        own = replace(task, target=replace(task.target, parts=parts))
        record = run(tiny_bert, own, short, tmp_path / str(weight))
        losses.append(record.curve[-1].validation_loss)
    table = pq.read_table(tmp_path / "0.25" / "predictions.parquet").to_pandas()
    rows = table[table.split == "validation"]
    each = [
        float(
            functional.cross_entropy(
                torch.tensor(np.stack(rows[f"logits_{name}"].to_list())),
                torch.tensor(rows[f"target_{name}"].to_numpy()),
            )
        )
        for name in ("colour", "size")
    ]
    assert losses[0] == pytest.approx(each[0] + 0.25 * each[1], rel=1e-5)
    assert losses[1] == pytest.approx(each[0] + each[1], rel=1e-5)


@pytest.mark.usefixtures("quick_timing")
@pytest.mark.parametrize("recipe", [PROBE, FULL], ids=lambda r: r.name)
def test_a_kept_model_answers_every_target(
    recipe: Recipe, tiny_bert: ModelCard, task: TaskCard, tmp_path: Path
) -> None:
    record = run(tiny_bert, task, recipe, tmp_path, keep="best")
    stored = Stored(tmp_path, record)
    can_be_compared(stored)
    for score in inference.evaluate(stored, device="cpu"):
        assert score.value == pytest.approx(
            value(record.scores, "after", score.split, score.metric)
        )
    table = pq.read_table(tmp_path / "predictions.parquet").to_pandas()
    rows = table[table.split == "test"]
    test = load_task(task).splits["test"]
    found = inference.predict(stored, texts=list(test.inputs["text"]), device="cpu")  # type: ignore[arg-type]
    for row, answer in enumerate(found):
        assert isinstance(answer, Several)
        assert list(answer.answers) == ["colour", "size"]
        for name, own in answer.answers.items():
            logits = torch.tensor(rows[f"logits_{name}"].iloc[row], dtype=torch.float64)
            given = torch.tensor(list(own.probabilities.values()), dtype=torch.float64)
            assert (given - logits.softmax(0)).abs().max() <= 1e-5
        colour = answer.answers["colour"]
        assert colour.names == {"zh": {"red": "红", "green": "绿", "blue": "蓝"}[str(colour.label)]}


def test_what_means_nothing_for_several_targets_is_refused(
    tiny_bert: ModelCard, task: TaskCard
) -> None:
    assert mismatch(tiny_bert, task, PROBE) is None
    zero = Recipe(name="zero", strategy="zero_shot")
    assert "has no strategy 'zero_shot'" in str(mismatch(tiny_bert, task, zero))
    assert "drawn by class" in str(mismatch(tiny_bert, task, replace(PROBE, shots=5)))
