"""A folder of `open_clip`: which architecture its config is, and how images and texts are read."""

from typing import Literal

import torch

from mmbench.cards import ImageRules, TextRules
from mmbench.drafting.look import Look
from mmbench.drafting.of_timm import KNOWN
from mmbench.drafting.places import Place
from mmbench.errors import CardError
from mmbench.models import from_open_clip
from mmbench.models.dual_open_clip import text_needs
from mmbench.models.open_clip_config import FILE, Stored, names_of, of_folder

OPENAI_MEAN = (0.48145466, 0.4578275, 0.40821073)
OPENAI_STD = (0.26862954, 0.26130258, 0.27577711)
"""What open_clip itself uses where a config says nothing."""


def look(place: Place) -> Look:
    """CardError for a config that is none of the architectures that the installed open_clip has."""
    stored = of_folder(place.folder)
    names = names_of(stored)
    if not names:
        raise CardError(
            f"{place.folder / FILE}: its config is that of no architecture of the installed "
            "open_clip, which a card names"
        )
    with torch.device("meta"):
        model, config = from_open_clip.random(names[0], {}, str(place.folder))
    needs = text_needs(model, config["text_cfg"])
    most = int(config["text_cfg"].get("context_length", 77))
    image, guesses = _pixels(place, stored)
    if len(names) > 1:
        guesses.append(f"architecture is {names[0]}, the same as {', '.join(names[1:])}")
    return Look(
        adapter="dual",
        library="open_clip",
        family="CLIP" if model.logit_bias is None else "SigLIP",
        modalities=("image", "text"),
        gives=("pooled", "paired", "joint"),
        architecture=names[0],
        text=TextRules(max_tokens=most, pooling="own", padding=needs.padding),
        image=image,
        guesses=tuple(guesses),
    )


def _pixels(place: Place, stored: Stored) -> tuple[ImageRules, list[str]]:
    told = place.said(FILE).get("preprocess_cfg", {})
    size = stored.config["vision_cfg"].get("image_size", 224)
    interpolation = told.get("interpolation", "bicubic")
    if not isinstance(size, int) or interpolation not in KNOWN:
        raise CardError(
            f"{place.folder / FILE}: images of {size}, {interpolation}: a card knows squares, and "
            f"{', '.join(KNOWN)}"
        )
    fit: Literal["squash", "crop"] = "squash" if told.get("resize_mode") == "squash" else "crop"
    guesses = [] if told else [f"no preprocess_cfg in {FILE}: pixels are read as open_clip would"]
    rules = ImageRules(
        size=size,
        fit=fit,
        interpolation=interpolation,
        mean=tuple(told.get("mean", OPENAI_MEAN)),
        std=tuple(told.get("std", OPENAI_STD)),
    )
    return rules, guesses
