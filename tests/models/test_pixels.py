"""Pixels equal upstream's preprocessing; what cannot be read is counted and named."""

import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from mmbench.cards import ImageRules
from mmbench.data.cache import Cache
from mmbench.data.examples import EncodedMedia
from mmbench.errors import DataError
from mmbench.models import pixels
from mmbench.models.pixels import decode, pixels_of
from tests.models.samples import encoded, images, picture, squash, timm_transform

Filter = Literal["bilinear", "bicubic", "lanczos"]
SHAPES = ((40, 30), (30, 40), (64, 64), (33, 31), (20, 90), (7, 5), (224, 100))
CROP = ImageRules(
    size=32,
    fit="crop",
    interpolation="bicubic",
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
    crop_fraction=0.875,
)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("fraction", [0.875, 0.9, 1.0])
def test_crop_equals_timms_evaluation_transform(interpolation: Filter, fraction: float) -> None:
    rules = replace(CROP, interpolation=interpolation, crop_fraction=fraction)
    transform = timm_transform(rules, normalize=False)
    for seed, shape in enumerate(SHAPES):
        image = picture(seed, *shape)
        assert np.array_equal(pixels_of(encoded(image), rules), transform(image).numpy())


@pytest.mark.parametrize(("interpolation", "resample"), [("bilinear", 2), ("bicubic", 3)])
def test_squash_equals_the_image_processor_of_transformers(
    interpolation: Filter, resample: int
) -> None:
    rules = replace(squash(32), interpolation=interpolation)
    processor = ViTImageProcessorPil(
        size={"height": 32, "width": 32},
        resample=resample,
        image_mean=list(rules.mean),
        image_std=list(rules.std),
    )
    for seed, shape in enumerate(SHAPES):
        image = picture(seed, *shape)
        theirs = processor(image, return_tensors="np")["pixel_values"][0]
        mean, std = (np.reshape(v, (3, 1, 1)) for v in (rules.mean, rules.std))
        ours = (pixels_of(encoded(image), rules) / 255 - mean) / std
        assert np.abs(ours - theirs).max() <= 1e-6


def solid(colour: tuple[int, ...], mode: str) -> Image.Image:
    return Image.new(mode, (8, 8), colour)


def flat(image: Image.Image, kind: str = "PNG", **options: object) -> list[int]:
    """The one colour of an image that has one."""
    out = pixels_of(encoded(image, kind, **options), squash(8)).reshape(3, -1)
    assert (out == out[:, :1]).all()
    colour: list[int] = out[:, 0].tolist()
    return colour


def test_transparency_lies_on_white() -> None:
    assert flat(solid((255, 0, 0, 0), "RGBA")) == [255, 255, 255]
    assert flat(solid((255, 0, 0, 255), "RGBA")) == [255, 0, 0]
    assert flat(solid((0, 0, 0, 51), "RGBA")) == [204, 204, 204]
    assert flat(solid((0, 0), "LA")) == [255, 255, 255]
    palette = solid((0, 0, 255), "RGB").convert("P")
    assert flat(palette, transparency=palette.getpixel((0, 0))) == [255, 255, 255]
    assert flat(palette) == [0, 0, 255]
    assert flat(solid((1, 2, 3), "RGB"), transparency=(1, 2, 3)) == [255, 255, 255]


def test_other_modes_become_rgb() -> None:
    assert flat(solid((77,), "L")) == [77, 77, 77]
    assert flat(Image.new("1", (8, 8), 1)) == [255, 255, 255]
    assert flat(solid((0, 255, 255, 0), "CMYK"), "TIFF") == [255, 0, 0]
    sixteen_bits = Image.fromarray(np.full((8, 8), 0x8000, np.uint16))
    assert flat(sixteen_bits) == [128, 128, 128]
    with pytest.raises(ValueError, match="mode F have no fixed range"):
        flat(Image.new("F", (8, 8), 0.5), "TIFF")


def test_the_orientation_of_a_camera_is_honoured() -> None:
    image = Image.new("RGB", (8, 4), "white")
    image.paste("black", (0, 0, 4, 4))  # left half
    exif = Image.Exif()
    exif[0x0112] = 6  # shown upright after a quarter turn clockwise
    out = pixels_of(encoded(image, exif=exif), replace(squash(4), interpolation="bilinear"))
    assert (out[0, 0] < 60).all()  # black is on top now
    assert (out[0, -1] > 195).all()


KINDS = ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "ICO"]


@pytest.mark.parametrize("kind", KINDS)
def test_common_formats_are_read(kind: str) -> None:
    image = Image.new("RGB", (16, 16), (200, 100, 50))
    assert np.abs(pixels_of(encoded(image, kind), squash(8))[:, 4, 4] - [200, 100, 50]).max() < 9


def test_a_format_that_starts_another_program_is_not_opened(cache: Cache) -> None:
    content = encoded(picture(1), "EPS")
    assert content.startswith(b"%!PS")
    with pytest.raises(DataError, match=r"i0 \(no image of a known format\)"):
        decode(squash(8), images([content]), cache)


# ------------------------------------------------------------------------- many, and the cache


