"""Speech becomes text by CTC: learnt by heart, scored as jiwer does, kept; what it cannot, told."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
import torch
from rapidfuzz.distance import Levenshtein

from mmbench.answers import Generated
from mmbench.cards import ModelCard, Recipe, Target, TaskCard
from mmbench.data.cache import Cache
from mmbench.data.tasks import load_task
from mmbench.errors import CardError, DataError
from mmbench.inference import evaluate, predict
from mmbench.models.loading import load
from mmbench.plan import mismatch
from mmbench.store import Stored
from mmbench.train.objectives import SplitRows
from mmbench.train.objectives.constant_text import constant_answer
from mmbench.train.objectives.transcription import Transcription
from tests.models.audio_samples import (
    LOG_MEL,
    RATE,
    WAVEFORM,
    scratch_card,
    sound_file,
    tone,
)
from tests.train.comparing import can_be_compared
from tests.train.kinds import (
    BY_HEART,
    is_the_same_in_batches_of_any_size,
    objective_with,
    predictions,
    score,
    task,
    trained,
    value,
)

METRICS = ("cer", "wer")
PITCHES = {"a": 300.0, "b": 700.0, "c": 1500.0, " ": 0.0}
MELODY = replace(LOG_MEL, max_seconds=2.0)
RECIPE = replace(BY_HEART, epochs=100, learning_rates=(1e-2,))


def sung(text: str) -> bytes:
    """0.15 s a letter, each at its pitch, with a short pause behind it."""
    parts = [np.concatenate([tone(0.15, PITCHES[c]), np.zeros(800, np.float32)]) for c in text]
    return sound_file(np.concatenate(parts).astype(np.float32))


def melodies(count: int) -> list[dict[str, Any]]:
    """Two to five letters; written with capitals and a full stop, which normalising takes away."""
    rng = np.random.default_rng(5)
    texts = ["".join(rng.choice(list("abc "), size=int(rng.integers(2, 6)))) for _ in range(count)]
    texts = [" ".join(text.split()) or "a" for text in texts]
    return [{"sound": sung(text), "target": text.capitalize() + "."} for text in texts]


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> TaskCard:
    found = task(
        tmp_path_factory.mktemp("transcription"),
        "transcription",
        inputs={"audio": "sound"},
        rows=melodies(40),
        metrics=METRICS,
    )
    return replace(
        found, target=Target(column="target", normalise=("lower", "punctuation", "spaces"))
    )


@pytest.fixture(scope="module")
def model() -> ModelCard:
    card = scratch_card("whisper", MELODY, d_model=32, encoder_ffn_dim=64, dropout=0.0)
    return replace(card, lora_targets=("q_proj", "v_proj"))


@pytest.fixture(scope="module")
def stored(model: ModelCard, card: TaskCard, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return trained(model, card, tmp_path_factory.mktemp("trial"), RECIPE)


def plain(texts: list[str]) -> list[str]:
    return [text.lower().removesuffix(".") for text in texts]


def test_sixteen_melodies_are_learnt_by_heart(stored: Stored) -> None:
    assert value(stored, "after", "train", "cer") <= 0.02
    assert value(stored, "after", "test", "cer") < value(stored, "constant", "test", "cer") / 2


def test_the_scores_are_jiwers_of_the_stored_predictions(stored: Stored) -> None:
    can_be_compared(stored)
    found = predictions(stored)
    references = plain(found["target"])
    assert all(text.endswith(".") for text in found["target"])
    wanted = {
        "cer": jiwer.cer(references, found["predicted"]),
        "wer": jiwer.wer(references, found["predicted"]),
    }
    for metric, known in wanted.items():
        assert value(stored, "after", "test", metric) == pytest.approx(known)
        assert score(stored, "after", "test", metric).interval is not None


def test_the_baseline_says_the_training_text_that_is_nearest_to_all(
    stored: Stored, card: TaskCard
) -> None:
    data = load_task(card)
    train = plain(list(data.splits["train"].targets))  # type: ignore[arg-type]
    total = {text: sum(Levenshtein.distance(text, other) for other in train) for text in train}
    said = min(sorted(total), key=lambda text: total[text])
    assert constant_answer(train) == said
    test = plain(list(data.splits["test"].targets))  # type: ignore[arg-type]
    expected = jiwer.cer(test, [said] * len(test))
    assert value(stored, "constant", "test", "cer") == pytest.approx(expected)


def test_a_kept_model_answers_with_texts_and_is_scored_again(
    stored: Stored, card: TaskCard
) -> None:
    rows = load_task(card).splits["test"]
    answers = predict(stored, sounds=list(rows.inputs["audio"]))  # type: ignore[arg-type]
    said = [answer.text for answer in answers if isinstance(answer, Generated)]
    assert said == predictions(stored)["predicted"]
    again = [s for s in evaluate(stored) if s.split == "test" and s.metric == "cer"]
    assert again[0].value == pytest.approx(value(stored, "after", "test", "cer"))


def test_batches_and_padding_change_nothing(stored: Stored, card: TaskCard, tmp_path: Path) -> None:
    is_the_same_in_batches_of_any_size(stored, tmp_path)
    waves = trained(
        scratch_card("wav2vec2", replace(WAVEFORM, max_seconds=2.0)),
        card,
        tmp_path / "waves",
        replace(RECIPE, epochs=2),
    )
    is_the_same_in_batches_of_any_size(waves, tmp_path)


WAYS: list[dict[str, Any]] = [
    {"strategy": "head"},
    {"strategy": "partial", "blocks": 1},
    {"strategy": "bitfit"},
    {"strategy": "lora", "lora_rank": 4, "lora_alpha": 8.0},
]


@pytest.mark.parametrize("changes", WAYS)
def test_other_strategies_learn_as_well(
    model: ModelCard, card: TaskCard, tmp_path: Path, changes: dict[str, Any]
) -> None:
    recipe = replace(RECIPE, epochs=30, learning_rates=(2e-2,), **changes)
    found = trained(model, card, tmp_path, recipe)
    curve = found.record.curve
    first, last = curve[0].train_loss, curve[-1].train_loss
    assert first is not None
    assert last is not None
    assert last < first < 20


def test_micro_batches_give_the_gradient_of_the_whole(
    model: ModelCard, card: TaskCard, tmp_path: Path
) -> None:
    """Transcripts differ in length: the mean is over characters, not over clips or batches."""
    recipe = replace(RECIPE, epochs=1, evaluations=1, clip_norm=None)
    whole = trained(model, card, tmp_path / "whole", recipe)
    pieces = trained(model, card, tmp_path / "pieces", replace(recipe, micro_batch=3))
    (one,), (other,) = whole.record.curve, pieces.record.curve
    assert one.train_loss == pytest.approx(other.train_loss, rel=1e-5)
    assert one.validation_loss == pytest.approx(other.validation_loss, rel=1e-3)


def an_objective(card: TaskCard, folder: Path, model: ModelCard, recipe: Recipe = RECIPE) -> Any:
    adapter = load(model)
    objective = objective_with(adapter, load_task(card), card, recipe, folder)
    assert isinstance(objective, Transcription)
    train = objective.data.splits["train"]
    return objective, adapter.prepare(train, Cache(folder))


def test_the_validation_loss_is_torchs(card: TaskCard, model: ModelCard, tmp_path: Path) -> None:
    """In nats a character, over all clips, one at a time through torch's own loss."""
    objective, rows = an_objective(card, tmp_path, model)
    examples = objective.data.splits["train"]
    learner = objective.learner(rows, None).eval()
    found = objective.validation(learner, SplitRows(name="x", examples=examples, rows=rows)).loss
    total, characters = 0.0, 0
    for row, text in enumerate(plain(list(examples.targets))):
        with torch.no_grad():
            logits, frames = learner.logits(rows.collate([row]))
        target = [1 + objective.characters.index(c) for c in text]
        scores = logits[0, : int(frames)].log_softmax(1)
        total += float(
            torch.nn.functional.ctc_loss(
                scores,
                torch.tensor(target),
                torch.tensor(len(scores)),
                torch.tensor(len(target)),
                reduction="sum",
            )
        )
        characters += len(target)
    assert found == pytest.approx(total / characters, rel=1e-4)


