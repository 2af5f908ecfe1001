"""One comparison: its arms, and the sizes and cards that all of them share."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.interleave import Arm
from benchmarks.peers.record import Comparison

TEXTS, LONGER_TEXTS, IMAGES = "emoji-keywords-group-en", "reviews-zh", "emoji-group"
TEXT_MODEL, IMAGE_MODEL = "minilm-l6", "efficientnet-lite0"
MAX_TOKENS = 128
ALLOWED_DIFFERENCE = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """rows: at most so many of every split. epochs: of fine-tuning. matrix_repeats: rounds of the
    matrix, which is mostly starts of processes. folder: for what arms leave to be compared.
    clip_benchmark: the folder that it is installed in. bf16_over_fp32: seconds of the one over
    those of the other, of a matrix product here."""

    rows: int
    epochs: int
    repeats: int
    matrix_repeats: int
    folder: Path
    clip_benchmark: Path
    bf16_over_fp32: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """quality: the name of the value that says how well the work was done, if any. features: the
    file that each arm leaves its features in; they must agree."""

    name: str
    title: str
    work: str
    arms: tuple[Arm, ...]
    comparisons: tuple[Comparison, ...]
    quality: str | None = None
    features: tuple[tuple[str, Path], ...] = ()
    notes: tuple[str, ...] = ()
