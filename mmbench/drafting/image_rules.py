"""How a model reads images, as its own files say it."""

from pathlib import Path
from typing import Any, Literal, cast

from mmbench.cards import ImageRules
from mmbench.errors import CardError

Interpolation = Literal["bilinear", "bicubic", "lanczos"]
FILTERS: dict[int, Interpolation] = {1: "lanczos", 2: "bilinear", 3: "bicubic"}
"""By Pillow's number, which preprocessor_config.json uses."""

FILES = ("preprocessor_config.json", "processor_config.json")
WITHOUT_A_CROP = 384
"""From this size on, ConvNeXT's own processor squashes the whole image."""


def of_processor(
    folder: Path, model_type: str, *, fixed_size: int | None = None
) -> tuple[ImageRules, list[str]]:
    """What transformers' own image processor of the folder does, and what was guessed.

    fixed_size: every image is squashed to it, whatever its processor does with large ones.
    CardError for what a card cannot say.
    """
    processor, guesses = _processor(folder, model_type)
    if fixed_size is None:
        size, fit, fraction = _size(processor, folder)
    else:
        size, fit, fraction = fixed_size, "squash", 1.0
        guesses.append(f"every image is squashed to {size} pixels a side, so that it is one tile")
    resample = processor.resample
    if resample not in FILTERS:
        raise CardError(
            f"{folder}: its images are resampled by Pillow's filter {resample}; a card knows "
            f"{', '.join(FILTERS.values())}"
        )
    rules = ImageRules(
        size=size,
        fit=fit,
        interpolation=FILTERS[resample],
        mean=_three(processor.image_mean),
        std=_three(processor.image_std),
        crop_fraction=fraction,
    )
    return rules, guesses


def _processor(folder: Path, model_type: str) -> tuple[Any, list[str]]:
    from transformers import AutoImageProcessor
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING

    library: Any = AutoImageProcessor
    if any((folder / name).is_file() for name in FILES):
        try:
            found = library.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except (OSError, ValueError, TypeError, KeyError, ImportError) as error:
            raise CardError(f"{folder}: no image processor: {error}") from error
        return found, []
    classes = cast(Any, IMAGE_PROCESSOR_MAPPING)[CONFIG_MAPPING[model_type]]
    made = (classes.get("torchvision") or classes["pil"])()
    return made, [
        f"no {FILES[0]} is there: size, mean and std of images are the defaults of "
        f"{type(made).__name__}, which may not be those it was trained with"
    ]


def _size(processor: Any, folder: Path) -> tuple[int, Literal["squash", "crop"], float]:
    """Size, fit and crop_fraction."""
    size = dict(processor.size)
    short, height, width = (size.get(name) for name in ("shortest_edge", "height", "width"))
    if getattr(processor, "do_center_crop", False):
        cut = dict(processor.crop_size).get("height")
        if short is not None and cut is not None and cut <= short:
            return int(cut), "crop", cut / short
    elif height is not None and height == width:
        return int(height), "squash", 1.0
    elif short is not None and getattr(processor, "crop_pct", None) is not None:
        if short >= WITHOUT_A_CROP:
            return int(short), "squash", 1.0
        return int(short), "crop", float(processor.crop_pct)
    raise CardError(
        f"{folder}: images are resized to {size}, which a card cannot say (a square, or a short "
        "side of which the centre is cut); write the card by hand: docs/add-a-model.md"
    )


def _three(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
