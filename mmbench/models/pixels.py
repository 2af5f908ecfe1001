"""Encoded images → pixels of one size, once, into the cache; and pixels → batches."""

import hashlib
import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import PIL
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from mmbench.cards import ImageRules
from mmbench.data.cache import Cache
from mmbench.data.examples import EncodedMedia, Examples
from mmbench.data.pictures import UNREADABLE, check_size, picture
from mmbench.data.prepared import Inputs, PreparedFacts
from mmbench.digests import digest_of
from mmbench.errors import DataError, first_line

VERSION = 1  # raised when the same image and rules would give other pixels
NAMED = 5

FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelRows:
    """pixels: [N, 3, H, W] uint8, RGB, memory-mapped. lengths: [N] ones."""

    pixels: NDArray[np.uint8]
    lengths: NDArray[np.int64]
    digest: str
    facts: PreparedFacts
    padded_to: None = None

    def __len__(self) -> int:
        return len(self.pixels)

    def collate(self, indices: Sequence[int]) -> Inputs:
        """pixels: [B, 3, H, W] uint8."""
        rows = self.pixels[np.asarray(indices, dtype=np.int64)]  # a copy, as the map is read-only
        return {"pixels": torch.from_numpy(np.asarray(rows))}


Centre = Literal["rounded", "floor"]
"""Where `crop` cuts if an odd number of pixels is over: as torchvision does, or transformers."""


def per_channel(values: tuple[float, float, float]) -> Tensor:
    """[1, 3, 1, 1] float32: a card's mean or std, to be held on the model's device."""
    return torch.tensor(values, dtype=torch.float32).view(1, 3, 1, 1)


def normalised(pixels: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """[B, 3, H, W] uint8 → the same in mean's type and on its device, as a model takes them."""
    return pixels.to(mean.dtype).div(255).sub(mean).div(std)


def decode(
    rules: ImageRules, examples: Examples, cache: Cache, *, centre: Centre = "rounded"
) -> PixelRows:
    """The images of `examples` by `rules`. DataError counts those that cannot be read, and why."""
    images = cast("Sequence[EncodedMedia]", examples.inputs["image"])
    geometry = {"size": rules.size, "fit": rules.fit, "interpolation": rules.interpolation}
    key = digest_of(
        {
            "images": _digest_of_images(images, examples.ids),
            "rules": geometry | {"crop_fraction": rules.crop_fraction, "centre": centre},
            "pillow": PIL.__version__,
            "version": VERSION,
        }
    )
    entry, _ = cache.get("pixels", key, lambda to: _build(rules, centre, images, examples.ids, to))
    return PixelRows(
        pixels=entry.arrays["pixels"],
        lengths=np.ones(len(images), np.int64),
        # with mean and std, which forward applies: features cached by it are never another card's
        digest=digest_of({"rows": key, "rules": asdict(rules)}),
        facts=PreparedFacts(),
    )


def pixels_of(
    image: EncodedMedia, rules: ImageRules, centre: Centre = "rounded"
) -> NDArray[np.uint8]:
    """[3, size, size] uint8, RGB: the first frame, upright, on white, resized.

    The result equals that of timm's and open_clip's evaluation transforms, and of a transformers
    image processor with the Pillow backend if the centre is `floor`. (Its torchvision backend
    resizes a little otherwise.) ValueError or one of Pillow's errors if it cannot be read.
    """
    upright = picture(image)
    resized = _squash(upright, rules) if rules.fit == "squash" else _crop(upright, rules, centre)
    return np.asarray(resized).transpose(2, 0, 1)


def _squash(image: Image.Image, rules: ImageRules) -> Image.Image:
    return image.resize((rules.size, rules.size), FILTERS[rules.interpolation])


def _crop(image: Image.Image, rules: ImageRules, centre: Centre) -> Image.Image:
    """torchvision's Resize(short side) and CenterCrop, with timm's rounding of the short side."""
    short = math.floor(rules.size / rules.crop_fraction)
    width, height = image.size
    if width <= height:
        width, height = short, int(short * height / width)
    else:
        width, height = int(short * width / height), short
    check_size(width, height)
    image = image.resize((width, height), FILTERS[rules.interpolation])
    cut = round if centre == "rounded" else math.floor
    left, top = cut((width - rules.size) / 2), cut((height - rules.size) / 2)
    return image.crop((left, top, left + rules.size, top + rules.size))


def _build(
    rules: ImageRules,
    centre: Centre,
    images: Sequence[EncodedMedia],
    ids: Sequence[str],
    folder: Path,
) -> Mapping[str, Any]:
    shape = (len(images), 3, rules.size, rules.size)
    if not images:  # nothing can be mapped
        np.save(folder / "pixels.npy", np.zeros(shape, np.uint8))
        return {}
    out = np.lib.format.open_memmap(folder / "pixels.npy", mode="w+", dtype=np.uint8, shape=shape)
    if hasattr(os, "posix_fallocate"):  # a disk that fills up under a map ends the process at once
        with open(folder / "pixels.npy", "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, os.stat(file.fileno()).st_size)

    def fill(row: int) -> None:
        out[row] = pixels_of(images[row], rules, centre)

    _for_each(fill, ids)
    out.flush()
    return {}


def _digest_of_images(images: Sequence[EncodedMedia], ids: Sequence[str]) -> str:
    digests = [b""] * len(images)

    def fill(row: int) -> None:
        image = images[row]
        content = image if isinstance(image, bytes) else image.read_bytes()
        digests[row] = hashlib.sha256(content).digest()

    _for_each(fill, ids)
    return hashlib.sha256(b"".join(digests)).hexdigest()


def _for_each(work: Callable[[int], None], ids: Sequence[str]) -> None:
    """`work` on every row, in threads (Pillow and hashlib release the lock)."""

    def attempt(row: int) -> str | None:
        try:
            work(row)
        except UNREADABLE as error:
            return _reason(error)
        return None

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with ThreadPoolExecutor(cores) as pool, warnings.catch_warnings():
        # a damaged EXIF block or a size that is refused anyway: the outcome says it
        warnings.simplefilter("ignore")
        reasons = list(pool.map(attempt, range(len(ids))))
    bad = [f"{name} ({reason})" for name, reason in zip(ids, reasons, strict=True) if reason]
    if bad:
        more = ", …" if len(bad) > NAMED else ""
        raise DataError(
            f"{len(bad)} of {len(ids)} images cannot be read: {', '.join(bad[:NAMED])}{more}. "
            "Mend or remove these rows."
        )


def _reason(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "no image of a known format"
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return first_line(error, 120)
