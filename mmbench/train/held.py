"""What the samples of a fine-tuning hold, so that rates are told of that and of nothing else."""

from collections.abc import Sequence
from dataclasses import replace

from mmbench.meters.clock import Window
from mmbench.train.finetune import Finetuned


def held(windows: Sequence[Window], finetuned: Finetuned) -> list[Window]:
    """The windows of a fit with what their samples held: nothing but samples on features."""
    if finetuned.extracted:
        return holding(windows, text=False, images=False)
    return holding(windows, text=has_text(finetuned), images=has_images(finetuned))


def holding(windows: Sequence[Window], *, text: bool, images: bool) -> list[Window]:
    """Batches count the lengths of rows, which are tokens of texts alone; an image is a sample."""
    return [
        replace(
            window,
            tokens=window.tokens if text else 0,
            padded_tokens=window.padded_tokens if text else 0,
            images=window.samples if images else 0,
        )
        for window in windows
    ]


def has_text(finetuned: Finetuned) -> bool:
    return next(iter(finetuned.prepared.values())).facts.tokens is not None


def has_images(finetuned: Finetuned) -> bool:
    return "image" in finetuned.objective.setting.task.inputs
