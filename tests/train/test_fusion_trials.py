"""Whole trials of fused models: what trains, what is shared, and what either input is worth."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet as pq
import pytest
import torch

from mmbench import inference
from mmbench.answers import Labelled
from mmbench.cards import FileData, FusionModel, ModelCard, RandomModel, Recipe, Target, TaskCard
from mmbench.data.cache import Cache
from mmbench.data.tasks import load_task
from mmbench.models.fusion import FusionAdapter
from mmbench.models.loading import load
from mmbench.plan import mismatch
from mmbench.records import Record, Trial
from mmbench.store import Stored
from mmbench.train.costs import MEASURED_EARLIER
from mmbench.train.kept import load_kept
from mmbench.trial import resolve, run_trial
from mmbench.workbench import Bench
from tests.models.fusion_samples import BLOCKS, By, fusion_card
from tests.models.samples import image_card, squash
from tests.train.pictures import SPLITS, flag
from tests.train.trials import run

pytestmark = pytest.mark.usefixtures("quick_timing")

EYE = {
    "model_type": "vit",
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 16,
    "patch_size": 8,
}
PROBE = Recipe(
    name="probe",
    strategy="probe",
    head="mlp",
    head_width=32,
    learning_rates=(0.02,),
    epochs=20,
    dropout=0.0,
    batch_size=16,
    evaluations=4,
)
HEAD = replace(PROBE, name="head", strategy="head", epochs=2, evaluations=1)
FULL = replace(PROBE, name="full", strategy="full", learning_rates=(3e-3,), epochs=8)
WORDS = {"yes": "a yes", "no": "b no"}


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> TaskCard:
    """The colour on top of a flag and a word name one of four classes; either alone leaves two."""
    rows = []
    for number in range(96):
        top, word = ("red", "blue")[number % 2], ("yes", "no")[number // 2 % 2]
        fold = ("train", "train", "validation", "test")[number // 4 % 4]
        rows.append(
            {
                "image": flag(top, "green", number // 2),
                "word": WORDS[word] * (1 + number % 3),
                "class": f"{top} {word}",
                "fold": fold,
            }
        )
    path = tmp_path_factory.mktemp("both") / "both.parquet"
    pq.write_table(pyarrow.Table.from_pylist(rows), path)
    return TaskCard(
        name="both",
        version=1,
        kind="classification",
        languages=("en",),
        inputs={"image": "image", "text": "word"},
        target=Target(column="class"),
        source=FileData(via="files", files={"all": str(path)}),
        splits={name: rule for name, rule in SPLITS.items() if name != "test_shift"},
        metrics=("accuracy", "f1_macro"),
    )


@pytest.fixture(scope="module")
def eye(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """A tiny ViT in a folder: pretrained, as far as a card can tell."""
    from mmbench.models.sources import relocated

    card = image_card(RandomModel(via="random", config=EYE), rules=squash(16))
    folder = tmp_path_factory.mktemp("eye")
    load(card).save(folder)
    return relocated(card, folder)


@pytest.fixture
def make(eye: ModelCard, tiny_bert: ModelCard) -> Callable[[By], ModelCard]:
    def card(by: By) -> ModelCard:
        return fusion_card(eye, tiny_bert, by)

    return card


def accuracy(record: Record, stage: str = "after") -> float:
    score = record.score(stage, "test", "accuracy")  # type: ignore[arg-type]
    assert score is not None
    assert score.value is not None
    return score.value


def measured(record: Record, name: str) -> float:
    found = record.measurement(name)
    assert found is not None
    assert found.value is not None
    return found.value


@pytest.mark.parametrize("by", ["concatenation", "gated"])
def test_both_inputs_are_needed_and_the_ablation_says_so(
    by: By, make: Callable[[By], ModelCard], task: TaskCard, tmp_path: Path
) -> None:
    record = run(make(by), task, PROBE, tmp_path)
    assert accuracy(record) > 0.9
    assert set(record.without) == {"image", "text"}
    for scores in record.without.values():
        assert [(s.stage, s.split, s.metric) for s in scores] == [
            ("after", "test", "accuracy"),
            ("after", "test", "f1_macro"),
        ]
        assert scores[0].value is not None
        assert scores[0].value <= 0.75  # either input alone leaves two classes
        assert scores[0].low is not None


@pytest.mark.parametrize("by", BLOCKS)
def test_an_input_taken_away_is_its_encoders_mean_over_the_training_rows(
    by: By, make: Callable[[By], ModelCard], task: TaskCard, tmp_path: Path
) -> None:
    """Written out with the kept model's own parts: mean feature in, logits out."""
    record = run(make(by), task, FULL, tmp_path, keep="best")
    kept = load_kept(tmp_path / "model")
    adapter, head = kept.adapter, kept.learner.head
    assert isinstance(adapter, FusionAdapter)
    splits = load_task(task).splits
    cache = Cache(tmp_path / "again")
    train, test = (adapter.prepare(splits[name], cache) for name in ("train", "test"))
    with torch.no_grad():
        seen = adapter.encode(
            "image",
            {"pixels": train.collate(range(len(train)))["image.pixels"]},
        )
        vectors = seen.tokens.mean(1) if by == "cross_attention" else seen.pooled  # type: ignore[union-attr]
        mean = vectors.mean(0).expand(len(test), -1)
        batch = test.collate(range(len(test)))
        text = adapter.encode("text", {n: batch[f"text.{n}"] for n in TOKENS})
        blank = replace(seen, pooled=mean, tokens=None)
        expected = head(replace(seen, pooled=adapter.block(blank, text))).argmax(1).numpy()
    right = float((expected == splits["test"].targets).mean())
    (score,) = (s for s in record.without["image"] if s.metric == "accuracy")
    assert score.value == pytest.approx(right)


