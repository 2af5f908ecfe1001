"""What a trial cost: its rates, seconds, parameters."""

import itertools
import time
from dataclasses import replace

import torch

from mmbench.data.batches import Batch, to_device, training_batches
from mmbench.data.prepared import Prepared
from mmbench.data.views import Subset, spread
from mmbench.meters.clock import FEW_WINDOWS, StepClock, Window, shares, throughput
from mmbench.records import Measurement
from mmbench.train.device import Precision, autocast
from mmbench.train.finetune import Finetuned, Setting
from mmbench.train.learner import Headed

INFERENCE_ROWS = 512
INFERENCE_SECONDS = 10.0
MEASURED_EARLIER = "measured when the features were computed"


def costs(finetuned: Finetuned, setting: Setting) -> list[Measurement]:
    """Rates of training, feature extraction and inference, and what each stage took."""
    grid = finetuned.grid
    chosen, others = grid.chosen, [f for f in grid.fits if f is not grid.chosen]
    text = finetuned.prepared["train"].facts.tokens is not None
    model = finetuned.model
    found: list[Measurement] = [
        *_training(finetuned, text=text),
        *throughput(inference_windows(finetuned, setting), "inference", tokens=text),
        *shares(list(chosen.windows)),
        _seconds("train_seconds", chosen.seconds),
        _seconds(
            "tuning_seconds",
            sum(fit.seconds for fit in others) + sum(fit.seconds for fit in grid.diverged),
        ),
        Measurement(
            name="parameters", unit="1", value=float(sum(p.numel() for p in model.parameters()))
        ),
        Measurement(
            name="trainable_parameters",
            unit="1",
            value=float(sum(p.numel() for p in finetuned.learner.parameters() if p.requires_grad)),
        ),
    ]
    return found


def _training(finetuned: Finetuned, *, text: bool) -> list[Measurement]:
    """With the backbone in the loop `train_*`; on stored features `head_*` and `feature_*`,
    which say nothing of each other."""
    windows = list(finetuned.grid.chosen.windows)
    if not finetuned.extracted:
        return list(throughput(windows, "train", tokens=text))
    train = finetuned.extracted["train"]
    rates = throughput(list(train.windows), "feature", tokens=text)
    if train.hit:
        rates = tuple(replace(rate, note=MEASURED_EARLIER) for rate in rates)
    found = [*throughput(windows, "head", tokens=False), *rates]
    everything = finetuned.extracted.values()
    reused = sum(extracted.seconds for extracted in everything if extracted.hit)
    found.append(_seconds("feature_seconds", sum(e.seconds for e in everything)))
    found.append(
        Measurement(
            name="feature_seconds_reused",
            unit="s",
            value=reused,
            note=MEASURED_EARLIER if reused else None,
        )
    )
    return found


def inference_windows(finetuned: Finetuned, setting: Setting) -> list[Window]:
    """Windows of the whole model, from tokens or pixels to logits, on up to 512 test rows
    (of validation, where no split is a test).

    Batches have the recipe's size and mixed order. They are run again and again until there are
    enough windows, for at most INFERENCE_SECONDS; the first is run once before the clock starts.
    """
    split = next((s for s in finetuned.prepared if s.startswith("test")), "validation")
    test = finetuned.prepared[split]
    rows = Subset(test, spread(len(test), INFERENCE_ROWS))
    return _time_inference(
        finetuned.model,
        rows,
        device=setting.device,
        precision=setting.recipe.precision,
        batch_size=setting.recipe.batch_size,
    )


@torch.inference_mode()
def _time_inference(
    model: Headed,
    rows: Prepared,
    *,
    device: torch.device,
    precision: Precision,
    batch_size: int,
) -> list[Window]:
    model.to(device).eval()
    batches = [
        batch
        for step in training_batches(
            rows, None, batch_size=batch_size, micro_batch=None, seed=0, epoch=0
        )
        for batch in step
    ]

    def predict(batch: Batch) -> None:
        with autocast(device, precision):
            model.predict(to_device(batch, device).inputs)

    predict(batches[0])
    clock = StepClock(device)
    until = time.perf_counter() + INFERENCE_SECONDS
    clock.resume()
    for batch in itertools.cycle(batches):
        predict(batch)
        clock.step(samples=batch.samples, tokens=batch.tokens, padded_tokens=batch.padded_tokens)
        if len(clock.windows) > FEW_WINDOWS or time.perf_counter() > until:
            break
    clock.pause()
    return clock.windows


def _seconds(name: str, value: float) -> Measurement:
    return Measurement(name=name, unit="s", value=value)