def with_rows(folder: Path, *extra: dict[str, Any]) -> TaskCard:
    rows = melodies(28)
    return task(
        folder,
        "transcription",
        inputs={"audio": "sound"},
        rows=[*extra, *rows],
        metrics=("cer",),
    )


def test_clips_too_short_for_their_transcript_are_named(model: ModelCard, tmp_path: Path) -> None:
    short = sound_file(tone(0.05))  # three frames, for four characters with a blank in between
    card = with_rows(tmp_path, {"sound": short, "target": "aabc", "id": "x"})
    objective, rows = an_objective(card, tmp_path, model)
    with pytest.raises(DataError, match=r"1 of 16 training clips give tiny-audio fewer frames"):
        objective.learner(rows, None)


def test_a_reference_of_punctuation_alone_is_named(model: ModelCard, tmp_path: Path) -> None:
    card = with_rows(tmp_path, {"sound": sung("ab"), "target": "?!"})
    card = replace(card, target=Target(column="target", normalise=("punctuation",)))
    with pytest.raises(DataError, match="nothing of the transcript of 1 training clips: all/0"):
        an_objective(card, tmp_path, model)


def test_characters_that_training_lacks_are_told(model: ModelCard, tmp_path: Path) -> None:
    rows = melodies(40)
    rows[30] = {"sound": sung("ab"), "target": "xy"}
    rows[20] = {"sound": sung("ab"), "target": "x"}  # of validation: it has no finite loss
    card = task(tmp_path, "transcription", inputs={"audio": "sound"}, rows=rows, metrics=("cer",))
    found = trained(model, card, tmp_path / "trial", replace(RECIPE, epochs=2))
    after = score(found, "after", "test", "cer")
    assert after.note is not None
    assert after.note.startswith("2 of ")
    assert after.note.endswith("characters of the references stand in no training text")
    assert all(np.isfinite(point.validation_loss) for point in found.record.curve)


