"""Cards of the tiny models that answer in words, and what they are asked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from mmbench.cards import AudioRules, FolderModel, GenerationRules, ImageRules, ModelCard, TextRules
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.models.generative import GenerativeAdapter
from tests.models.audio_samples import sound_file, tone
from tests.models.generative_families import READING
from tests.models.samples import encoded, picture

ANSWERS = ("a red cat", "the dog", "a blue cat sat on the mat", "dog")
QUESTIONS = ("what is this ?", "which colour is the cat ?", "what ?", "what is this ?")


def card(family: str, folder: Path, *, max_new_tokens: int = 10) -> ModelCard:
    reads = family in READING
    hears = family == "whisper"
    modalities: tuple[Any, ...] = (
        ("audio",) if hears else ("image", "text") if reads else ("image",)
    )
    return ModelCard(
        name="tiny-writer",
        family="test",
        languages=("en",),
        modalities=modalities,
        adapter="generative",
        library="transformers",
        source=FolderModel(via="folder", path=str(folder)),
        gives=("generates",),
        text=TextRules(max_tokens=16, pooling="own") if reads else None,
        image=None if hears else rules(),
        audio=sound_rules() if hears else None,
        generation=GenerationRules(max_new_tokens=max_new_tokens),
    )


def rules() -> ImageRules:
    return ImageRules(
        size=32,
        fit="squash",
        interpolation="bicubic",
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    )


def sound_rules() -> AudioRules:
    return AudioRules(
        sampling_rate=16000, features="log_mel", max_seconds=1.0, mel_bins=80, padding="max"
    )


def rows(
    answers: Sequence[str] | None = ANSWERS, questions: Sequence[str] | None = None, count: int = 4
) -> Examples:
    """Different pictures with answers, and questions where they are given."""
    inputs: dict[Any, Any] = {"image": [encoded(picture(seed, 40, 40)) for seed in range(count)]}
    if questions is not None:
        inputs["text"] = list(questions)
    return Examples(
        ids=tuple(f"r{row}" for row in range(count)),
        inputs=inputs,
        targets=None if answers is None else tuple(answers),
    )


def heard() -> Examples:
    """Tones of different lengths with answers."""
    sounds = [sound_file(tone(0.2 + 0.15 * row, 200.0 * (row + 1))) for row in range(4)]
    return Examples(
        ids=tuple(f"s{row}" for row in range(4)), inputs={"audio": sounds}, targets=ANSWERS
    )


def inputs_of(
    adapter: GenerativeAdapter, family: str, folder: Path, indices: tuple[int, ...] = (0, 1, 2, 3)
) -> dict[str, Tensor]:
    return dict(prepared(adapter, family, folder).collate(indices))


def prepared(adapter: GenerativeAdapter, family: str, folder: Path) -> Any:
    examples = heard() if family == "whisper" else rows(questions=_questions(family))
    return adapter.prepare(examples, Cache(folder))


def _questions(family: str) -> tuple[str, ...] | None:
    return QUESTIONS if family in READING else None
