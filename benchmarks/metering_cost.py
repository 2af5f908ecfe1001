"""What the meters of the training loop cost, as a share of throughput.

    python benchmarks/metering_cost.py

The same steps of the same learner are run with and without the clock, in windows that alternate
ABBA, so that a drift of the machine meets both alike. Neither collects garbage by itself; what the
clock collects at the edge of its window is charged to it. It takes some three minutes. It prints
the ratio of the time with meters to the time without, Hodges-Lehmann over pairs of windows with its
95 % interval, for steps of several lengths: a head on stored features (the shortest step there is),
a head of two wide layers on them, and a small transformer. Beside it stands what the meters take in
a loop of nothing else, the least of several repeats, which other work cannot lower. Run it on a
machine that does nothing else. It ends with status 1 if a whole interval lies above the limit of
1 %, and 3 if one is too wide to tell.
"""

import argparse
import gc
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle, islice, repeat
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mmbench.data.batches import Batch
from mmbench.heads.classify import ClassifyHead
from mmbench.meters.clock import WINDOW_SECONDS, StepClock
from mmbench.meters.environment import fingerprint
from mmbench.train.learner import FeatureInput, Headed, Place
from mmbench.train.loop import count, fetched

LIMIT = 0.01
CPU = torch.device("cpu")
WIDTH, BATCH, CLASSES = 384, 32, 9
WARMUP_STEPS = 20
RUN_SECONDS = 1.2 * WINDOW_SECONDS
Reals = NDArray[np.float64]
Work = Callable[[int], None]
"""So many steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """step_microseconds: without meters. ratio: with over without; 1.0 is no cost."""

    step: str
    step_microseconds: float
    pairs: int
    ratio: float
    low: float
    high: float


class Layers(FeatureInput):
    """Features through some transformer layers, in place of a model with weights to load."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(WIDTH, 6, 4 * WIDTH, batch_first=True)
                for _ in range(layers)
            )
        )

    def forward(self, inputs):  # type: ignore[no-untyped-def]
        features = super().forward(inputs)
        tokens = features.pooled.unsqueeze(1).expand(-1, 4, -1)
        return type(features)(pooled=self.layers(tokens).mean(1))


def main() -> None:
    options = parsed()
    torch.set_num_threads(1)  # a second thread that waits for a core would be noise
    torch.manual_seed(0)
    found = [
        measure(name, backbone, head, pairs=options.pairs)
        for name, backbone, head in (
            ("head on features", FeatureInput(), ClassifyHead(WIDTH, CLASSES)),
            ("wide head on features", FeatureInput(), wide_head()),
            ("2 transformer layers", Layers(2), ClassifyHead(WIDTH, CLASSES)),
        )
    ]
    told = {
        "limit": LIMIT,
        "meters_microseconds": (alone := meters_alone()),
        "fingerprint": asdict(fingerprint(CPU, "fp32")),
        "costs": [asdict(cost) for cost in found],
    }
    if options.out is not None:
        options.out.write_text(json.dumps(told, indent=1) + "\n")
    print(f"the meters of a step, in a loop of nothing else: {alone:.2f} µs")
    for cost in found:
        print(
            f"{cost.step}: {cost.step_microseconds:.0f} µs a step; with meters "
            f"{cost.ratio - 1:+.2%} [{cost.low - 1:+.2%}, {cost.high - 1:+.2%}] "
            f"({cost.pairs} pairs)"
        )
    if any(cost.low > 1 + LIMIT for cost in found):
        sys.exit(f"metering costs more than {LIMIT:.0%}")
    if any(cost.high > 1 + LIMIT for cost in found):
        print("cannot tell: an interval goes past the limit; close other programs or raise --pairs")
        sys.exit(3)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--pairs", type=int, default=40, help="pairs of windows for each step")
    parser.add_argument("--out", type=Path, help="the figures go here as JSON")
    return parser.parse_args()


def wide_head() -> ClassifyHead:
    return ClassifyHead(WIDTH, CLASSES, layers="mlp", hidden=2048)


