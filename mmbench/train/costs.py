"""What a trial cost: its rates, seconds, parameters."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from mmbench.data.batches import Batch, to_device, training_batches
from mmbench.data.fleeting import fleeting_cache
from mmbench.data.prepared import Inputs, Prepared
from mmbench.data.views import rows_at, spread
from mmbench.meters.clock import StepClock, Window, synchronise
from mmbench.meters.latency import latency_measurements, staged
from mmbench.meters.noise import FEW_WINDOWS, never_settled, unstable_windows
from mmbench.meters.rates import shares, spent, steady_windows, throughput, warmup_of
from mmbench.records import Measurement
from mmbench.train.device import Precision, autocast
from mmbench.train.finetune import Finetuned, Grid
from mmbench.train.learner import Learner
from mmbench.train.setting import Setting

INFERENCE_ROWS = 512
INFERENCE_BATCH = 32
LATENCY_SECONDS = 1.5
PREPARING_SECONDS = 1.0
LATENCY_SHARE = 0.25  # of the time for inference, where that is short
LATENCY_CALLS = 1000
MEASURED_EARLIER = "measured when the features were computed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """warnings: what speaks against comparing these figures, each with advice."""

    measurements: tuple[Measurement, ...]
    warnings: tuple[str, ...]


def costs(finetuned: Finetuned, setting: Setting) -> Costs:
    """Rates of training, feature extraction and inference, and what each stage took."""
    model, grid = finetuned.model, finetuned.grid
    trainable = sum(p.numel() for p in finetuned.learner.parameters() if p.requires_grad)
    inference = inference_windows(finetuned, setting)
    measurements = [
        *(_training(finetuned, grid) if grid is not None else ()),
        *throughput(inference, "inference"),
        with_preparing(finetuned, setting),
        *latency(finetuned, setting),
        Measurement(
            name="parameters", unit="1", value=float(sum(p.numel() for p in model.parameters()))
        ),
        Measurement(
            name="trainable_parameters",
            unit="1",
            value=float(trainable) if grid is not None else 0.0,
        ),
    ]
    trained = [] if grid is None else _held(grid.chosen.windows, finetuned)
    return Costs(
        measurements=tuple(measurements),
        warnings=(*_unstable(trained, "training"), *_unstable(inference, "inference")),
    )


def _unstable(windows: Sequence[Window], what: str) -> list[str]:
    unsettled = [never_settled(what)] if warmup_of(windows).settled is False else []
    return [*unsettled, *unstable_windows([w.cost for w in steady_windows(windows)], what)]


def _training(finetuned: Finetuned, grid: Grid) -> list[Measurement]:
    """With the backbone in the loop `train_*`; on stored features `head_*` and `feature_*`,
    which say nothing of each other."""
    chosen, others = grid.chosen, [f for f in grid.fits if f is not grid.chosen]
    on_features = bool(finetuned.extracted)
    windows = _held(chosen.windows, finetuned)
    tuning = sum(fit.seconds for fit in others) + sum(fit.seconds for fit in grid.diverged)
    return [
        *throughput(windows, "head" if on_features else "train"),
        *(_features(finetuned) if on_features else ()),
        *shares(windows),
        *spent(windows, chosen.account),
        _seconds("train_seconds", chosen.seconds),
        _seconds("tuning_seconds", tuning),
    ]


def _held(windows: Sequence[Window], finetuned: Finetuned) -> list[Window]:
    """The windows of a fit with what their samples held: nothing but samples on features."""
    if finetuned.extracted:
        return _holding(windows, text=False, images=False)
    return _holding(windows, text=_has_text(finetuned), images=_has_images(finetuned))


def _holding(windows: Sequence[Window], *, text: bool, images: bool) -> list[Window]:
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


def _has_text(finetuned: Finetuned) -> bool:
    return next(iter(finetuned.prepared.values())).facts.tokens is not None


def _has_images(finetuned: Finetuned) -> bool:
    return "image" in finetuned.objective.setting.task.inputs


def _features(finetuned: Finetuned) -> list[Measurement]:
    """Of one pass a split, or, of a pair, of one a split and side."""
    found: list[Measurement] = []
    for side, done in finetuned.extracted["train"].passes.items():
        prefix = f"feature_{side}" if side else "feature"
        text = side != "image" and _has_text(finetuned)
        images = side != "text" and _has_images(finetuned)
        rates = throughput(_holding(done.windows, text=text, images=images), prefix)
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

    Batches have one size for every recipe, so that their rates compare, and mixed order. They are
    run again and again until there are enough windows, for at most `setting.inference_seconds`; the
    first is run once before the clock starts.
    """
    test = finetuned.prepared[_tested(finetuned)]
    rows = rows_at(test, spread(len(test), INFERENCE_ROWS))
    windows = _time_inference(
        finetuned.model,
        rows,
        device=setting.device,
        precision=setting.recipe.precision,
        batch_size=INFERENCE_BATCH,
        seconds=setting.inference_seconds,
    )
    return _holding(windows, text=_has_text(finetuned), images=_has_images(finetuned))


