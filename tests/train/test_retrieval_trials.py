"""Whole trials of retrieval: zero-shot, heads on frozen features, both encoders, kept models."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from mmbench import inference
from mmbench.answers import Ranked
from mmbench.cards import ModelCard, PairModel, RandomModel, Recipe, TaskCard
from mmbench.data.cache import Cache
from mmbench.data.tasks import examples_from
from mmbench.records import Record
from mmbench.store import Stored
from mmbench.train.kept import Kept, load_kept
from tests.models.dual_samples import RULES, dual_card, write
from tests.models.samples import image_card, squash
from tests.train.pictures import flag, retrieval_task, write_flags
from tests.train.trials import run

pytestmark = pytest.mark.usefixtures("quick_timing")

PROBE = Recipe(
    name="heads",
    strategy="probe",
    head="mlp",
    head_width=32,
    projection_width=16,
    learning_rates=(0.01,),
    epochs=20,
    dropout=0.0,
    batch_size=8,
    evaluations=4,
)
FULL = replace(
    PROBE, name="both", strategy="full", head="linear", head_width=None, learning_rates=(3e-3,)
)
EYE = {
    "model_type": "vit",
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 16,
    "patch_size": 4,
}
ZERO = Recipe(name="zero", strategy="zero_shot")


def cosines_of(kept: Kept, images: list[bytes], texts: list[str], folder: Path) -> torch.Tensor:
    """[I, T], each image and text by itself."""
    embedded = []
    for side, given in (("image", images), ("text", texts)):
        rows = [
            kept.adapter.prepare(examples_from({side: [one]}), Cache(folder / "alone"))  # type: ignore[dict-item]
            for one in given
        ]
        with torch.inference_mode():
            vectors = [kept.learner.encode(side, row.collate([0])) for row in rows]  # type: ignore[operator]
        embedded.append(torch.nn.functional.normalize(torch.cat(vectors)))
    return embedded[0] @ embedded[1].T


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> TaskCard:
    return retrieval_task(write_flags(tmp_path_factory.mktemp("flags")))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return dual_card(write("clip", tmp_path_factory.mktemp("clip")), RULES["clip"])


@pytest.fixture(scope="module")
def siglip(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return dual_card(write("siglip", tmp_path_factory.mktemp("siglip")), RULES["siglip"])


@pytest.fixture
def pair(tiny_bert: ModelCard) -> ModelCard:
    eye = image_card(RandomModel(via="random", config=EYE), rules=squash(16))
    return ModelCard(
        name="eye-bert",
        family="pair",
        languages=tiny_bert.languages,
        modalities=("image", "text"),
        adapter="pair",
        source=PairModel(via="pair", image="tiny-eye", text="tiny-bert"),
        gives=("paired",),
        parts={"image": eye, "text": tiny_bert},
    )


def value(record: Record, stage: str, split: str, metric: str = "mean_recall") -> float:
    score = record.score(stage, split, metric)  # type: ignore[arg-type]
    assert score is not None
    assert score.value is not None
    return score.value


def learnt(record: Record) -> bool:
    """The first text is right for most of the training images, and of new drawings of theirs."""
    name = "i2t_recall@1"
    chances = value(record, "chance", "train", name), value(record, "chance", "test_shift", name)
    assert max(chances) < 0.2
    train = value(record, "after", "train", name)
    return train > 0.5 and value(record, "after", "test_shift", name) > 0.35


def test_zero_shot_ranks_without_training(clip: ModelCard, task: TaskCard, tmp_path: Path) -> None:
    record = run(clip, task, ZERO, tmp_path)
    assert record.status == "ok"
    assert {score.stage for score in record.scores} == {"before", "chance"}
    assert {score.split for score in record.scores} == {"validation", "test", "test_shift"}
    assert (record.grid, record.curve) == ((), ())
    trainable = record.measurement("trainable_parameters")
    assert trainable is not None
    assert trainable.value == 0
    assert record.measurement("train_seconds") is None


def test_the_scores_are_those_of_upstreams_own_similarities(
    clip: ModelCard, task: TaskCard, tmp_path: Path
) -> None:
    """R@1 from CLIPModel's logits_per_image over all pairs of the split, counted by hand."""
    from transformers import AutoModel, AutoTokenizer

    from mmbench.data.tasks import load_task
    from mmbench.models.pixels import pixels_of

    record = run(clip, task, ZERO, tmp_path)
    assert clip.image is not None
    folder = clip.source.path  # type: ignore[union-attr]
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    examples = load_task(task).splits["test_shift"]
    pixels = np.stack([pixels_of(image, clip.image) for image in examples.inputs["image"]])  # type: ignore[arg-type]
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (clip.image.mean, clip.image.std))
    texts = tokenizer(list(examples.inputs["text"]), padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(
            pixel_values=(torch.from_numpy(pixels) / 255 - mean) / std, **texts
        ).logits_per_image
    own = logits.diagonal()
    expected = float(((logits >= own[:, None]).sum(1) == 1).float().mean())
    assert value(record, "before", "test_shift", "i2t_recall@1") == pytest.approx(expected)


@pytest.mark.parametrize("recipe", [PROBE, FULL], ids=["heads", "both encoders"])
def test_a_pair_learns_from_nothing_in_common(
    pair: ModelCard, task: TaskCard, tmp_path: Path, recipe: Recipe
) -> None:
    record = run(pair, task, recipe, tmp_path)
    before = record.score("before", "test", "mean_recall")
    assert before is not None
    assert before.value is None
    assert before.note == "images and texts are in no common space before training"
    assert learnt(record)
    for point in record.curve:
        assert list(point.in_batch) == ["in_batch_accuracy"]
        assert "in_batch_accuracy" not in point.validation


@pytest.mark.parametrize("family", ["clip", "siglip"])
@pytest.mark.parametrize("recipe", [PROBE, FULL], ids=["heads", "both encoders"])
def test_a_dual_encoder_starts_from_what_it_could_do(
    family: str, recipe: Recipe, task: TaskCard, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """With a rate near zero nothing moves: the score after is the score before."""
    model: ModelCard = request.getfixturevalue(family)
    still = replace(recipe, learning_rates=(1e-12,), epochs=1, evaluations=1)
    record = run(model, task, still, tmp_path)
    for split in ("validation", "test", "test_shift"):
        for metric in task.metrics:
            assert value(record, "after", split, metric) == value(record, "before", split, metric)


@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_a_dual_encoder_learns(
    family: str, task: TaskCard, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    record = run(request.getfixturevalue(family), task, FULL, tmp_path)
    assert learnt(record)


def test_micro_batches_change_no_step(clip: ModelCard, task: TaskCard, tmp_path: Path) -> None:
    """Cached gradients: three at a time, the same losses as eight at a time."""
    whole = run(clip, task, FULL, tmp_path / "whole")
    pieces = run(clip, task, replace(FULL, micro_batch=3), tmp_path / "pieces")
    for one, other in zip(whole.curve, pieces.curve, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, rel=1e-3)


def test_candidates_are_distinct_images_and_texts(
    clip: ModelCard, task: TaskCard, tmp_path: Path
) -> None:
    record = run(clip, task, ZERO, tmp_path)
    facts = {facts.split: facts for facts in record.data}
    assert facts["test"].examples == 12
    assert dict(facts["test"].candidates) == {"image": 12, "text": 4}


def test_the_ranks_of_every_query_are_kept(clip: ModelCard, task: TaskCard, tmp_path: Path) -> None:
    record = run(clip, task, ZERO, tmp_path)
    table = pq.read_table(tmp_path / "predictions.parquet").to_pandas()
    test = table[table.split == "test"]
    assert test["query"].value_counts().to_dict() == {"image": 12, "text": 4}
    ranks = test[test["query"] == "image"]["rank"]
    assert value(record, "before", "test", "i2t_recall@1") == pytest.approx((ranks == 1).mean())
    assert value(record, "before", "test", "i2t_median_rank") == ranks.median()
    by_group = test.groupby("group")["query"].value_counts().unstack()
    assert by_group.to_dict("list") == {"image": [3] * 4, "text": [1] * 4}


@pytest.mark.parametrize("which", ["pair", "clip"])
@pytest.mark.parametrize("recipe", [PROBE, FULL], ids=["heads", "both encoders"])
def test_a_kept_model_gives_the_same_scores_and_ranks_new_samples(
    which: str, recipe: Recipe, task: TaskCard, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    record = run(request.getfixturevalue(which), task, recipe, tmp_path, keep="best")
    stored = Stored(tmp_path, record)
    for score in inference.evaluate(stored, device="cpu"):
        assert score.value == pytest.approx(value(record, "after", score.split, score.metric))
    texts = ["red on blue", "green on a", "blue on red"]
    images = [flag("red", "blue", 900), flag("green", "a", 901)]
    found = inference.predict(stored, texts=texts, images=images, device="cpu")
    assert [prediction.id for prediction in found] == ["0", "1"]
    kept = load_kept(tmp_path / "model")
    cosines = cosines_of(kept, images, texts, tmp_path)
    for prediction, row in zip(found, cosines, strict=True):
        assert isinstance(prediction, Ranked)
        told = {candidate.text: candidate.score for candidate in prediction.candidates}
        assert told == pytest.approx(dict(zip(texts, row.tolist(), strict=True)), abs=1e-5)
        scores = [candidate.score for candidate in prediction.candidates]
        assert scores == sorted(scores, reverse=True)
    assert kept.about.labels == ()