TOKENS = ("input_ids", "attention_mask")


@pytest.mark.parametrize("recipe", [PROBE, HEAD, FULL], ids=lambda r: r.name)
@pytest.mark.parametrize("by", BLOCKS)
def test_a_frozen_backbone_trains_the_block_and_the_head_alone(
    by: By,
    recipe: Recipe,
    make: Callable[[By], ModelCard],
    task: TaskCard,
    tmp_path: Path,
) -> None:
    card = make(by)
    if by == "cross_attention" and recipe.strategy == "probe":
        assert "reads every token" in (mismatch(card, task, recipe) or "")
        return
    assert mismatch(card, task, recipe) is None
    short = replace(recipe, epochs=1, evaluations=1)
    record = run(card, task, short, tmp_path, keep="best")
    start, kept = load(card), load_kept(tmp_path / "model")
    assert isinstance(start, FusionAdapter)
    assert isinstance(kept.adapter, FusionAdapter)
    block = sum(p.numel() for p in start.block.parameters())
    head = sum(p.numel() for p in kept.learner.head.parameters())
    encoders = sum(p.numel() for p in start.parts.parameters())
    trained = block + head + (encoders if recipe.strategy == "full" else 0)
    assert measured(record, "trainable_parameters") == trained
    assert measured(record, "parameters") == encoders + block + head
    same = all(
        torch.equal(a, b)
        for a, b in zip(start.parts.parameters(), kept.adapter.parts.parameters(), strict=True)
    )
    assert same == (recipe.strategy != "full")
    if block:
        drawn = load(card, seed=1).state_dict()
        assert any(
            not torch.equal(value, drawn[name]) for name, value in kept.adapter.state_dict().items()
        )


