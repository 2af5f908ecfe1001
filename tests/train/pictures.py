"""A small image–text task: sixteen flags of two stripes, each drawn three times, with names."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
from PIL import Image

from mmbench.cards import FileData, Label, SplitRule, Target, TaskCard

COLOURS = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (40, 60, 220), "a": (240, 220, 40)}
CHINESE = {"red": "红", "green": "绿", "blue": "蓝", "a": "黄"}


def flag(top: str, bottom: str, seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    pixels = np.empty((16, 16, 3))
    pixels[:8], pixels[8:] = COLOURS[top], COLOURS[bottom]
    noisy = np.clip(pixels + rng.normal(0, 12, pixels.shape), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(noisy).save(file, format="PNG")
    return file.getvalue()


def write_flags(folder: Path) -> Path:
    """Columns image, name, concept, top, fold: two drawings to train on, the third apart."""
    rows: list[dict[str, Any]] = []
    for number, (top, bottom) in enumerate((t, b) for t in COLOURS for b in COLOURS):
        for copy in range(3):
            seen = number % 4 != 0
            fold = ("train" if number % 4 < 3 else "validation") if seen else "test"
            rows.append(
                {
                    "image": flag(top, bottom, 3 * number + copy),
                    "name": f"{top} on {bottom}",
                    "concept": f"{top}-{bottom}",
                    "top": top,
                    "fold": "shift" if copy == 2 and seen else fold,
                }
            )
    path = folder / "flags.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


SPLITS = {
    "train": SplitRule(where={"fold": ("train",)}),
    "validation": SplitRule(where={"fold": ("validation",)}),
    "test": SplitRule(where={"fold": ("test",)}),
    "test_shift": SplitRule(where={"fold": ("shift",)}),
}


def retrieval_task(data: Path) -> TaskCard:
    return TaskCard(
        name="flags",
        version=1,
        kind="retrieval",
        languages=("en",),
        inputs={"image": "image", "text": "name"},
        target=Target(column="concept"),
        source=FileData(via="files", files={"all": str(data)}),
        splits=SPLITS,
        group="concept",
        group_exempt=("test_shift",),
        metrics=("mean_recall", "i2t_recall@1", "t2i_recall@1", "i2t_median_rank"),
    )


def naming_task(data: Path) -> TaskCard:
    """The colour on top, which a dual encoder can be told in two languages."""
    names = {colour: {"en": colour, "zh": CHINESE[colour]} for colour in COLOURS}
    return TaskCard(
        name="tops",
        version=1,
        kind="classification",
        languages=(),
        inputs={"image": "image"},
        target=Target(column="top", labels=tuple(Label(value=c, names=names[c]) for c in COLOURS)),
        source=FileData(via="files", files={"all": str(data)}),
        splits=SPLITS,
        metrics=("accuracy",),
        prompts={"en": ("{label} on top", "a {label} dog"), "zh": ("{label}色的狗",)},
    )
