"""Stored mode: what may be compared, what may fail, and that nothing is passed over."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import GateThresholds
from mmbench.compare.gate import Finding, GateReport
from mmbench.compare.measured import Measured, Reading, of_trials
from mmbench.compare.stored import compare_stored, cost_ratio, threshold_of
from mmbench.records import Failure, Measurement, Record
from mmbench.store import Stored
from tests.compare.conftest import FINGERPRINT, MakeRecord

NAME = "train_padded_tokens_per_second"
NONE = GateThresholds()


def rate(
    value: float, half: float = 0.01, *, name: str = NAME, note: str | None = None
) -> Measurement:
    """A rate with an interval of so much on either side, as a share."""
    low, high = value * (1 - half), value * (1 + half)
    values = (low, value, high) * 4
    return Measurement(
        name=name, unit="tokens/s", value=value, low=low, high=high, values=values, note=note
    )


def peak(value: float, *, name: str = "peak_rss_bytes", note: str | None = None) -> Measurement:
    return Measurement(name=name, unit="bytes", value=value, note=note)


def record(make: MakeRecord, *measurements: Measurement, logits: str = "same") -> Record:
    """With the same answers as every other one, so that its quality passes."""
    return replace(make(measurements=measurements), logits_digest=logits)


def compared(
    baseline: Sequence[Record],
    candidate: Sequence[Record],
    *,
    thresholds: GateThresholds = NONE,
    trust: bool = False,
    allow_missing: bool = False,
) -> GateReport:
    def measured(records: Sequence[Record]) -> list[Measured]:
        return of_trials(Stored(Path("nowhere"), record) for record in records)

    return compare_stored(
        ("baseline", measured(baseline)),
        ("candidate", measured(candidate)),
        thresholds,
        trust_stored=trust,
        allow_missing=allow_missing,
    )


def one(report: GateReport, metric: str = NAME) -> Finding:
    (found,) = (finding for finding in report.findings if finding.metric == metric)
    return found


def test_the_same_records_pass(make_record: MakeRecord) -> None:
    same = record(make_record, rate(1000), peak(2e9))
    report = compared([same], [same])
    assert [(f.metric, f.verdict) for f in report.findings] == [
        (NAME, "pass"),
        ("peak_rss_bytes", "pass"),
        ("accuracy", "pass"),
    ]
    assert report.status == 0


@pytest.mark.parametrize(
    ("trust", "verdict", "status"), [(False, "warning", 0), (True, "regression", 1)]
)
def test_a_slow_down_fails_only_where_the_stored_baseline_is_trusted(
    make_record: MakeRecord, trust: bool, verdict: str, status: int
) -> None:
    report = compared(
        [record(make_record, rate(1000))], [record(make_record, rate(850))], trust=trust
    )
    found = one(report)
    assert found.change is not None
    assert (found.verdict, report.status) == (verdict, status)
    assert found.change.value == pytest.approx(1000 / 850)
    assert (found.change.count, found.change.counted) == (12, "windows")


def test_a_speed_up_passes(make_record: MakeRecord) -> None:
    report = compared([record(make_record, rate(1000))], [record(make_record, rate(1500))])
    assert one(report).verdict == "pass"


@pytest.mark.parametrize(
    ("value", "half", "reason"), [(960, 0.10, "noisy"), (952, 0.008, "near_threshold")]
)
def test_an_interval_that_holds_the_threshold_cannot_tell(
    make_record: MakeRecord, value: float, half: float, reason: str
) -> None:
    report = compared(
        [record(make_record, rate(1000, half))],
        [record(make_record, rate(value, half))],
        trust=True,
    )
    found = one(report)
    assert found.reason is not None
    assert (found.verdict, found.reason.code, report.status) == ("cannot_tell", reason, 3)


def test_a_rate_without_an_interval_cannot_tell(make_record: MakeRecord) -> None:
    bare = Measurement(name=NAME, unit="tokens/s", value=1000.0)
    found = one(compared([record(make_record, bare)], [record(make_record, bare)]))
    assert found.reason is not None
    assert found.reason.code == "no_interval"


def test_latencies_are_compared_the_other_way_round(make_record: MakeRecord) -> None:
    def latency(value: float) -> Measurement:
        name = "inference_p50_seconds"
        return Measurement(name=name, unit="s", value=value, low=value * 0.99, high=value * 1.01)

    slow = compared([record(make_record, latency(0.1))], [record(make_record, latency(0.2))])
    assert one(slow, "inference_p50_seconds").verdict == "warning"
    fast = compared([record(make_record, latency(0.2))], [record(make_record, latency(0.1))])
    assert one(fast, "inference_p50_seconds").verdict == "pass"


@pytest.mark.parametrize(("grown", "status"), [(1.04, 0), (1.06, 1)])
def test_memory_is_judged_by_its_ratio(make_record: MakeRecord, grown: float, status: int) -> None:
    report = compared([record(make_record, peak(2e9))], [record(make_record, peak(2e9 * grown))])
    assert report.status == status


def test_on_a_gpu_the_peak_is_the_devices(make_record: MakeRecord) -> None:
    both = (
        peak(2e9),
        peak(5e9, name="peak_cuda_bytes"),
        peak(6e9, name="peak_cuda_reserved_bytes"),
    )
    report = compared([record(make_record, *both)], [record(make_record, *both)])
    assert [f.metric for f in report.findings] == ["peak_cuda_bytes", "accuracy"]


def test_other_setups_cannot_be_compared_in_speed(make_record: MakeRecord) -> None:
    same = record(make_record, rate(1000), peak(2e9))
    other = replace(same, fingerprint=replace(FINGERPRINT, threads=4))
    report = compared([same], [other])
    found = one(report)
    assert found.reason is not None
    assert (found.verdict, found.reason.code, report.status) == ("cannot_tell", "setups", 3)
    assert "threads: 2 against 4" in found.reason.values["differences"]
    assert one(report, "accuracy").verdict == "pass"  # the answers are the same anywhere


def test_of_several_baselines_the_one_of_this_setup_counts(make_record: MakeRecord) -> None:
    mine = record(make_record, rate(1000))
    later = replace(
        record(make_record, rate(5000)),
        fingerprint=replace(FINGERPRINT, threads=4),
        started_at="2026-11-02T10:00:00+00:00",
    )
    assert one(compared([mine, later], [mine])).verdict == "pass"


def test_other_work_cannot_be_compared(make_record: MakeRecord) -> None:
    same = record(make_record, rate(1000))
    other = replace(same, trial=replace(same.trial, limit=7, digests={"task": "d2"}))
    report = compared([same], [other])
    assert {f.verdict for f in report.findings} == {"cannot_tell"}
    reason = one(report).reason
    assert reason is not None
    assert reason.values == {"differences": "limit, weights, data"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"warnings": ("unstable: the middle half spreads over 30%; close programs",)}, "unstable"),
        ({"busy": 1.0}, "unstable"),
    ],
)
def test_an_unstable_record_cannot_be_compared_in_speed(
    make_record: MakeRecord, changes: dict[str, object], code: str
) -> None:
    quiet = record(make_record, rate(1000), peak(2e9))
    environment = replace(quiet.environment, other_cores_busy=float(str(changes.get("busy", 0.0))))
    warnings = changes.get("warnings", ())
    assert isinstance(warnings, tuple)
    loud = replace(quiet, environment=environment, warnings=warnings)
    for report in (compared([quiet], [loud]), compared([loud], [quiet])):
        found = one(report)
        assert found.reason is not None
        assert (found.verdict, found.reason.code) == ("cannot_tell", code)
        assert one(report, "peak_rss_bytes").verdict == "pass"


@pytest.mark.parametrize(
    ("measurement", "code"),
    [
        (rate(1000, note="short: 3 of 5 windows"), "few_windows"),
        (rate(1000, note="measured when the features were computed"), "measured_earlier"),
        (peak(2e9, note="the peak could not be reset: it is that of …"), "whole_process"),
    ],
)
def test_a_doubtful_reading_cannot_be_compared(
    make_record: MakeRecord, measurement: Measurement, code: str
) -> None:
    same = record(make_record, measurement)
    reason = one(compared([same], [same]), measurement.name).reason
    assert reason is not None
    assert reason.code == code


def test_a_failed_candidate_is_an_error(make_record: MakeRecord) -> None:
    good = record(make_record, rate(1000))
    failure = Failure(kind="TrialError", message="out of memory", traceback="")
    failed = replace(
        make_record(status="failed", started_at="2026-11-02T10:00:00+00:00"), failure=failure
    )
    report = compared([good], [good, failed], allow_missing=True)
    assert report.status == 2
    (found,) = report.of("error")
    assert found.reason is not None
    assert found.reason.values == {"side": "candidate", "message": "out of memory"}


def test_a_cell_or_a_metric_of_one_side_alone_is_an_error(make_record: MakeRecord) -> None:
    a, b = record(make_record, rate(1000)), record(make_record, rate(1000), peak(2e9))
    report = compared([a], [b])
    assert report.status == 2
    assert [(m.metric, m.lacking) for m in report.missing] == [("peak_rss_bytes", "baseline")]
    other = replace(a, trial=replace(a.trial, seed=1))
    report = compared([a, other], [a])
    assert [m.lacking for m in report.missing] == ["candidate"]
    assert report.status == 2
    assert compared([a, other], [a], allow_missing=True).status == 0


def test_nothing_in_common_is_an_error_whatever_may_be_missing(make_record: MakeRecord) -> None:
    assert compared([], [record(make_record, rate(1.0))], allow_missing=True).status == 2
    assert compared([], []).status == 2


def test_what_was_refused_is_not_there(make_record: MakeRecord) -> None:
    refused = make_record(status="refused")
    good = record(make_record, rate(1000))
    assert compared([good], [refused]).missing[0].lacking == "candidate"


def test_seeds_are_combined_by_their_mean_ratio(make_record: MakeRecord) -> None:
    def seeds(*values: float) -> list[Record]:
        made = [record(make_record, rate(value)) for value in values]
        return [replace(r, trial=replace(r.trial, seed=i)) for i, r in enumerate(made)]

    found = one(compared(seeds(1000, 1000), seeds(1000, 810)))
    assert found.change is not None
    assert found.change.value == pytest.approx(1 / 0.9)


def test_the_interval_of_a_ratio_is_that_of_independent_logs() -> None:
    """With symmetric logs the variances add: half of √2 times each."""
    half = 0.03
    reading = Reading(
        metric="m",
        unit="s",
        aspect="rate",
        higher_is_better=False,
        value=1.0,
        low=math.exp(-half),
        high=math.exp(half),
        windows=9,
    )
    change = cost_ratio([(reading, reading)])
    assert change.high == pytest.approx(math.exp(math.sqrt(2) * half))
    assert change.low == pytest.approx(math.exp(-math.sqrt(2) * half))
    half_of_four = cost_ratio([(reading, reading)] * 4)
    assert half_of_four.high == pytest.approx(math.exp(math.sqrt(2) * half / 2))


def test_thresholds_come_from_the_metric_then_the_aspect_then_the_default() -> None:
    given = GateThresholds(rate=0.1, metrics={"train_x": 0.2})
    assert threshold_of(given, "rate", "train_x", "cpu") == 0.2
    assert threshold_of(given, "rate", "other", "cpu") == 0.1
    assert threshold_of(NONE, "rate", "other", "cpu") == 0.05
    assert threshold_of(NONE, "rate", "other", "cuda") == 0.025
    assert threshold_of(NONE, "memory", "other", "cuda") == 0.05
    assert threshold_of(NONE, "quality", "accuracy", "cpu") == 0.01


def test_a_threshold_of_no_metric_is_told(make_record: MakeRecord) -> None:
    same = record(make_record, rate(1000))
    report = compared([same], [same], thresholds=GateThresholds(metrics={"trian": 0.5, NAME: 0.5}))
    assert report.unused == ("trian",)