def test_what_ctc_does_not_do_is_refused(model: ModelCard, card: TaskCard, tmp_path: Path) -> None:
    reason = mismatch(model, card, replace(RECIPE, strategy="probe"))
    assert reason is not None
    assert "a probe keeps one vector a clip" in reason
    zero_shot = Recipe(name="zero", strategy="zero_shot")
    assert mismatch(model, card, zero_shot) == (
        "zero-shot needs a model that answers in words; tiny-audio does not"
    )
    pooled = replace(model, gives=("pooled",))
    assert mismatch(pooled, card, RECIPE) == (
        "kind 'transcription' needs tokens or generates features; tiny-audio gives none"
    )
    with pytest.raises(CardError, match="label_smoothing is not used by CTC"):
        an_objective(card, tmp_path, model, replace(RECIPE, label_smoothing=0.1))


def test_the_rate_of_clips_is_that_of_their_file(stored: Stored) -> None:
    """Seconds of audio a second, from the samples of the clips."""
    found = stored.record.measurement("train_audio_seconds_per_second")
    clips = stored.record.measurement("train_samples_per_second")
    assert found is not None
    assert clips is not None
    assert found.value is not None
    assert clips.value is not None
    assert 0.4 < found.value / clips.value < 1.0  # two to five letters of 0.2 s
    assert stored.record.measurement("train_tokens_per_second") is None
    assert RATE == 16_000
