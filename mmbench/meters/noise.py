"""Whether the timing of a run can be trusted, judged from what it left behind.

Every rule gives warnings: none where nothing is wrong, else sentences that end in advice. NumPy
only, so that whoever holds figures may judge them.

The limits: a middle half of the windows within 10 % and halves within 6 % of each other are what a
quiet machine keeps to when a window is divided by its work (docs/measuring.md); they are no test of
one run against another, for which `mmbench gate --against` alternates.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mmbench.records import UNSTABLE as UNSTABLE

FEW_WINDOWS = 5
SHORT = "short"
SPREAD = 0.10  # interquartile range of the windows, of their median
DRIFT = 0.06  # between the medians of both halves, of the first
DRIFT_ERRORS = 3.0  # standard errors that a drift must exceed as well
OTHER_WORK = 0.1  # of the cores
CALIBRATION_DRIFT = 0.06  # of a kernel before and after the run
ADVICE = "close other programs and run it again, or use mmbench gate --against, which alternates"

Reals = NDArray[np.float64]


def short_note(windows: int) -> str | None:
    """A note for a rate that rests on few steady windows: its interval says little."""
    return f"{SHORT}: {windows} of {FEW_WINDOWS} windows" if windows < FEW_WINDOWS else None


def unstable_windows(costs: Sequence[float], what: str) -> list[str]:
    """costs: seconds per unit of work of the steady windows in order (a padded token, a sample).
    what: whose windows. Fewer than FEW_WINDOWS are not judged: `short_note` tells of them."""
    if len(costs) < FEW_WINDOWS:
        return []
    values = np.asarray(costs, dtype=float)
    warnings = []
    spread = _spread(values) / float(np.median(values))
    if spread > SPREAD:
        warnings.append(
            f"{UNSTABLE}: the middle half of the windows of {what} spreads over {spread:.0%}; "
            f"{ADVICE}"
        )
    change = _drift(values)
    if change is not None:
        warnings.append(
            f"{UNSTABLE}: {what} became {abs(change):.0%} {'slower' if change > 0 else 'faster'} "
            f"from its first half to its second; {ADVICE}"
        )
    return warnings


def never_settled(what: str) -> str:
    """Of windows that changed to the end (`steady.Warmup.settled`)."""
    return f"{UNSTABLE}: the warm-up of {what} never settled; time it for longer, or {ADVICE}"


def throttled(reasons: Sequence[str]) -> list[str]:
    """reasons: why the device slowed its clocks during the run, by its driver."""
    if not reasons:
        return []
    return [
        f"{UNSTABLE}: the device slowed its clocks ({', '.join(reasons)}); let it cool or raise "
        "its power limit and run it again"
    ]


def other_work(busy: float | None, cores: int) -> list[str]:
    """busy: cores that other processes kept busy on average during the run, of the `cores` that it
    may use; None where that is not known."""
    if busy is None or busy <= OTHER_WORK * cores:
        return []
    return [
        f"other processes kept {busy:.1f} of {cores} cores busy: do not compare the speeds; "
        "run it again alone"
    ]


def drifted(kernels: Mapping[str, tuple[float, float]]) -> list[str]:
    """kernels: seconds that each calibration kernel took before the run and after it."""
    warnings = []
    for name, (before, after) in kernels.items():
        change = after / before - 1
        if abs(change) > CALIBRATION_DRIFT:
            warnings.append(
                f"{UNSTABLE}: the same {name} took {abs(change):.0%} "
                f"{'longer' if change > 0 else 'less'} after the trial than before it; {ADVICE}"
            )
    return warnings


def _spread(values: Reals) -> float:
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low)


def _drift(values: Reals) -> float | None:
    """The change of the median from the first half to the second, as a share; None where it is
    small, or within what the spread of the halves explains."""
    first, second = values[: len(values) // 2], values[(len(values) + 1) // 2 :]
    change = float(np.median(second) / np.median(first)) - 1
    deviation = (_spread(first) + _spread(second)) / 2 / 1.349  # of a normal spread
    # 1.2533: the standard error of a median over that of a mean
    error = 1.2533 * deviation * float(np.sqrt(1 / len(first) + 1 / len(second)))
    error /= float(np.median(first))
    return change if abs(change) > max(DRIFT, DRIFT_ERRORS * error) else None