def measure(name: str, backbone: FeatureInput, head: ClassifyHead, *, pairs: int) -> Cost:
    learner = Headed(backbone, head, label_smoothing=0.0).train()
    optimizer = torch.optim.AdamW(learner.parameters(), lr=1e-4)
    batches = cycle(list(made_batches()))

    place = Place(device=CPU, move=lambda batch: batch, autocast=no_autocast)

    def step(micro_batches: Sequence[Batch]) -> None:
        learner.backward(micro_batches, place)
        torch.nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    def without(steps: int) -> None:
        for micro_batches in ([batch] for batch in islice(batches, steps)):
            step(micro_batches)

    clock = StepClock(CPU)

    def metered(steps: int) -> None:
        clock.resume()
        for micro_batches, waited in fetched([batch] for batch in islice(batches, steps)):
            began = time.perf_counter()
            step(micro_batches)
            computed = time.perf_counter() - began
            count(clock, micro_batches, waited=waited, computed=computed)
        clock.pause()
        clock.windows.clear()

    return compared(name, without, metered, pairs=pairs)


def meters_alone(steps: int = 20_000, repeats: int = 7) -> float:
    """Microseconds that the meters of one step take, within a window; the least of the repeats."""
    clock = StepClock(CPU)
    least = float("inf")
    some = list(made_batches())[:1]
    for _ in range(repeats):
        clock.resume()
        began = time.perf_counter()
        for micro_batches, waited in fetched(repeat(some, steps)):
            stepped = time.perf_counter()
            computed = time.perf_counter() - stepped
            count(clock, micro_batches, waited=waited, computed=computed)
        least = min(least, time.perf_counter() - began)
        clock.pause()
    return 1e6 * least / steps


def compared(name: str, without: Work, metered: Work, *, pairs: int) -> Cost:
    """ABBA: each pair of windows stands side by side, first one way and then the other.

    Garbage is collected in neither, but for what the clock collects at the edge of its window,
    which counts as the meters' cost. A run of either is long enough for one such edge.
    """
    for work in (without, metered):
        work(WARMUP_STEPS)
    steps = math.ceil(RUN_SECONDS * WARMUP_STEPS / seconds_of(without, WARMUP_STEPS))
    ratios, plain_seconds = [], []
    for pair in range(pairs):
        first, second = (without, metered) if pair % 2 == 0 else (metered, without)
        one, other = seconds_of(first, steps), seconds_of(second, steps)
        plain, with_meters = (one, other) if pair % 2 == 0 else (other, one)
        ratios.append(with_meters / plain)
        plain_seconds.append(plain)
    value, low, high = hodges_lehmann(np.log(ratios))
    return Cost(
        step=name,
        step_microseconds=1e6 * float(np.median(plain_seconds)) / steps,
        pairs=pairs,
        ratio=float(np.exp(value)),
        low=float(np.exp(low)),
        high=float(np.exp(high)),
    )


def seconds_of(work: Work, steps: int) -> float:
    """From a clean start."""
    gc.collect()
    with collecting_at_edges_alone():
        began = time.perf_counter()
        work(steps)
        return time.perf_counter() - began


@contextmanager
def collecting_at_edges_alone() -> Iterator[None]:
    """Collection stays enabled, which the clock needs to see, and never starts by itself."""
    before = gc.get_threshold()
    gc.set_threshold(0)
    yield
    gc.set_threshold(*before)


def hodges_lehmann(values: Reals) -> list[float]:
    """The median of all means of two, and its 95 % bootstrap interval over the values."""
    rng = np.random.default_rng(0)
    upper = np.triu_indices(len(values))

    def estimate(sample: Reals) -> float:
        return float(np.median(((sample[:, None] + sample[None, :]) / 2)[upper]))

    draws = [estimate(values[rng.integers(len(values), size=len(values))]) for _ in range(500)]
    low, high = np.quantile(draws, [0.025, 0.975])
    return [estimate(values), float(low), float(high)]


def no_autocast() -> torch.autocast:
    return torch.autocast("cpu", enabled=False)


def made_batches() -> Iterator[Batch]:
    for _ in range(16):
        yield Batch(
            inputs={"features": torch.randn(BATCH, WIDTH)},
            targets=torch.randint(0, CLASSES, (BATCH,)),
            indices=list(range(BATCH)),
            samples=BATCH,
            tokens=BATCH,
            padded_tokens=BATCH,
        )


if __name__ == "__main__":
    main()