@pytest.mark.parametrize("by", BLOCKS)
@pytest.mark.parametrize("recipe", [PROBE, HEAD], ids=lambda r: r.name)
def test_a_kept_fusion_gives_the_same_logits(
    by: By, recipe: Recipe, make: Callable[[By], ModelCard], task: TaskCard, tmp_path: Path
) -> None:
    if by == "cross_attention" and recipe.strategy == "probe":
        return
    record = run(make(by), task, recipe, tmp_path, keep="best")
    stored = Stored(tmp_path, record)
    for score in inference.evaluate(stored, device="cpu"):
        known = record.score("after", score.split, score.metric)
        assert known is not None
        assert score.value == pytest.approx(known.value)
    test = load_task(task).splits["test"]
    found = inference.predict(
        stored,
        texts=list(test.inputs["text"]),  # type: ignore[arg-type]
        images=list(test.inputs["image"]),  # type: ignore[arg-type]
        device="cpu",
    )
    table = pq.read_table(tmp_path / "predictions.parquet").to_pandas()
    logits = torch.tensor(np.stack(table[table.split == "test"].logits.to_list()))
    for answer, expected in zip(found, logits.double().softmax(1), strict=True):
        assert isinstance(answer, Labelled)
        given = torch.tensor(list(answer.probabilities.values()), dtype=torch.float64)
        assert (given - expected).abs().max() <= 1e-5


def test_stored_features_are_those_of_the_encoders_alone(
    make: Callable[[By], ModelCard], eye: ModelCard, task: TaskCard, tmp_path: Path
) -> None:
    """A gated trial after a concatenated one computes nothing again, nor does one of images alone
    after both."""
    bench = Bench(device=torch.device("cpu"), cache=Cache(tmp_path / "cache"))
    short = replace(PROBE, epochs=1, evaluations=1)

    def reused(model: ModelCard, task: TaskCard, *names: str) -> set[bool]:
        trial = resolve(Trial(model=model, task=task, recipe=short, seed=0))
        folder = tmp_path / f"{model.source.via}-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        record = run_trial(trial, folder, bench)
        assert record.failure is None, record.failure.traceback
        found = [record.measurement(f"{name}_samples_per_second") for name in names]
        return {m is not None and m.note == MEASURED_EARLIER for m in found}

    sides = ("feature_image", "feature_text")
    assert reused(make("concatenation"), task, *sides) == {False}
    assert reused(make("gated"), task, *sides) == {True}
    alone = replace(task, name="alone", inputs={"image": "image"})
    assert reused(eye, alone, "feature") == {True}


@pytest.mark.parametrize("by", ["concatenation", "gated"])
def test_neighbours_and_seeds_leave_a_trial_as_it_is(
    by: By, make: Callable[[By], ModelCard], task: TaskCard, tmp_path: Path
) -> None:
    """The block is drawn by the seed of its own trial, and trained in a copy."""
    bench = Bench(device=torch.device("cpu"), cache=Cache(tmp_path / "cache"))

    def digest(seed: int, name: str) -> str | None:
        trial = resolve(Trial(model=make(by), task=task, recipe=PROBE, seed=seed))
        (tmp_path / name).mkdir()
        record = run_trial(trial, tmp_path / name, bench)
        assert record.failure is None, record.failure.traceback
        return record.logits_digest

    first, other, again = digest(0, "a"), digest(1, "b"), digest(0, "c")
    assert first == again
    assert first != other


def test_what_fuses_nothing_has_no_ablation(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    recipe = replace(PROBE, epochs=1, evaluations=1)
    assert run(tiny_bert, colours, recipe, tmp_path).without == {}


def test_a_fusion_needs_both_inputs_and_two_inputs_need_a_fusion(
    make: Callable[[By], ModelCard], task: TaskCard, colours: TaskCard, tiny_bert: ModelCard
) -> None:
    gated = make("gated")
    assert "needs pooled features; tiny-fusion gives none" in str(mismatch(gated, colours, PROBE))
    dual = replace(tiny_bert, modalities=("text", "image"), image=squash(16))
    assert "needs fused features; tiny-bert gives none" in str(mismatch(dual, task, PROBE))
    assert isinstance(gated.source, FusionModel)
