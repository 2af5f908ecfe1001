"""Whole trials of models that write: they learn, start alike, are kept, and answer."""

import re
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from torch import nn

from mmbench import inference
from mmbench.answers import Generated
from mmbench.api import finetune
from mmbench.cards import (
    FolderModel,
    GenerationRules,
    ModelCard,
    PairModel,
    RandomModel,
    Recipe,
    TaskCard,
    TextRules,
    TrainedTokenizer,
)
from mmbench.catalog import Catalog
from mmbench.data.batches import Batch
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.tasks import load_task
from mmbench.metrics.generation import measures
from mmbench.metrics.resampling import known_values
from mmbench.models.generative import GenerativeAdapter
from mmbench.models.loading import load
from mmbench.plan import mismatch
from mmbench.records import Record, Score, Trial
from mmbench.store import Stored
from mmbench.train import strategy
from mmbench.train.generation import Generative
from mmbench.train.learner import Place
from mmbench.train.objectives.generation import most_frequent
from mmbench.trial import resolve, run_trial
from mmbench.workbench import Bench
from tests.models.audio_samples import sound_file, tone
from tests.models.generative_samples import card as written_card
from tests.models.generative_samples import sound_rules, write
from tests.models.samples import image_card, squash
from tests.train.comparing import can_be_compared
from tests.train.trials import run
from tests.train.words import caption_task, question_task, write_words

pytestmark = pytest.mark.usefixtures("quick_timing")

FULL = Recipe(
    name="all",
    strategy="full",
    learning_rates=(3e-3,),
    epochs=30,
    weight_decay=0.0,
    batch_size=8,
    evaluations=3,
)
PROBE = replace(FULL, name="decoder", strategy="probe", learning_rates=(1e-2,))
HEAD = replace(PROBE, name="head", strategy="head", epochs=2)
ZERO = Recipe(name="zero", strategy="zero_shot")
EYE: dict[str, Any] = {
    "model_type": "vit",
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "image_size": 16,
    "patch_size": 8,
}
DECODER = {
    "model_type": "blip_text_model",
    "vocab_size": 200,
    "hidden_size": 32,
    "encoder_hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 24,
    "bos_token_id": 2,
    "sep_token_id": 3,
    "eos_token_id": 3,
    "pad_token_id": 0,
    "initializer_range": 0.1,
}
OWN_WORDS = TrainedTokenizer(via="trained", vocabulary=200, pieces="bpe")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_words(tmp_path_factory.mktemp("words"))


@pytest.fixture
def captions(data: Path) -> TaskCard:
    return caption_task(data)


@pytest.fixture
def questions(data: Path) -> TaskCard:
    return question_task(data)


