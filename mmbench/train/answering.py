"""How fast the fine-tuned model answers: in batches, from raw inputs, and one sample at a time.

Each stretch ends as soon as its interval is narrow (`meters.enough`), and at its limit otherwise.
"""

import itertools
import time
from dataclasses import dataclass, replace

import torch

from mmbench.data.batches import Batch, to_device, training_batches
from mmbench.data.fleeting import fleeting_cache
from mmbench.data.prepared import Inputs, Prepared
from mmbench.data.views import rows_at, spread
from mmbench.meters.clock import StepClock, Window, synchronise
from mmbench.meters.enough import mean_is_known
from mmbench.meters.flops import flops_of
from mmbench.meters.latency import latency_measurements, staged
from mmbench.meters.noise import FEW_WINDOWS
from mmbench.meters.rates import steady_windows, throughput
from mmbench.records import Measurement
from mmbench.train.device import Precision, autocast
from mmbench.train.finetune import Finetuned
from mmbench.train.held import has_images, has_text, holding, sampling_rate
from mmbench.train.learner import Learner
from mmbench.train.setting import Setting

INFERENCE_ROWS = 512
INFERENCE_BATCH = 32
INFERENCE_WINDOW_SECONDS = 0.25
ENOUGH_SECONDS = (
    3.0  # of inference, however wide its interval; or FEW_WINDOWS, if those take longer
)
LATENCY_SECONDS = 1.5
LATENCY_LEAST_SECONDS = 0.75
LATENCY_SHARE = 0.25  # of the time for inference, where that is short
LATENCY_CALLS = 1000
PREPARING_SECONDS = 1.0
PREPARING_LEAST_SECONDS = 0.5
COUNTED_ROWS = 16  # whose FLOPs are counted, with a graph


TIMED_EARLIER = "measured when an earlier trial of this cell was timed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """How fast one model answers. windows: of inference in batches. seconds: what timing took."""

    windows: tuple[Window, ...]
    measurements: tuple[Measurement, ...]
    seconds: float
    earlier: bool = False

    def from_earlier(self) -> "Answering":
        """The same for another seed of the cell, which says so."""
        told = tuple(replace(found, note=TIMED_EARLIER) for found in self.measurements)
        return replace(self, measurements=told, earlier=True)


def time_answering(finetuned: Finetuned, setting: Setting) -> Answering:
    began = time.perf_counter()
    windows = inference_windows(finetuned, setting)
    measurements = (
        *throughput(windows, "inference"),
        with_preparing(finetuned, setting),
        *latency(finetuned, setting),
        counted(finetuned, setting),
    )
    seconds = time.perf_counter() - began
    return Answering(windows=tuple(windows), measurements=measurements, seconds=seconds)


def inference_windows(finetuned: Finetuned, setting: Setting) -> list[Window]:
    """Windows of the whole model, from tokens or pixels to logits, on up to 512 test rows
    (of validation, where no split is a test).

    Batches have one size for every recipe, so that their rates compare, and mixed order. They are
    run again and again until there are FEW_WINDOWS of them, steady, and their rate is known or they
    took ENOUGH_SECONDS, for at most `setting.inference_seconds`; the first is run once before the
    clock starts.
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
    return holding(
        windows,
        text=has_text(finetuned),
        images=has_images(finetuned),
        sampling_rate=sampling_rate(finetuned),
    )


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
    most = min(PREPARING_SECONDS, LATENCY_SHARE * setting.inference_seconds)
    done: list[tuple[int, float]] = []

    def enough(passed: float) -> bool:
        known = mean_is_known([seconds / samples for samples, seconds in done])
        return passed > most or (passed > PREPARING_LEAST_SECONDS and known)

    first = time.perf_counter()
    while not done or not enough(time.perf_counter() - first):
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
    the sample to memory and reading it back, a millisecond or two.
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
    found = staged(
        prepare,
        answer,
        device,
        seconds=min(LATENCY_SECONDS, LATENCY_SHARE * setting.inference_seconds),
        most=LATENCY_CALLS,
        enough_after=LATENCY_LEAST_SECONDS,
    )
    return (
        *latency_measurements(found.model, "latency"),
        *latency_measurements(found.preparing, "preparing"),
        *latency_measurements(found.whole, "latency_with_preparing"),
    )


def counted(finetuned: Finetuned, setting: Setting) -> Measurement:
    """FLOPs of one answer, by torch's counter (`meters.flops`): of COUNTED_ROWS rows spread over
    the split together, each padded to the longest of them, as a batch is."""
    test = finetuned.prepared[_tested(finetuned)]
    rows = rows_at(test, spread(len(test), COUNTED_ROWS))
    device, model = setting.device, finetuned.model
    inputs = {name: tensor.to(device) for name, tensor in rows.collate(range(len(rows))).items()}

    def answer() -> None:
        with autocast(device, setting.recipe.precision):
            model.predict(inputs)

    model.to(device).eval()
    return Measurement(
        name="inference_flops_per_sample",
        unit="FLOP",
        value=flops_of(answer) / len(rows),
        note=f"counted on {len(rows)} rows, padding included",
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
    with StepClock(device, window_seconds=INFERENCE_WINDOW_SECONDS) as clock:
        clock.resume()
        for batch in itertools.cycle(batches):
            predict(batch)
            closed = clock.step(
                samples=batch.samples, tokens=batch.tokens, padded_tokens=batch.padded_tokens
            )
            if time.perf_counter() > until:
                break
            if closed:
                with clock.paused():
                    enough = _enough(clock.windows)
                if enough:
                    break
    return clock.windows


def _enough(windows: list[Window]) -> bool:
    if len(windows) <= FEW_WINDOWS:
        return False
    known = mean_is_known([window.cost for window in steady_windows(windows)])
    return known or sum(window.seconds for window in windows) > ENOUGH_SECONDS
