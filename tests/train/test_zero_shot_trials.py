"""Classes by their names: before training, in two languages, and as the start of a fine-tuning."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from mmbench import inference
from mmbench.cards import Label, ModelCard, Recipe, Target, TaskCard
from mmbench.data.cache import Cache
from mmbench.data.tasks import examples_from, load_task
from mmbench.errors import CardError
from mmbench.models.base import PairedAdapter
from mmbench.models.loading import load
from mmbench.records import Record
from mmbench.store import Stored
from mmbench.train.objectives.classification import prompted
from tests.models.dual_samples import RULES, dual_card, write
from tests.train.pictures import CHINESE, COLOURS, naming_task, write_flags
from tests.train.trials import run

pytestmark = pytest.mark.usefixtures("quick_timing")

ZERO = Recipe(name="zero", strategy="zero_shot")
FULL = Recipe(
    name="from-names",
    strategy="full",
    head="zero_shot",
    learning_rates=(3e-3,),
    epochs=10,
    dropout=0.0,
    batch_size=8,
    evaluations=2,
)
PROBE = replace(FULL, name="probe-from-names", strategy="probe", learning_rates=(0.1,), epochs=30)


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> TaskCard:
    return naming_task(write_flags(tmp_path_factory.mktemp("flags")))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return dual_card(write("clip", tmp_path_factory.mktemp("clip")), RULES["clip"])


def accuracy(record: Record, stage: str, split: str = "test_shift") -> float:
    score = record.score(stage, split, "accuracy")  # type: ignore[arg-type]
    assert score is not None
    assert score.value is not None
    return score.value


def by_hand(model: ModelCard, task: TaskCard, language: str, cache: Path) -> float:
    """Accuracy from the embeddings of every prompt and picture, one loop at a time."""
    adapter = load(model)
    assert isinstance(adapter, PairedAdapter)
    examples = load_task(task).splits["test_shift"]
    pictures = adapter.prepare(examples, Cache(cache)).collate(range(len(examples)))
    names = {"en": list(COLOURS), "zh": list(CHINESE.values())}[language]
    classes = []
    with torch.no_grad():
        for name in names:
            texts = [prompt.replace("{label}", name) for prompt in task.prompts[language]]
            rows = adapter.prepare(examples_from({"text": texts}), Cache(cache))
            each = adapter.encode("text", rows.collate(range(len(texts))))
            classes.append(functional.normalize(functional.normalize(each).mean(0), dim=0))
        images = functional.normalize(adapter.encode("image", pictures))
    predicted = (images @ torch.stack(classes).T).argmax(1)
    assert examples.targets is not None
    return float((predicted.numpy() == examples.targets).mean())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_zero_shot_is_the_cosine_with_the_mean_of_the_prompts(
    clip: ModelCard, task: TaskCard, tmp_path: Path, language: str
) -> None:
    record = run(clip, task, replace(ZERO, prompts=language), tmp_path)
    assert accuracy(record, "before") == pytest.approx(
        by_hand(clip, task, language, tmp_path / "other")
    )


def test_the_models_first_language_is_taken_where_the_recipe_names_none(
    clip: ModelCard, task: TaskCard, tmp_path: Path
) -> None:
    chinese = replace(clip, languages=("zh", "en"))
    usual = run(chinese, task, ZERO, tmp_path / "usual")
    named = run(clip, task, replace(ZERO, prompts="zh"), tmp_path / "named")
    assert usual.logits_digest == named.logits_digest


@pytest.mark.parametrize("recipe", [FULL, PROBE], ids=["full", "probe"])
def test_training_starts_at_the_zero_shot_classifier(
    clip: ModelCard, task: TaskCard, tmp_path: Path, recipe: Recipe
) -> None:
    still = replace(recipe, learning_rates=(1e-12,), epochs=1, evaluations=1)
    record = run(clip, task, still, tmp_path)
    for split in ("validation", "test", "test_shift"):
        assert accuracy(record, "after", split) == accuracy(record, "before", split)


@pytest.mark.parametrize("recipe", [FULL, PROBE], ids=["full", "probe"])
def test_training_from_the_class_names_learns(
    clip: ModelCard, task: TaskCard, tmp_path: Path, recipe: Recipe
) -> None:
    record = run(clip, task, recipe, tmp_path)
    assert accuracy(record, "after") > 0.2 + accuracy(record, "before")


def test_any_head_of_a_dual_encoder_has_a_score_before(
    clip: ModelCard, task: TaskCard, tmp_path: Path
) -> None:
    linear = replace(PROBE, head="linear", learning_rates=(0.01,))
    record = run(clip, task, linear, tmp_path / "linear")
    zero = run(clip, task, replace(ZERO, batch_size=8), tmp_path / "zero")
    assert accuracy(record, "before") == accuracy(zero, "before")


def test_without_prompts_the_record_says_why_there_is_no_score_before(
    clip: ModelCard, task: TaskCard, tmp_path: Path
) -> None:
    linear = replace(PROBE, head="linear", epochs=1)
    record = run(clip, replace(task, prompts={"fr": ("{label}",)}), linear, tmp_path)
    before = record.score("before", "test", "accuracy")
    assert before is not None
    assert before.value is None
    assert before.note == "no prompts in the model's language: nothing to score before training"


def test_a_kept_model_knows_its_classes(clip: ModelCard, task: TaskCard, tmp_path: Path) -> None:
    record = run(clip, task, FULL, tmp_path, keep="best")
    for score in inference.evaluate(Stored(tmp_path, record), device="cpu"):
        assert score.value == pytest.approx(accuracy(record, "after", score.split))


def test_a_class_without_a_name_is_refused() -> None:
    target = Target(column="c", labels=(Label(value="red", names={"en": "red"}), Label(value="x")))
    with pytest.raises(CardError, match=r"a name in 'en' for every class.*x"):
        prompted(target.labels, ("a {label}",), "en")
    with pytest.raises(CardError, match=r"needs target\.labels"):
        prompted(None, ("a {label}",), "en")
