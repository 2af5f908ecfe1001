"""Stored mode: a measurement that is there, with a reason in place of a value."""

import pytest

from mmbench.records import Measurement
from tests.compare.conftest import MakeRecord
from tests.compare.test_stored import NAME, compared, one, rate, record


@pytest.mark.parametrize("side", ["baseline", "candidate"])
def test_a_measurement_without_a_value_on_one_side_cannot_tell(
    make_record: MakeRecord, side: str
) -> None:
    """A p99 of too few calls is there, with its reason: it is not missing."""
    name, note = "latency_p99_seconds", "p99 needs 1000 samples, there were 700"
    full = Measurement(name=name, unit="s", value=0.1, low=0.09, high=0.11)
    bare = Measurement(name=name, unit="s", value=None, note=note)
    with_value, without = (record(make_record, rate(1000), m) for m in (full, bare))
    base, cand = (without, with_value) if side == "baseline" else (with_value, without)
    report = compared([base], [cand])
    found = one(report, name)
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("cannot_tell", "not_measured")
    assert found.reason.values == {"side": side, "note": note}
    assert (report.missing, report.status) == ((), 3)


def test_a_measurement_without_a_value_on_both_sides_is_not_compared(
    make_record: MakeRecord,
) -> None:
    bare = Measurement(name="latency_p99_seconds", unit="s", value=None, note="too few")
    same = record(make_record, rate(1000), bare)
    report = compared([same], [same])
    assert [found.metric for found in report.findings] == [NAME, "accuracy"]
    assert (report.missing, report.status) == ((), 0)
