"""Pixels equal those of each family's own image processor, for pictures of odd sizes.

The processors are those with the Pillow backend: the torchvision backend of transformers resizes
a little otherwise, and the models were trained on Pillow's pixels.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from open_clip.transform import image_transform
from transformers.models.chinese_clip.image_processing_pil_chinese_clip import (
    ChineseCLIPImageProcessorPil,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from mmbench.cards import ImageRules
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.models.loading import load
from mmbench.models.pixels import Centre, PixelRows, decode, pixels_of
from tests.models.dual_samples import RULES, dual_card, pixel_rules, write
from tests.models.samples import encoded, images, picture

SHAPES = ((40, 30), (30, 40), (64, 64), (33, 31), (20, 90), (7, 5), (224, 100), (27, 33), (29, 90))


def normalised(rules: ImageRules, centre: Centre) -> list[Any]:
    mean, std = (np.reshape(v, (3, 1, 1)) for v in (rules.mean, rules.std))
    pictures = [encoded(picture(seed, *shape)) for seed, shape in enumerate(SHAPES)]
    return [(pixels_of(image, rules, centre) / 255 - mean) / std for image in pictures]


def agree(ours: list[Any], processor: Any) -> bool:
    pictures = [picture(seed, *shape) for seed, shape in enumerate(SHAPES)]
    theirs = [processor(image, return_tensors="np")["pixel_values"][0] for image in pictures]
    return all(np.abs(a - b).max() <= 1e-5 for a, b in zip(ours, theirs, strict=True))


def card_rules(name: str) -> ImageRules:
    rules = Catalog.standard().model(name).image
    assert rules is not None
    return rules


@pytest.mark.parametrize("name", ["clip-vit-base-patch32", "altclip"])
def test_clip_and_altclip_crop_as_their_image_processor(name: str) -> None:
    """AltCLIP's processor is CLIP's image processor by its defaults."""
    assert agree(normalised(card_rules(name), "floor"), CLIPImageProcessorPil())


def test_chinese_clip_squashes_as_its_image_processor_is_set_on_the_hub() -> None:
    processor = ChineseCLIPImageProcessorPil(size={"height": 224, "width": 224})
    rules = card_rules("chinese-clip-vit-base-patch16")
    assert agree(normalised(rules, "floor"), processor)


@pytest.mark.parametrize("name", ["siglip-base-patch16-224", "siglip2-base-patch16-224"])
def test_siglip_squashes_as_its_image_processor(name: str) -> None:
    rules = card_rules(name)
    resample = {"bicubic": 3, "bilinear": 2}[rules.interpolation]
    assert agree(normalised(rules, "floor"), SiglipImageProcessorPil(resample=resample))


@pytest.mark.parametrize("fit", ["crop", "squash"])
def test_open_clip_pixels_equal_its_own_transform(fit: str) -> None:
    rules = pixel_rules(fit)
    transform: Any = image_transform(
        rules.size,
        is_train=False,
        mean=rules.mean,
        std=rules.std,
        resize_mode="squash" if fit == "squash" else "shortest",
    )
    pictures = [picture(seed, *shape) for seed, shape in enumerate(SHAPES)]
    for ours, image in zip(normalised(rules, "rounded"), pictures, strict=True):
        assert np.abs(ours - transform(image).numpy()).max() <= 1e-5


def test_the_libraries_cut_an_odd_rest_in_two_ways() -> None:
    """27 × 33 becomes 32 × 39: of 7 rows over, transformers leaves 3 on top and torchvision 4."""
    rules, image = pixel_rules("crop"), encoded(picture(7, 27, 33))
    floor, rounded = (pixels_of(image, rules, centre) for centre in ("floor", "rounded"))
    assert np.array_equal(floor[:, 1:], rounded[:, :-1])
    assert not np.array_equal(floor, rounded)


def test_each_library_crops_its_own_way_and_neither_takes_the_others_pixels(
    tmp_path: Path, cache: Cache
) -> None:
    rows, rules = images([encoded(picture(7, 27, 33))]), pixel_rules("crop")
    card = dual_card(write("clip", tmp_path / "model"), RULES["clip"], image=rules)
    found = load(card).prepare(rows, cache)
    assert isinstance(found, PixelRows)
    content = rows.inputs["image"][0]
    assert np.array_equal(found.pixels[0], pixels_of(content, rules, "floor"))  # type: ignore[arg-type]
    other = decode(rules, rows, cache)
    assert np.array_equal(other.pixels[0], pixels_of(content, rules, "rounded"))  # type: ignore[arg-type]
    assert other.digest != found.digest