def test_order_is_kept_and_bytes_equal_paths(tmp_path: Path, cache: Cache) -> None:
    contents = [encoded(picture(seed)) for seed in range(40)]
    paths: list[EncodedMedia] = []
    for seed, content in enumerate(contents):
        paths.append(tmp_path / f"{seed}.png")
        (tmp_path / f"{seed}.png").write_bytes(content)
    from_bytes = decode(squash(16), images(contents), cache)
    from_paths = decode(squash(16), images(paths), Cache(tmp_path / "other"))
    one_by_one = np.stack([pixels_of(content, squash(16)) for content in contents])
    assert np.array_equal(from_bytes.pixels, one_by_one)
    assert np.array_equal(from_paths.pixels, one_by_one)
    assert from_bytes.digest == from_paths.digest


def test_pixels_are_memory_mapped_and_come_as_uint8_batches(cache: Cache) -> None:
    prepared = decode(squash(16), images([encoded(picture(i)) for i in range(5)]), cache)
    assert isinstance(prepared.pixels, np.memmap)
    assert prepared.lengths.tolist() == [1] * 5
    assert prepared.facts.tokens is None
    batch = prepared.collate([3, 0])["pixels"]
    assert batch.dtype == torch.uint8
    assert np.array_equal(batch.numpy(), prepared.pixels[[3, 0]])


def test_the_same_images_come_from_the_cache(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = images([encoded(picture(1)), encoded(picture(2))])
    first = decode(squash(16), rows, cache)
    monkeypatch.setattr(pixels, "_build", None)  # a second build would fail
    again = decode(squash(16), rows, cache)
    assert np.array_equal(first.pixels, again.pixels)
    assert first.digest == again.digest


def test_normalisation_shares_pixels_but_not_the_digest(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = images([encoded(picture(1))])
    first = decode(squash(16), rows, cache)
    monkeypatch.setattr(pixels, "_build", None)
    other = decode(replace(squash(16), mean=(0.0, 0.0, 0.0)), rows, cache)
    assert np.array_equal(first.pixels, other.pixels)
    assert first.digest != other.digest


def test_the_digest_changes_with_images_order_and_rules(cache: Cache) -> None:
    one, two = encoded(picture(1)), encoded(picture(2))

    def digest(*rows: bytes, rules: ImageRules = CROP) -> str:
        return decode(rules, images(rows), cache).digest

    digests = [
        digest(one, two),
        digest(two, one),
        digest(one),
        digest(one, two, rules=squash(32)),
        digest(one, two, rules=replace(CROP, interpolation="lanczos")),
        digest(one, two, rules=replace(CROP, crop_fraction=1.0)),
        digest(one, two, rules=replace(CROP, size=16)),
    ]
    assert len(set(digests)) == len(digests)


def test_no_rows_are_no_pixels(cache: Cache) -> None:
    assert len(decode(squash(16), images([]), cache)) == 0


# ------------------------------------------------------------------------------- unreadable


def test_unreadable_images_are_counted_and_five_are_named(tmp_path: Path, cache: Cache) -> None:
    good = encoded(picture(1))
    rows: list[EncodedMedia] = [good, good[:-200], b"", b"not an image", tmp_path / "absent.png"]
    with pytest.raises(DataError) as caught:
        decode(squash(16), images(rows), cache)
    # a missing file cannot even be hashed; the others fail later, all in one message
    assert str(caught.value) == (
        "1 of 5 images cannot be read: i4 (no such file). Mend or remove these rows."
    )
    with pytest.raises(DataError) as caught:
        decode(squash(16), images([*rows[:4], *[b"x"] * 5]), cache)
    message = str(caught.value)
    assert message.startswith("8 of 9 images cannot be read: i1 (image file is truncated")
    assert "i3 (no image of a known format)" in message
    assert ("i5" in message, "i6" in message) == (True, False)
    assert not list(cache.root.rglob("*.npy"))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is this large."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("side", [7_072, 9_500, 13_000, 60_000])
def test_images_over_fifty_megapixels_are_refused_unread(side: int, cache: Cache) -> None:
    with pytest.raises(DataError, match=r"i0 .*(at most 50 million|decompression bomb)"):
        decode(squash(16), images([bomb(side, side)]), cache)


def test_a_strip_that_would_grow_beyond_the_limit_is_refused(cache: Cache) -> None:
    with pytest.raises(DataError, match="at most 50 million"):
        decode(replace(CROP, size=224), images([encoded(Image.new("L", (2, 4000)))]), cache)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_never_crash(kind: str, cache: Cache) -> None:
    """200 mutated files a format: each gives pixels or a reason, and nothing else."""
    random = np.random.default_rng(5)
    original = encoded(picture(3, 24, 20), kind)
    outcomes = [outcome(mutated(original, random), cache) for _ in range(200)]
    assert all(found in ((1, 3, 8, 8), "1 of 1 images cannot be read: i0") for found in outcomes)
    assert len(set(outcomes)) == 2  # the damage was neither too little nor too much


def outcome(content: bytes, cache: Cache) -> tuple[int, ...] | str:
    """The shape of the pixels, or the reason without its detail."""
    try:
        return decode(squash(8), images([content]), cache).pixels.shape
    except DataError as error:
        return str(error).partition(" (")[0]


def mutated(content: bytes, random: np.random.Generator) -> bytes:
    """Some bytes changed, or the end cut off, or both."""
    damaged: NDArray[np.uint8] = np.frombuffer(content, np.uint8).copy()
    for _ in range(int(random.integers(1, 9))):
        damaged[random.integers(len(damaged))] = random.integers(256)
    keep = len(damaged) if random.random() < 0.5 else int(random.integers(1, len(damaged)))
    return damaged[:keep].tobytes()