def _tested(finetuned: Finetuned) -> str:
    return next((s for s in finetuned.prepared if s.startswith("test")), "validation")


@torch.inference_mode()
def with_preparing(finetuned: Finetuned, setting: Setting) -> Measurement:
    """Batches of INFERENCE_BATCH, from raw texts or image files to logits, one after the other in
    one process: what a service gives that prepares as it answers. A short stretch of whole batches,
    each a value, after a first that is not timed."""
    objective, model, device = finetuned.objective, finetuned.model, setting.device
    examples = objective.data.splits[_tested(finetuned)]
    rows = spread(len(examples), INFERENCE_ROWS).tolist()
    batches = itertools.cycle(
        [rows[i : i + INFERENCE_BATCH] for i in range(0, len(rows), INFERENCE_BATCH)]
    )
    cache = fleeting_cache()

    def answer(batch: list[int]) -> int:
        prepared = objective.adapter.prepare(examples.take(batch), cache)
        inputs = prepared.collate(range(len(prepared)))
        with autocast(device, setting.recipe.precision):
            model.predict({name: tensor.to(device) for name, tensor in inputs.items()})
        synchronise(device)
        return len(prepared)

    model.to(device).eval()
    answer(next(batches))
    until = time.perf_counter() + min(PREPARING_SECONDS, LATENCY_SHARE * setting.inference_seconds)
    done: list[tuple[int, float]] = []
    while not done or time.perf_counter() < until:
        began = time.perf_counter()
        done.append((answer(next(batches)), time.perf_counter() - began))
    return Measurement(
        name="inference_with_preparing_samples_per_second",
        unit="samples/s",
        value=sum(samples for samples, _ in done) / sum(seconds for _, seconds in done),
        values=tuple(samples / seconds for samples, seconds in done),
    )


@torch.inference_mode()
def latency(finetuned: Finetuned, setting: Setting) -> tuple[Measurement, ...]:
    """One sample at a time, from raw text or image file to logits: `preparing_*` is tokenising or
    decoding and resizing it, `latency_*` the model, `latency_with_preparing_*` both.

    Preparing goes through the adapter with a cache that keeps nothing; its time includes writing
    the sample to memory and reading it back, a fraction of a millisecond.
    """
    objective, model = finetuned.objective, finetuned.model
    examples = objective.data.splits[_tested(finetuned)]
    samples = itertools.cycle(
        [examples.take([row]) for row in spread(len(examples), INFERENCE_ROWS)]
    )
    cache = fleeting_cache()
    device, precision = setting.device, setting.recipe.precision

    def prepare() -> Inputs:
        return objective.adapter.prepare(next(samples), cache).collate([0])

    def answer(inputs: Inputs) -> None:
        with autocast(device, precision):
            model.predict({name: tensor.to(device) for name, tensor in inputs.items()})

    model.to(device).eval()
    seconds = min(LATENCY_SECONDS, LATENCY_SHARE * setting.inference_seconds)
    found = staged(prepare, answer, device, seconds=seconds, most=LATENCY_CALLS)
    return (
        *latency_measurements(found.model, "latency"),
        *latency_measurements(found.preparing, "preparing"),
        *latency_measurements(found.whole, "latency_with_preparing"),
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
    until = time.perf_counter() + seconds
    with StepClock(device) as clock:
        clock.resume()
        for batch in itertools.cycle(batches):
            predict(batch)
            clock.step(
                samples=batch.samples, tokens=batch.tokens, padded_tokens=batch.padded_tokens
            )
            if len(clock.windows) > FEW_WINDOWS or time.perf_counter() > until:
                break
    return clock.windows


def _seconds(name: str, value: float) -> Measurement:
    return Measurement(name=name, unit="s", value=value)
