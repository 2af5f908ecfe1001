"""How numbers look in a report. No number carries more digits than its use."""

from mmbench.compare.cells import Estimate
from mmbench.metrics.table import metric

MISSING = "–"
MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"  # keeps an interval on one line of a narrow column
RANK = "rank"  # the unit of a median rank
TARGET = "target"  # that of the number that is to be predicted
MILLION, BILLION = 1e6, 1e9
MIB, GIB = 2**20, 2**30


def is_share(name: str) -> bool:
    """Whether the metric is a fraction of one, which is printed in percent."""
    return metric(name).is_share


def score(value: float | None, name: str) -> str:
    """A metric's value: `87.3` for a fraction (the header says percent), `12` or `12.5` for a
    rank, `0.873` for others, errors in the target's unit among them."""
    if value is None:
        return MISSING
    if metric(name).unit == RANK:
        return f"{value:,.1f}".removesuffix(".0")
    return f"{100 * value:.1f}" if is_share(name) else f"{value:.3f}"


def score_with_unit(value: float | None, name: str) -> str:
    """A metric's value as it stands in a sentence: `87.3%`, `rank 12.5`."""
    if value is not None and metric(name).unit == RANK:
        return f"{RANK}{NO_BREAK}{score(value, name)}"
    return score(value, name) + ("%" if value is not None and is_share(name) else "")


def score_with_interval(estimate: Estimate | None, name: str) -> str:
    """`87.3 [85.1, 89.2]`, or without brackets where there is no interval."""
    if estimate is None:
        return MISSING
    text = score(estimate.value, name)
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} [{score(estimate.low, name)},{NO_BREAK}{score(estimate.high, name)}]"


def difference(value: float, name: str) -> str:
    """Between two values of a metric, with its sign: `+1.2` points of a fraction, `−3` ranks."""
    text = score(abs(value), name)
    if not any(digit in text for digit in "123456789"):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def difference_with_interval(value: float, low: float | None, high: float | None, name: str) -> str:
    """`−1.2 [−2.0, −0.4]`, or without brackets where there is no interval."""
    text = difference(value, name)
    if low is None or high is None:
        return text
    return f"{text} [{difference(low, name)},{NO_BREAK}{difference(high, name)}]"


def probability(p: float) -> str:
    """`p = 0.012`, or `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def amount(value: float | None) -> str:
    """A rate or a time to three digits: `0.42`, `8.31`, `83.1`, `831`, `8,310`."""
    if value is None:
        return MISSING
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"


def amount_with_interval(estimate: Estimate | None) -> str:
    if estimate is None:
        return MISSING
    if estimate.low is None or estimate.high is None:
        return amount(estimate.value)
    interval = f"[{amount(estimate.low)},{NO_BREAK}{amount(estimate.high)}]"
    return f"{amount(estimate.value)} {interval}"


def percent(share: float | None) -> str:
    """`3.2%` of a share between 0 and 1; `< 0.1%` where it is there but small."""
    if share is None:
        return MISSING
    if 0 < share < 0.0005:
        return "< 0.1%"
    return f"{100 * share:.1f}%" if share else "0%"


def loss(value: float) -> str:
    """A loss to three digits after the point, and in powers of ten where that would show none."""
    return f"{value:.3f}" if value == 0 or abs(value) >= 0.0005 else f"{value:.1e}"


def size(quantity: float | None) -> str:
    """Bytes as `512 MiB` or `1.25 GiB`."""
    if quantity is None:
        return MISSING
    if quantity >= GIB:
        return f"{quantity / GIB:.2f}{NO_BREAK}GiB"
    return f"{quantity / MIB:.0f}{NO_BREAK}MiB"


def many(value: float | None) -> str:
    """A number of parameters or rows: `770`, `22.7 M`, `1.2 B`."""
    if value is None:
        return MISSING
    for unit, letter in ((BILLION, "B"), (MILLION, "M")):
        if value >= unit:
            return f"{value / unit:.1f}{NO_BREAK}{letter}"
    return f"{value:,.0f}"


def rate(value: float) -> str:
    """A learning rate in its shortest spelling: `2e-05`, `0.003`."""
    return f"{value:g}"
