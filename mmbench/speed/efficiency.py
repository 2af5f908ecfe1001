"""What a case computes, how much of the machine that is, and what it costs.

All of it is found after the timing: counting slows a step, and the machine's peak takes its time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from mmbench.data.batches import Batch
from mmbench.meters.energy import cost_per_million_samples
from mmbench.meters.flops import flops_per_sample
from mmbench.meters.noise import UNSTABLE
from mmbench.meters.peak import matmul_peak, model_utilisation
from mmbench.records import Measurement
from mmbench.speed.workload import Workload

COUNTED_ROWS = 2
"""FLOPs are counted on so few rows, with a graph, which of the largest batch would not fit. What a
contrastive loss computes between all pairs is then left out: below a thousandth of the encoders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Efficiency:
    """Measurements, and what a reader must be warned of."""

    measurements: tuple[Measurement, ...]
    warnings: tuple[str, ...]


def efficiency(workload: Workload, rate: Measurement, prefix: str) -> Efficiency:
    """`{prefix}_flops_per_sample`, `matmul_flops_per_second` and their quotient at this rate,
    `{prefix}_model_flops_utilisation`. rate: samples/s."""
    flops, warnings = counted(workload)
    peak = matmul_peak(workload.device, workload.case.precision)
    share = model_utilisation(f"{prefix}_model_flops_utilisation", flops, rate, peak)
    return Efficiency(
        measurements=(flops, peak, share), warnings=(*warnings, *impossible(share.value))
    )


def impossible(share: float | None) -> tuple[str, ...]:
    """No model is faster than the machine at its best: then the peak was not measured well."""
    if share is None or share <= 1:
        return ()
    return (
        f"{UNSTABLE}: the utilisation is {share:.0%}, for the machine's own peak was slowed by "
        "other work when it was measured: do not use it; run it again alone",
    )


def counted(workload: Workload) -> tuple[Measurement, tuple[str, ...]]:
    """FLOPs of a sample by torch's counter, checked against the closed form where there is one."""
    batch = first_rows(workload.batches[0], COUNTED_ROWS)
    training = workload.case.mode == "train"
    card = workload.adapter.card

    def train() -> None:
        workload.loss(batch).backward()  # type: ignore[no-untyped-call]

    def answer() -> None:
        workload.encode(batch)

    found = flops_per_sample(
        train if training else answer,
        workload.learner if training else workload.adapter,
        samples=batch.samples,
        training=training,
        tokens=batch.padded_tokens // batch.samples if "text" in card.modalities else None,
        image_size=_image_size(batch),
    )
    workload.learner.zero_grad(set_to_none=True)
    return found


def cost_per_million(rate: Measurement, price_per_hour: float) -> Measurement:
    """`cost_per_million_samples`, in the price's own currency: what the time alone costs."""

    def cost(samples_per_second: float | None) -> float | None:
        if not samples_per_second:
            return None
        return cost_per_million_samples(price_per_hour, samples_per_second)

    return Measurement(
        name="cost_per_million_samples",
        unit="1",
        value=cost(rate.value),
        low=cost(rate.high),
        high=cost(rate.low),
        note=f"at {price_per_hour:g} an hour",
    )


def energy_per_sample(
    drawn: Sequence[Measurement], samples: int, prefix: str
) -> tuple[Measurement, ...]:
    """What the counters say, and `{prefix}_joules_per_sample` of the first of them: of a GPU the
    card's. Without a value, and with the counter's reason, where that has none."""
    first = drawn[0]
    each = None if first.value is None or not samples else first.value / samples
    name = f"{prefix}_joules_per_sample"
    return (
        *drawn,
        Measurement(name=name, unit="J", value=each, note=f"{first.name}: {first.note}"),
    )


def first_rows(batch: Batch, rows: int) -> Batch:
    """The batch with its first rows alone; all rows of a synthetic batch are equally long."""
    kept = min(rows, batch.samples)
    return replace(
        batch,
        inputs={name: tensor[:kept] for name, tensor in batch.inputs.items()},
        targets=None if batch.targets is None else batch.targets[:kept],
        indices=batch.indices[:kept],
        samples=kept,
        tokens=batch.tokens // batch.samples * kept,
        padded_tokens=batch.padded_tokens // batch.samples * kept,
    )


def _image_size(batch: Batch) -> int | None:
    """Pixels a side."""
    pixels: torch.Tensor | None = batch.inputs.get("pixels", batch.inputs.get("image.pixels"))
    return None if pixels is None else int(pixels.shape[-1])
