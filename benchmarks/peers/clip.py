"""CLIP_benchmark's linear probe on a machine without CUDA.

Its `evaluate` asserts the device "cuda" and calls `.cuda()`, and its `accuracy` makes a number of
an array of one in a way that NumPy 2.4 refuses. Those words of its source, and no others, are
replaced before it is run; an unknown source is refused. Apart from these it is theirs.
"""

import importlib.util
import sys
import types
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from benchmarks.peers.work import WARM_UP_ROWS
from mmbench.cards import ImageRules
from mmbench.data.examples import Examples, TaskData
from mmbench.models.image import ImageAdapter
from mmbench.models.pixels import FILTERS

PACKAGE = "clip_benchmark.metrics"
PROBE, ACCURACY = f"{PACKAGE}.linear_probe", f"{PACKAGE}.zeroshot_classification"
REPLACED = {
    PROBE: {"    assert device == 'cuda'": ("    #", 1), ".cuda()": (".cpu()", 4)},
    ACCURACY: {".cpu().numpy()) / n": (".cpu().numpy()[0]) / n", 1)},  # NumPy 2.4 refuses [1]
}
"""What is replaced in which module: by what, and how often it must be found."""

LEARNING_RATE = 0.1
EPOCHS = 10
"""Defaults of its command line, as are batches of 64 and 4 workers."""


class Encoder(nn.Module):
    """An image encoder as CLIP_benchmark calls it; it is given pixels already normalised."""

    def __init__(self, adapter: ImageAdapter) -> None:
        super().__init__()
        self.backbone: Any = adapter.backbone.eval()
        self.size = adapter.rules.size

    def encode_image(self, pixels: Tensor) -> Tensor:
        """[B, 3, H, W] float → [B, D]."""
        hidden = self.backbone.forward_features(pixels)
        pooled: Tensor = self.backbone.forward_head(hidden, pre_logits=True)
        return pooled.flatten(1)


class Images(Dataset[tuple[Tensor, int]]):
    """Decoded, resized and normalised when asked for, as a torchvision data set does."""

    def __init__(self, examples: Examples, rules: ImageRules) -> None:
        assert isinstance(examples.targets, np.ndarray), "a task of classes has targets"
        self.images = examples.inputs["image"]
        self.targets = examples.targets.tolist()
        self.rules = rules

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return pixels(self.images[index], self.rules), self.targets[index]


def pixels(image: Any, rules: ImageRules) -> Tensor:
    """[3, H, W] float, normalised: a plain Pillow pipeline by the card's rules, on white."""
    with Image.open(BytesIO(image) if isinstance(image, bytes) else image) as opened:
        picture = opened.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    picture = Image.alpha_composite(white, picture).convert("RGB")
    assert rules.fit == "squash", "the rules of the encoder that is compared"
    resized = picture.resize((rules.size, rules.size), FILTERS[rules.interpolation])
    found = torch.from_numpy(np.array(resized)).permute(2, 0, 1).float().div(255)
    mean, std = torch.tensor(rules.mean), torch.tensor(rules.std)
    return (found - mean[:, None, None]) / std[:, None, None]


def loaders(
    adapter: ImageAdapter, data: TaskData, *, batch_size: int, workers: int
) -> Mapping[str, DataLoader[tuple[Tensor, int]]]:
    return {
        name: DataLoader(Images(split, adapter.rules), batch_size=batch_size, num_workers=workers)
        for name, split in data.splits.items()
    }


def linear_probe(
    encoder: Encoder,
    loaders: Mapping[str, DataLoader[tuple[Tensor, int]]],
    *,
    root: str,
    workers: int,
    seed: int,
) -> float:
    """Its accuracy on test, after its own search over weight decays on validation."""
    found = _module().evaluate(
        encoder,
        loaders["train"],
        loaders["test"],
        -1,
        loaders["train"].batch_size,
        workers,
        LEARNING_RATE,
        EPOCHS,
        "peers",
        seed,
        root,
        "cpu",
        val_dataloader=loaders["validation"],
        amp=False,  # bfloat16 on a CPU, which its np.concatenate refuses
    )
    return float(found["lp_acc1"])


def warm_up(encoder: Encoder) -> None:
    """Load its module and run the encoder once."""
    _module()
    with torch.no_grad():
        encoder.encode_image(torch.zeros(WARM_UP_ROWS, 3, encoder.size, encoder.size))


@cache
def _module() -> types.ModuleType:
    """Its linear probe, which imports the other module for its accuracy."""
    for name in (ACCURACY, PROBE):
        path = found(name)
        if path is None:
            raise RuntimeError(
                f"{name} is not found; `make peers` installs it, or name its folder with "
                "--clip-benchmark"
            )
        sys.modules[name] = module = types.ModuleType(name)
        module.__package__ = PACKAGE
        exec(compile(replaced(path.read_text(), name), path, "exec"), module.__dict__)
    return module


def found(name: str) -> Path | None:
    """The file of one of its modules, if it is installed."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:  # not even the package is there
        return None
    return None if spec is None or spec.origin is None else Path(spec.origin)


def replaced(source: str, name: str) -> str:
    """A module's source as it can run here; RuntimeError if its words are not those known."""
    for words, (instead, times) in REPLACED[name].items():
        if source.count(words) != times:
            raise RuntimeError(
                f"{name} has {source.count(words)} times {words!r}, not {times}: another version; "
                "look at it and change REPLACED"
            )
        source = source.replace(words, instead)
    return source
