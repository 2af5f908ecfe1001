"""Numbers in their own unit: learnt by heart, scored as elsewhere, kept and asked again."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from transformers import ViTConfig, ViTModel

from mmbench.answers import Valued
from mmbench.cards import ModelCard, ProbeFirst, TaskCard
from mmbench.data.tasks import load_task
from mmbench.inference import predict
from mmbench.plan import mismatch
from mmbench.store import Stored
from tests.models.samples import encoded, image_card, squash
from tests.train.comparing import can_be_compared
from tests.train.kinds import (
    BY_HEART,
    is_the_same_in_batches_of_any_size,
    letters,
    predictions,
    score,
    task,
    trained,
    value,
)

METRICS = ("mae", "rmse", "pearson", "spearman")


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> TaskCard:
    """1,000 and 100 for each a or b in the text."""
    rng = np.random.default_rng(0)
    texts = [letters(rng, 9) for _ in range(44)]
    rows = [
        {"note": text, "target": 1000 + 100 * (text.count("a") + text.count("b"))} for text in texts
    ]
    folder = tmp_path_factory.mktemp("regression")
    return task(folder, "regression", inputs={"text": "note"}, rows=rows, metrics=METRICS)


@pytest.fixture(scope="module")
def stored(
    tiny_bert: ModelCard, card: TaskCard, tmp_path_factory: pytest.TempPathFactory
) -> Stored:
    return trained(tiny_bert, card, tmp_path_factory.mktemp("trial"))


def test_sixteen_examples_are_learnt_by_heart(stored: Stored) -> None:
    assert value(stored, "after", "train", "mae") < 5
    assert value(stored, "after", "train", "pearson") > 0.99


def test_the_scores_are_scikit_learns_and_scipys(stored: Stored) -> None:
    can_be_compared(stored)
    found = predictions(stored)
    targets, said = np.array(found["target"]), np.array(found["predicted"], dtype=np.float64)
    wanted = {
        "mae": mean_absolute_error(targets, said),
        "rmse": root_mean_squared_error(targets, said),
        "pearson": pearsonr(targets, said).statistic,
        "spearman": spearmanr(targets, said).statistic,
    }
    for metric, known in wanted.items():
        span = score(stored, "after", "test", metric)
        assert span.value == pytest.approx(known)
        assert span.low is not None
        assert span.high is not None
        assert span.low < span.high


def test_the_baseline_is_the_median_of_training(stored: Stored, card: TaskCard) -> None:
    data = load_task(card)
    median = np.median(np.asarray(data.splits["train"].targets))
    targets = np.asarray(data.splits["test"].targets)
    assert value(stored, "constant", "test", "mae") == pytest.approx(
        np.abs(targets - median).mean()
    )
    assert value(stored, "constant", "test", "pearson") == 0.0


def test_the_best_weights_have_the_lowest_error(stored: Stored) -> None:
    (point,) = stored.record.grid
    assert point.validation == min(p.validation["mae"] for p in stored.record.curve)


@pytest.mark.parametrize("loss", ["mse", "huber"])
def test_the_validation_loss_is_in_deviations_of_training(
    tiny_bert: ModelCard, card: TaskCard, tmp_path: Path, loss: Literal["mse", "huber"]
) -> None:
    recipe = replace(BY_HEART, regression_loss=loss, epochs=2, evaluations=1)
    stored = trained(tiny_bert, card, tmp_path, recipe)
    spread = np.asarray(load_task(card).splits["train"].targets).std()
    found = predictions(stored, "validation")
    target, said = (torch.tensor(found[name]) / spread for name in ("target", "predicted"))
    wanted = torch.nn.MSELoss() if loss == "mse" else torch.nn.HuberLoss()
    (point,) = stored.record.curve
    assert point.validation_loss == pytest.approx(wanted(said, target).item(), rel=1e-4)


def test_a_kept_model_answers_in_the_unit_of_the_target(stored: Stored, card: TaskCard) -> None:
    texts = [str(text) for text in load_task(card).splits["test"].inputs["text"]]
    answers = predict(stored, texts=texts)
    assert all(isinstance(answer, Valued) for answer in answers)
    said = [answer.value for answer in answers if isinstance(answer, Valued)]
    assert said == pytest.approx(predictions(stored)["predicted"], abs=0.1)
    assert 900 < min(said) <= max(said) < 2000


def test_batches_change_nothing(stored: Stored, tmp_path: Path) -> None:
    is_the_same_in_batches_of_any_size(stored, tmp_path)


def test_a_probe_learns_and_its_whole_model_answers(
    tiny_bert: ModelCard, card: TaskCard, tmp_path: Path
) -> None:
    recipe = replace(BY_HEART, strategy="probe", learning_rates=(3e-2,))
    found = trained(tiny_bert, card, tmp_path, recipe)
    assert value(found, "after", "train", "mae") < 0.7 * value(found, "constant", "train", "mae")
    texts = [str(text) for text in load_task(card).splits["test"].inputs["text"]]
    said = [a.value for a in predict(found, texts=texts) if isinstance(a, Valued)]
    assert said == pytest.approx(predictions(found)["predicted"], rel=1e-4)


def test_a_probe_may_come_first(tiny_bert: ModelCard, card: TaskCard, tmp_path: Path) -> None:
    """The fine-tuning starts where the probe ended, in the same unit."""
    first = ProbeFirst(learning_rates=(3e-2,), epochs=80, batch_size=8)
    recipe = replace(BY_HEART, learning_rates=(1e-9,), epochs=1, evaluations=1, probe_first=first)
    found = trained(tiny_bert, card, tmp_path, recipe)
    (stage,) = found.record.stages
    (probe,) = [point for point in stage.grid if point.chosen]
    assert value(found, "after", "validation", "mae") == pytest.approx(probe.validation, rel=1e-3)
    assert value(found, "after", "train", "mae") < 0.7 * value(found, "constant", "train", "mae")


def test_images_have_numbers_too(tmp_path: Path) -> None:
    """How light a grey picture is; the same image model and head as of classes."""
    greys = [int(grey) for grey in np.random.default_rng(0).integers(20, 236, 44)]
    rows = [{"picture": encoded(Image.new("RGB", (16, 16), (g, g, g))), "target": g} for g in greys]
    card = task(tmp_path, "regression", inputs={"image": "picture"}, rows=rows, metrics=METRICS)
    torch.manual_seed(0)
    config = ViTConfig(
        image_size=16,
        patch_size=8,
        hidden_size=16,
        intermediate_size=32,
        num_attention_heads=2,
        num_hidden_layers=2,
    )
    ViTModel(config).save_pretrained(tmp_path / "vit")
    model = image_card(tmp_path / "vit", rules=squash(16))
    stored = trained(model, card, tmp_path / "trial")
    assert value(stored, "after", "test", "mae") < value(stored, "constant", "test", "mae") / 3
    (answer, _) = predict(stored, images=[row["picture"] for row in rows[24:26]])  # type: ignore[misc]
    assert isinstance(answer, Valued)
    assert answer.value == pytest.approx(predictions(stored)["predicted"][0], abs=0.1)


def test_a_choice_of_loss_is_for_numbers_alone(
    tiny_bert: ModelCard, card: TaskCard, colours: TaskCard
) -> None:
    huber = replace(BY_HEART, regression_loss="huber")
    assert mismatch(tiny_bert, card, huber) is None
    reason = mismatch(tiny_bert, colours, huber)
    assert reason is not None
    assert "regression_loss" in reason
