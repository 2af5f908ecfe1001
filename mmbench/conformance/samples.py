"""A few sentences, pictures and tones, made on the spot: what the contract is tried on."""

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmbench.cards import ModelCard, Slot
from mmbench.data.examples import Examples

TEXTS = (
    "a red dog",
    "房间很干净，服务也好。",
    "the small cat sat on the mat and looked at the big house behind the old trees",
    "猫在屋里睡觉，狗在门口等着主人回来，外面下着小雨，街上没有人。",
    "it ran",
    "This hotel was quiet, and nobody answered the phone for 2 days.",
)
ANSWERS = ("a red dog", "一只猫", "the cat sat on the mat", "dog", "it ran", "a quiet hotel")
QUESTIONS = (
    "what is it ?",
    "这是什么？",
    "which animal sat on the mat ?",
    "谁？",
    "how ?",
    "is it ?",
)
SECONDS = (0.3, 0.9, 0.45, 0.6, 0.8, 0.5)
SIZES = ((40, 30), (64, 64), (30, 48), (90, 50), (33, 32), (120, 80))  # width, height in pixels
LONG = " ".join(["这家酒店的房间很干净 the room was clean and the street was quiet"] * 60)


def examples_for(card: ModelCard, *, count: int = len(TEXTS)) -> Examples:
    """Rows of what the card's model reads, in mixed lengths and shapes, with answers if it writes.

    A model that reads images and texts and gives each a vector, or writes, has both in each row.
    """
    inputs: dict[Slot, Any] = {}
    writes = "generates" in card.gives
    reads = card.modalities
    if card.parts and writes:  # a captioner's text part writes, and reads nothing
        reads = ("image",)
    if "text" in reads:
        inputs["text"] = (QUESTIONS if writes else TEXTS)[:count]
    if "image" in reads:
        inputs["image"] = [picture(seed, *SIZES[seed]) for seed in range(count)]
    if "audio" in reads:
        inputs["audio"] = [tone(SECONDS[row], 220.0 * (row + 1)) for row in range(count)]
    return Examples(
        ids=tuple(f"row-{row}" for row in range(count)),
        inputs=inputs,
        targets=ANSWERS[:count] if writes else None,
    )


def long_text() -> Examples:
    """A text that is longer than any model of texts takes whole."""
    return Examples(ids=("long",), inputs={"text": (LONG,)})


def picture(seed: int, width: int, height: int) -> bytes:
    """PNG: noise over a gradient, so that every filter and offset shows."""
    noise = np.random.default_rng(seed).integers(0, 120, (height, width, 3))
    ramp = np.linspace(0, 130, width)[None, :, None]
    buffer = BytesIO()
    Image.fromarray((noise + ramp).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def tone(seconds: float, pitch: float, *, rate: int = 16_000) -> bytes:
    """WAV: a tone of `pitch` Hz with some noise."""
    import soundfile

    times: NDArray[np.float64] = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(round(1000 * seconds)).normal(0, 0.02, len(times))
    buffer = BytesIO()
    wave = 0.4 * np.sin(2 * np.pi * pitch * times) + noise
    soundfile.write(buffer, wave.astype(np.float32), rate, format="WAV", subtype="FLOAT")
    return buffer.getvalue()
