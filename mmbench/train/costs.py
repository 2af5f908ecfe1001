"""What a trial cost: its rates, seconds, parameters."""

import itertools
import time
from dataclasses import replace

import torch

from mmbench.data.batches import Batch, to_device, training_batches
from mmbench.data.prepared import Prepared
from mmbench.data.views import rows_at, spread
from mmbench.meters.clock import FEW_WINDOWS, StepClock, Window, shares, throughput
from mmbench.records import Measurement
from mmbench.train.device import Precision, autocast
from mmbench.train.finetune import Finetuned, Grid
from mmbench.train.learner import Learner
from mmbench.train.setting import Setting

INFERENCE_ROWS = 512
MEASURED_EARLIER = "measured when the features were computed"


def costs(finetuned: Finetuned, setting: Setting) -> list[Measurement]:
    """Rates of training, feature extraction and inference, and what each stage took."""
    text = finetuned.prepared["train"].facts.tokens is not None
    model = finetuned.model
    trainable = sum(p.numel() for p in finetuned.learner.parameters() if p.requires_grad)
    return [
        *(_training(finetuned, finetuned.grid, text=text) if finetuned.grid is not None else ()),
        *throughput(inference_windows(finetuned, setting), "inference", tokens=text),
        Measurement(
            name="parameters", unit="1", value=float(sum(p.numel() for p in model.parameters()))
        ),
        Measurement(
            name="trainable_parameters",
            unit="1",
            value=float(trainable) if finetuned.grid is not None else 0.0,
        ),
    ]


def _training(finetuned: Finetuned, grid: Grid, *, text: bool) -> list[Measurement]:
    """With the backbone in the loop `train_*`; on stored features `head_*` and `feature_*`,
    which say nothing of each other."""
    chosen, others = grid.chosen, [f for f in grid.fits if f is not grid.chosen]
    windows = list(chosen.windows)
    on_features = bool(finetuned.extracted)
    tuning = sum(fit.seconds for fit in others) + sum(fit.seconds for fit in grid.diverged)
    return [
        *throughput(windows, "head" if on_features else "train", tokens=text and not on_features),
        *(_features(finetuned, text=text) if on_features else ()),
        *shares(windows),
        _seconds("train_seconds", chosen.seconds),
        _seconds("tuning_seconds", tuning),
    ]


def _features(finetuned: Finetuned, *, text: bool) -> list[Measurement]:
    """Of one pass a split, or, of a pair, of one a split and side."""
    found: list[Measurement] = []
    for side, done in finetuned.extracted["train"].passes.items():
        prefix = f"feature_{side}" if side else "feature"
        rates = throughput(list(done.windows), prefix, tokens=text and side != "image")
        if done.hit:
            rates = tuple(replace(rate, note=MEASURED_EARLIER) for rate in rates)
        found += rates
    everything = [
        d for extracted in finetuned.extracted.values() for d in extracted.passes.values()
    ]
    reused = sum(done.seconds for done in everything if done.hit)
    found.append(_seconds("feature_seconds", sum(done.seconds for done in everything)))
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
    enough windows, for at most `setting.inference_seconds`; the first is run once before the clock
    starts.
    """
    split = next((s for s in finetuned.prepared if s.startswith("test")), "validation")
    test = finetuned.prepared[split]
    rows = rows_at(test, spread(len(test), INFERENCE_ROWS))
    return _time_inference(
        finetuned.model,
        rows,
        device=setting.device,
        precision=setting.recipe.precision,
        batch_size=setting.recipe.batch_size,
        seconds=setting.inference_seconds,
    )


@torch.inference_mode()
def _time_inference(
    model: Learner,
    rows: Prepared,
    *,
    device: torch.device,
    precision: Precision,
    batch_size: int,
    seconds: float,
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
    until = time.perf_counter() + seconds
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