@pytest.fixture(scope="module")
def captioner(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """A saved image encoder, as if it were pretrained, and a decoder from a random start."""
    from transformers import ViTConfig, ViTModel

    folder = tmp_path_factory.mktemp("eye")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = ViTConfig(**{k: v for k, v in EYE.items() if k != "model_type"})
        ViTModel(config).save_pretrained(folder)
    decoder = ModelCard(
        name="tiny-decoder",
        family="scratch",
        languages=("en",),
        modalities=("text",),
        adapter="generative",
        library="transformers",
        source=RandomModel(via="random", config=DECODER, tokenizer=OWN_WORDS),
        gives=("generates",),
        text=TextRules(max_tokens=12, pooling="own"),
        generation=GenerationRules(max_new_tokens=12),
    )
    eye = image_card(FolderModel(via="folder", path=str(folder)), rules=squash(16))
    return ModelCard(
        name="tiny-captioner",
        family="scratch",
        languages=("en",),
        modalities=("image", "text"),
        adapter="generative",
        source=PairModel(via="pair", image=eye.name, text=decoder.name),
        gives=("generates",),
        generation=GenerationRules(max_new_tokens=12),
        parts={"image": eye, "text": decoder},
    )


def score(record: Record, stage: str, split: str, metric: str) -> Score:
    (found,) = (s for s in record.scores if (s.stage, s.split, s.metric) == (stage, split, metric))
    return found


# ------------------------------------------------------------------- what must be learned


def overfitted(
    card: ModelCard, examples: Examples, folder: Path, *, steps: int, rate: float = 3e-3
) -> list[str]:
    """What a model says of the very examples it was trained on."""
    adapter = load(card)
    assert isinstance(adapter, GenerativeAdapter)
    adapter.learn_vocabulary(examples)
    rows = adapter.prepare(examples, Cache(folder))
    inputs = rows.collate(range(len(rows)))
    learner = Generative(adapter).train()
    optimizer = torch.optim.AdamW(learner.parameters(), lr=rate, weight_decay=0.0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for _ in range(steps):
            loss = learner.sums(inputs).sum() / int((inputs["labels"] != -100).sum())
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
    learner.eval()
    with torch.inference_mode():
        return list(adapter.texts(learner.predict(inputs).numpy()))


@pytest.mark.parametrize(
    ("name", "kind", "steps"),
    [("vlm-scratch", "question_answering", 36), ("caption-scratch", "captioning", 60)],
)
def test_a_random_start_of_the_registry_overfits_sixteen_examples_exactly(
    name: str, kind: str, steps: int, data: Path, tmp_path: Path
) -> None:
    task = question_task(data) if kind == "question_answering" else caption_task(data)
    examples = load_task(task).splits["train"]
    assert len(examples) == 16
    said = overfitted(Catalog.standard().model(name), examples, tmp_path, steps=steps)
    assert tuple(said) == examples.targets


def test_a_decoder_behind_an_image_encoder_overfits_sixteen_examples_exactly(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    examples = load_task(captions).splits["train"]
    said = overfitted(captioner, examples, tmp_path, steps=80, rate=1e-2)
    assert tuple(said) == examples.targets


def test_whisper_from_a_random_start_overfits_sixteen_sounds_exactly(tmp_path: Path) -> None:
    words = ("one", "two", "three", "four")
    examples = Examples(
        ids=tuple(f"s{i}" for i in range(16)),
        inputs={"audio": [sound_file(tone(0.4 + 0.03 * i, 150.0 * (1 + i))) for i in range(16)]},
        targets=tuple(f"{a} {b}" for a in words for b in words),
    )
    config = {
        "model_type": "whisper",
        "vocab_size": 200,
        "num_mel_bins": 80,
        "d_model": 64,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
        "encoder_ffn_dim": 128,
        "decoder_ffn_dim": 128,
        "max_source_positions": 50,
        "max_target_positions": 24,
        "decoder_start_token_id": 2,
        "bos_token_id": 2,
        "eos_token_id": 3,
        "pad_token_id": 0,
        "init_std": 0.1,
    }
    card = ModelCard(
        name="tiny-whisper",
        family="scratch",
        languages=("en",),
        modalities=("audio",),
        adapter="generative",
        library="transformers",
        source=RandomModel(via="random", config=config, tokenizer=OWN_WORDS),
        gives=("generates",),
        audio=sound_rules(),
        generation=GenerationRules(max_new_tokens=10),
    )
    said = overfitted(card, examples, tmp_path, steps=150)
    assert tuple(said) == examples.targets


def test_a_captioner_learns_more_than_the_commonest_caption(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    """In the way of a probe: the encoder runs once."""
    record = run(captioner, captions, PROBE, tmp_path)
    after = score(record, "after", "test", "chrf")
    before = score(record, "majority", "test", "chrf")
    assert after.low is not None
    assert before.high is not None
    assert after.low > before.high
    assert score(record, "before", "test", "chrf").note == (
        "random weights: nothing is said before training"
    )


def test_scores_are_those_of_the_texts_that_were_written(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    record = run(captioner, captions, PROBE, tmp_path)
    can_be_compared(Stored(folder=tmp_path, record=record))
    table = pq.read_table(tmp_path / "predictions.parquet").to_pylist()
    rows = [row for row in table if row["split"] == "test"]
    expected = known_values(
        measures(
            "captioning",
            captions.metrics,
            [row["target"] for row in rows],
            [row["predicted"] for row in rows],
            languages=("en",),
        )
    )
    assert len(rows) == 12
    for metric, value in expected.items():
        assert score(record, "after", "test", metric).value == pytest.approx(value)


def test_two_runs_write_the_same(captioner: ModelCard, captions: TaskCard, tmp_path: Path) -> None:
    short = replace(PROBE, epochs=3, evaluations=1)
    first = run(captioner, captions, short, tmp_path / "a")
    assert run(captioner, captions, short, tmp_path / "b").logits_digest == first.logits_digest


def test_a_model_with_a_question_learns_to_answer_it(questions: TaskCard, tmp_path: Path) -> None:
    card = Catalog.standard().model("vlm-scratch")
    record = run(
        card, questions, replace(FULL, learning_rates=(3e-3,), epochs=8, evaluations=1), tmp_path
    )
    after = score(record, "after", "train", "answer_accuracy").value
    majority = score(record, "majority", "train", "answer_accuracy").value
    assert after is not None
    assert majority is not None
    assert after > majority + 0.3


# ------------------------------------------------------------------ baselines, zero-shot


def test_the_baseline_says_what_was_said_most_often_to_the_same_question() -> None:
    train = Examples(
        ids=tuple("abcdef"),
        inputs={"text": ["top?", "top?", "top?", "below?", "below?", "below?"]},
        targets=("red", "red", "blue", "green", "green", "green"),
    )
    asked = Examples(ids=tuple("xyz"), inputs={"text": ["top?", "below?", "left?"]})
    assert most_frequent(train, asked) == ["red", "green", "green"]


def test_of_equally_common_captions_the_baseline_says_the_first() -> None:
    train = Examples(ids=tuple("abc"), inputs={"image": [b""] * 3}, targets=("b", "a", "c"))
    assert most_frequent(train, train) == ["a", "a", "a"]


def test_a_pretrained_model_answers_before_any_training(
    questions: TaskCard, tmp_path: Path
) -> None:
    card = written_card("smolvlm", write("smolvlm", tmp_path / "model"))
    record = run(card, questions, ZERO, tmp_path / "run")
    can_be_compared(Stored(folder=tmp_path / "run", record=record))
    assert score(record, "before", "test", "answer_accuracy").value == 0.0
    assert {s.stage for s in record.scores} == {"before", "majority"}
    table = pq.read_table(tmp_path / "run" / "predictions.parquet").to_pylist()
    assert len({row["predicted"] for row in table}) > 1


@pytest.mark.parametrize(
    ("name", "recipe", "reason"),
    [
        ("vlm-scratch", ZERO, "starts at random: it says nothing before training"),
        ("vlm-scratch", replace(FULL, head="zero_shot"), "head: zero_shot is for classes alone"),
        ("vlm-scratch", replace(FULL, dropout=0.3), "sets dropout, which kind"),
        ("minilm-efficientnet", FULL, "needs generates features; minilm-efficientnet gives none"),
        ("minilm-efficientnet", ZERO, "needs a model that answers in words"),
        ("caption-scratch", FULL, "input is image \\+ text; caption-scratch reads image"),
    ],
)
def test_the_plan_refuses_what_cannot_answer(
    name: str, recipe: Recipe, reason: str, questions: TaskCard
) -> None:
    found = mismatch(Catalog.standard().model(name), questions, recipe)
    assert found is not None
    assert re.search(reason, found), found


# --------------------------------------------------------------------- strategies, kept


def changed(card: ModelCard, recipe: Recipe, examples: Examples, folder: Path) -> Mapping[str, Any]:
    """By name, whether a step of training changed the weight."""
    adapter = load(card)
    assert isinstance(adapter, GenerativeAdapter)
    adapter.learn_vocabulary(examples)
    frozen = recipe.strategy in ("head", "probe")
    learner = Generative(adapter, encoder_frozen=frozen)
    strategy.freeze(learner, recipe)
    strategy.training_mode(learner, recipe)
    inputs = adapter.prepare(examples, Cache(folder)).collate(range(len(examples)))
    start = {name: p.detach().clone() for name, p in adapter.generator.named_parameters()}
    trained = [p for p in learner.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1)
    learner.sums(inputs).sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return {
        name: not torch.equal(p, start[name]) for name, p in adapter.generator.named_parameters()
    }


def test_a_head_leaves_the_encoder_as_it_was_and_trains_the_decoder(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    found = changed(captioner, HEAD, load_task(captions).splits["train"], tmp_path)
    assert not any(moved for name, moved in found.items() if name.startswith("seeing."))
    assert all(
        moved
        for name, moved in found.items()
        if "crossattention" in name and "query" not in name and "bias" not in name
    )
    assert any(name.startswith("seeing.") for name in found)


def test_a_probe_does_not_write_into_the_model_that_the_next_trial_gets(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    bench = Bench(device=torch.device("cpu"), cache=Cache(tmp_path / "cache"))
    trial = resolve(
        Trial(
            model=captioner,
            task=captions,
            recipe=replace(PROBE, epochs=2, evaluations=1),
            seed=0,
        )
    )
    digests = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        digests.append(run_trial(trial, folder, bench).logits_digest)
    assert digests[0] == digests[1]


@pytest.mark.parametrize("recipe", [PROBE, replace(FULL, epochs=4)])
def test_a_kept_captioner_writes_the_same(
    recipe: Recipe, captioner: ModelCard, captions: TaskCard, data: Path, tmp_path: Path
) -> None:
    record = run(captioner, captions, recipe, tmp_path, keep="best")
    test = load_task(captions).splits["test"]
    table = pq.read_table(tmp_path / "predictions.parquet").to_pylist()
    wanted = {row["id"]: row["predicted"] for row in table if row["split"] == "test"}
    answers = inference.predict(
        Stored(record=record, folder=tmp_path), images=cast(Any, test.inputs["image"])
    )
    assert all(isinstance(answer, Generated) for answer in answers)
    said = [cast(Generated, answer).text for answer in answers]
    assert said == [wanted[row] for row in test.ids]


def test_training_goes_on_from_a_kept_captioner(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    """With a rate so low that nothing changes, it writes what the first one wrote."""
    first = finetune(
        captioner,
        captions,
        recipe=replace(PROBE, epochs=10),
        results=tmp_path,
        keep="best",
        device="cpu",
    )
    idle = replace(PROBE, learning_rates=(1e-9,), epochs=1, evaluations=1)
    second = finetune(
        captioner, captions, recipe=idle, results=tmp_path, init_from=first, device="cpu"
    )
    assert [stage.note for stage in second.record.stages] == ["the head is taken over"]
    said = [
        pq.read_table(stored.folder / "predictions.parquet")["predicted"].to_pylist()
        for stored in (first, second)
    ]
    assert said[0] == said[1]
    assert len(set(said[0])) > 1


def test_accumulated_steps_are_those_of_the_whole_batch(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    """Answers differ in length, so that a mean of means would be another gradient."""
    examples = load_task(captions).splits["train"]
    texts = tuple("Red on blue and green"[: 3 + row] for row in range(16))
    examples = replace(examples, targets=texts)
    adapter = load(captioner)
    assert isinstance(adapter, GenerativeAdapter)
    adapter.learn_vocabulary(examples)
    rows = adapter.prepare(examples, Cache(tmp_path))
    place = Place(device=torch.device("cpu"), move=lambda b: b, autocast=nullcontext)

    def gradient(pieces: list[list[int]]) -> torch.Tensor:
        learner = Generative(adapter).eval()
        learner.zero_grad()
        batches = [
            Batch(
                inputs=rows.collate(piece),
                targets=None,
                indices=piece,
                samples=len(piece),
                tokens=1,
                padded_tokens=1,
            )
            for piece in pieces
        ]
        learner.backward(batches, place)
        grads = [p.grad.flatten() for p in learner.parameters() if p.grad is not None]
        return torch.cat(grads).clone()

    whole = gradient([list(range(16))])
    parts = gradient([list(range(3)), list(range(3, 16))])
    assert rows.answers is not None
    assert len(np.unique(rows.answers.lengths)) > 1
    assert torch.allclose(whole, parts, atol=1e-6)
