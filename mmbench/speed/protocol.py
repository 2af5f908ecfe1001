"""One case timed, by the protocol of docs/measuring.md.

The model is loaded and steps once with the peak of memory watched; then windows of many steps are
timed with nothing else going on, and only after them latencies, FLOPs and the machine's own peak.
Where warm-up ends is judged from the windows; all are kept.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from mmbench.errors import TrialError
from mmbench.meters.clock import Account, StepClock, Window, synchronise
from mmbench.meters.energy import EnergyMeter
from mmbench.meters.environment import ClockWatch
from mmbench.meters.flops import parameters
from mmbench.meters.latency import Largest, largest_batch, latencies, latency_measurements
from mmbench.meters.memory import memory_parts, peak_memory
from mmbench.meters.noise import FEW_WINDOWS, UNSTABLE, drifted, short_note, unstable_windows
from mmbench.meters.peak import calibrate
from mmbench.meters.rates import NEVER_SETTLED, spent, steady_windows, throughput, warmup_of
from mmbench.records import Measurement
from mmbench.speed.efficiency import cost_per_million, efficiency, energy_per_sample
from mmbench.speed.workload import Workload, build, fill, load_learner
from mmbench.speed_record import Mode, SpeedCase

PREFIX = {"train": "train", "infer": "inference"}
WHAT = {"train": "training", "infer": "inference"}
MEMORY_STEPS = 2  # the second has the optimizer's state of the first
ENOUGH_WINDOWS = FEW_WINDOWS + 2  # with one of warm-up, and one cut short
PATIENCE = 4.0  # times the seconds asked for, where a step takes longer than a window
MOST_CALLS = 2000
MOST_BATCH = 8192
SEARCH_SECONDS = {"cpu": 8.0, "cuda": 30.0}  # for one attempt of the search for the largest batch
WHY = {
    "memory": "twice as many do not fit into the device's memory",
    "memory budget": "twice as many would take more than half of the free memory",
    "time budget": "twice as many would take too long to try",
    "most": "more were not tried",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """All that was measured of one case, and what a reader must be warned of."""

    measurements: tuple[Measurement, ...]
    warnings: tuple[str, ...]


def largest_case(case: SpeedCase, device: torch.device) -> tuple[SpeedCase, str]:
    """The case at the largest batch (a power of two) that the device has room for, and a note on
    what ended the search. TrialError if not even one sample fits."""
    learner = load_learner(case, device)

    def attempt(size: int) -> None:
        fill(replace(case, batch_size=size), learner, device).step()

    seconds = SEARCH_SECONDS[device.type]
    # a training batch of one has no other row to be compared with, or to take statistics from
    start = 2 if case.mode == "train" else 1
    found: Largest | None = largest_batch(
        attempt, device, start=start, most=MOST_BATCH, seconds=seconds
    )
    if found is None:
        raise TrialError(f"{case.model.name}: no batch fits into the memory of {device}")
    note = f"{found.batch_size} is the largest batch that was found: {WHY[found.why]}"
    return replace(case, batch_size=found.batch_size), note


def time_case(
    case: SpeedCase,
    device: torch.device,
    clocks: ClockWatch,
    *,
    seconds: float,
    price_per_hour: float | None,
) -> Timed:
    """Load it and time it for `seconds`, and for longer if its steps are long."""
    began = time.perf_counter()
    with peak_memory(device) as peak:
        workload = build(case, device)
        synchronise(device)
        loaded = time.perf_counter()
        for _ in range(MEMORY_STEPS):
            workload.step()
        synchronise(device)
    first_steps = time.perf_counter() - loaded
    before, meter = calibrate(device), EnergyMeter(device)
    windows, account = time_windows(workload, seconds, clocks)
    energy = meter.measurements()
    drift = drifted(before.beside(calibrate(device)))
    rates = throughput(windows, PREFIX[case.mode])
    computed = efficiency(workload, rates[0], PREFIX[case.mode])
    measurements = [
        *rates,
        *(_latencies(workload, seconds) if case.mode == "infer" else ()),
        *peak.measurements,
        *parts_of(workload),
        *parameters_of(workload),
        *computed.measurements,
        *energy_per_sample(energy, sum(w.samples for w in windows), PREFIX[case.mode]),
        *([cost_per_million(rates[0], price_per_hour)] if price_per_hour is not None else ()),
        Measurement(name="load_seconds", unit="s", value=loaded - began),
        Measurement(name="first_steps_seconds", unit="s", value=first_steps),
        *spent(windows, account),
    ]
    warnings = (*warnings_of(windows, case.mode), *drift, *computed.warnings)
    return Timed(measurements=tuple(measurements), warnings=warnings)


def warnings_of(windows: Sequence[Window], mode: Mode) -> list[str]:
    """What the windows say of themselves."""
    steady = steady_windows(windows)
    warnings = unstable_windows([window.cost for window in steady], WHAT[mode])
    short = short_note(len(steady))
    if short is not None:
        warnings.append(f"{short}: the rate is a draft; time it for longer with --seconds")
    if warmup_of(windows).settled is False:
        warnings.append(f"{UNSTABLE}: {NEVER_SETTLED}; time it for longer with --seconds")
    return warnings


def time_windows(
    workload: Workload, seconds: float, clocks: ClockWatch
) -> tuple[Sequence[Window], Account]:
    """Windows of steps for `seconds` and until there are enough to judge, or for PATIENCE times as
    long. The device is waited for at their edges alone, and its clocks are looked at there, in a
    pause: FLOPs and the peak come later and heat it by other work."""
    with StepClock(workload.device) as clock:
        began = time.perf_counter()
        clock.resume()
        while True:
            stepped = time.perf_counter()
            work = workload.step()
            computed = time.perf_counter() - stepped
            closed = clock.step(
                samples=work.samples,
                tokens=work.tokens,
                padded_tokens=work.padded_tokens,
                images=work.images,
                audio_seconds=work.audio_seconds,
                computed=computed,
            )
            if closed:
                with clock.paused():
                    clocks.look()
            passed = time.perf_counter() - began
            enough = len(clock.windows) >= ENOUGH_WINDOWS
            if closed and passed > seconds and (enough or passed > PATIENCE * seconds):
                break
    return clock.windows, clock.account()


def _latencies(workload: Workload, seconds: float) -> tuple[Measurement, ...]:
    """Of one batch from call to answer: `latency_p50_seconds` and so on."""

    def call() -> None:
        workload.step()

    found = latencies(call, workload.device, seconds=seconds, most=MOST_CALLS)
    return latency_measurements(found, "latency")


def parts_of(workload: Workload) -> tuple[Measurement, ...]:
    """What the memory of a step is made of; of inference, the model and nothing that is kept."""
    if workload.optimizer is None:
        return memory_parts(workload.adapter, None, None)

    def forward() -> torch.Tensor:
        return workload.loss(workload.batches[0])

    return memory_parts(workload.learner, workload.optimizer, forward)


def parameters_of(workload: Workload) -> tuple[Measurement, ...]:
    """`parameters` of the model without its head, as cards count them; `trainable_parameters`, what
    a training step changes, the head included."""
    own, _ = parameters(workload.adapter)
    _, trained = parameters(workload.learner)
    return own, replace(trained, value=trained.value if workload.case.mode == "train" else 0.0)
