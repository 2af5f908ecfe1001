"""What the samples of a fine-tuning hold, so that rates are told of that and of nothing else."""

from collections.abc import Sequence
from dataclasses import replace

from mmbench.meters.clock import Window
from mmbench.train.finetune import Finetuned


def held(windows: Sequence[Window], finetuned: Finetuned) -> list[Window]:
    """The windows of a fit with what their samples held: nothing but samples on features."""
    if finetuned.extracted:
        return holding(windows, text=False, images=False)
    return holding(
        windows,
        text=has_text(finetuned),
        images=has_images(finetuned),
        sampling_rate=sampling_rate(finetuned),
    )


def holding(
    windows: Sequence[Window], *, text: bool, images: bool, sampling_rate: int | None = None
) -> list[Window]:
    """Batches count the lengths of rows, which are tokens of texts alone, and samples of sounds; an
    image is a sample of the task."""
    rate = sampling_rate
    return [
        replace(
            window,
            tokens=window.tokens if text else 0,
            padded_tokens=window.padded_tokens if text else 0,
            images=window.samples if images else 0,
            audio_seconds=window.tokens / rate if rate else 0.0,
            padded_audio_seconds=window.padded_tokens / rate if rate else 0.0,
        )
        for window in windows
    ]


def has_text(finetuned: Finetuned) -> bool:
    return next(iter(finetuned.prepared.values())).facts.tokens is not None


def sampling_rate(finetuned: Finetuned) -> int | None:
    """Of the sounds that the model reads, in Hz."""
    return next(iter(finetuned.prepared.values())).facts.sampling_rate


def has_images(finetuned: Finetuned) -> bool:
    return "image" in finetuned.objective.setting.task.inputs
