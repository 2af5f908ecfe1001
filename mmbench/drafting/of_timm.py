"""A folder of `timm`, whose config.json names its architecture and how images are read."""

from typing import Any, Literal

from mmbench.cards import ImageRules
from mmbench.drafting.image_rules import Interpolation
from mmbench.drafting.look import Look
from mmbench.drafting.places import Place
from mmbench.errors import CardError, did_you_mean

KNOWN: tuple[Interpolation, ...] = ("bilinear", "bicubic", "lanczos")
FILE = "config.json"


def look(place: Place) -> Look:
    """CardError for an architecture that the installed timm has not, or pixels no card can tell."""
    import timm

    said = place.said(FILE)
    name, told = str(said["architecture"]), said.get("pretrained_cfg") or {}
    if not timm.is_model(name):
        raise CardError(
            f"{place.folder / FILE}: architecture {name!r} is not in timm {timm.__version__}"
            f"{did_you_mean(name, timm.list_models())}"
        )
    tagged = f"{name}.{told['tag']}" if told.get("tag") else name
    return Look(
        adapter="image",
        library="timm",
        family=name.partition("_")[0],
        modalities=("image",),
        gives=("pooled",),
        architecture=tagged if tagged in timm.list_pretrained(name) else name,
        image=_rules(told, place),
    )


def _rules(told: dict[str, Any], place: Place) -> ImageRules:
    try:
        _, height, width = told["input_size"]
        interpolation, fraction = told["interpolation"], float(told["crop_pct"])
        mean, std = tuple(map(float, told["mean"])), tuple(map(float, told["std"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CardError(
            f"{place.folder / FILE}: pretrained_cfg says not how images are read: {error!r}"
        ) from None
    if height != width or interpolation not in KNOWN or len(mean) != 3 or len(std) != 3:
        raise CardError(
            f"{place.folder / FILE}: images of {height} × {width}, {interpolation}, mean {mean}: a "
            f"card knows squares in three colours, and {', '.join(KNOWN)}"
        )
    fit: Literal["squash", "crop"] = "squash" if told.get("crop_mode") == "squash" else "crop"
    return ImageRules(
        size=int(height),
        fit=fit,
        interpolation=interpolation,
        mean=mean,
        std=std,
        crop_fraction=1.0 if fit == "squash" else fraction,
    )
