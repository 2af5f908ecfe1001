"""Cells of a paired timing as findings of the gate."""

from dataclasses import replace
from typing import Literal

import pytest

from mmbench.cards import GateThresholds
from mmbench.compare.gate import CANNOT_TELL, ERROR, PASS, REGRESSION, Reason
from mmbench.compare.paired import Decision, Outcome
from mmbench.errors import PlanError
from mmbench.speed.findings import not_comparable, rate_threshold, report_of
from mmbench.speed.messages import Memory, Ran
from mmbench.speed.paired import TimedPair
from mmbench.speed.session import Failure, PairedCell
from tests.speed.arms import CASE

PLAIN = GateThresholds()
TRAIN = replace(CASE, mode="train")


def memory(gigabytes: float, *, cuda: float | None = None) -> Memory:
    return Memory(peak_rss_bytes=gigabytes * 1e9, peak_cuda_bytes=cuda)


def cell(
    outcome: Outcome = "pass",
    *,
    reason: str | None = None,
    peaks: tuple[Memory, Memory] | None = (memory(1), memory(1)),
) -> PairedCell:
    """A window is 4 steps of 2 samples, in 0.5 s of the baseline and 0.4 s of the candidate."""
    pair = TimedPair(
        baseline=Ran(steps=4, seconds=0.5, cpu_seconds=1.0),
        candidate=Ran(steps=4, seconds=0.4, cpu_seconds=1.0),
    )
    return PairedCell(
        case=CASE,
        decision=Decision(
            outcome=outcome, ratio=0.8, low=0.7, high=0.9, p=1.0, pairs=30, look=0, reason=reason
        ),
        pairs=(pair,) * 30,
        steps=4,
        settled=True,
        memory=peaks,
        differences=("libraries.torch: 2.11.0 → 2.12.0",),
    )


def test_a_cell_has_a_finding_of_its_rate_and_one_of_its_memory() -> None:
    report = report_of([cell()], PLAIN, 0.05, baseline="baseline 1a2b", candidate="candidate")
    rate, peak = report.findings
    assert (rate.cell, rate.metric, rate.verdict) == (
        "words infer fp32 b2 t8",
        "inference_samples_per_second",
        "pass",
    )
    assert (rate.baseline, rate.candidate, rate.unit) == (16.0, 20.0, "samples/s")
    assert rate.change is not None
    assert (rate.change.scale, rate.change.value, rate.change.counted) == ("ratio", 0.8, "pairs")
    assert (peak.metric, peak.verdict, peak.threshold) == ("peak_rss_bytes", "pass", 0.05)
    assert report.status == PASS
    assert report.differences == ("libraries.torch: 2.11.0 → 2.12.0",)


def test_a_slower_cell_is_a_regression() -> None:
    report = report_of([cell(), cell("regression")], PLAIN, 0.05, baseline="a", candidate="b")
    assert report.status == REGRESSION


def test_more_memory_than_allowed_is_a_regression() -> None:
    found = cell(peaks=(memory(1.0), memory(1.06)))
    report = report_of([found], PLAIN, 0.05, baseline="a", candidate="b")
    assert report.status == REGRESSION
    wide = report_of([found], GateThresholds(memory=0.1), 0.05, baseline="a", candidate="b")
    assert wide.status == PASS


def test_on_a_gpu_the_memory_is_the_device_s() -> None:
    found = cell(peaks=(memory(1, cuda=2e9), memory(9, cuda=2e9)))
    _, peak = report_of([found], PLAIN, 0.05, baseline="a", candidate="b").findings
    assert (peak.metric, peak.verdict) == ("peak_cuda_bytes", "pass")


def test_a_system_that_tells_no_peak_gives_no_finding_of_it() -> None:
    unknown = Memory(peak_rss_bytes=None, peak_cuda_bytes=None)
    report = report_of([cell(peaks=(unknown, unknown))], PLAIN, 0.05, baseline="a", candidate="b")
    assert [found.aspect for found in report.findings] == ["rate"]


def test_what_cannot_be_told_says_why() -> None:
    noisy = cell("cannot_tell", reason="noisy")
    late = replace(cell(), decision=None, memory=None)
    report = report_of([noisy, late], PLAIN, 0.05, baseline="a", candidate="b")
    codes = [found.reason.code for found in report.findings if found.reason is not None]
    assert codes == ["noisy", "out_of_time"]
    assert report.status == CANNOT_TELL


@pytest.mark.parametrize(
    ("kind", "verdict", "status"),
    [("failed", "error", ERROR), ("not_comparable", "cannot_tell", CANNOT_TELL)],
)
def test_a_case_that_failed_says_so_and_hides_no_regression(
    kind: Literal["failed", "not_comparable"], verdict: str, status: int
) -> None:
    failure = Failure(kind=kind, message="it ran out of memory")
    lost = replace(cell(), decision=None, memory=None, failure=failure)
    report = report_of([cell(), lost], PLAIN, 0.05, baseline="a", candidate="b")
    assert report.findings[-1].verdict == verdict
    assert report.findings[-1].reason == Reason(code="told", values={"text": failure.message})
    assert report.status == status
    both = report_of([lost, cell("regression")], PLAIN, 0.05, baseline="a", candidate="b")
    assert both.status == REGRESSION


def test_a_baseline_that_cannot_be_compared_is_told_of_every_case() -> None:
    report = not_comparable([CASE, TRAIN], 0.05, "it is too old", baseline="a", candidate="b")
    assert [found.verdict for found in report.findings] == ["cannot_tell"] * 2
    assert report.findings[0].reason is not None
    assert report.findings[0].reason.values == {"text": "it is too old"}
    assert report.status == CANNOT_TELL


def test_windows_that_never_settled_are_noted() -> None:
    restless = replace(cell(), settled=False)
    report = report_of([restless], PLAIN, 0.05, baseline="a", candidate="b")
    assert "still had a trend" in report.notes[0]


def test_a_threshold_that_no_cell_used_is_told() -> None:
    gate = GateThresholds(metrics={"train_samples_per_secnod": 0.1})
    report = report_of([cell()], gate, 0.05, baseline="a", candidate="b")
    assert report.unused == ("train_samples_per_secnod",)


def test_the_rate_s_threshold_is_that_of_the_device() -> None:
    assert rate_threshold(PLAIN, [CASE, TRAIN], "cpu") == 0.05
    assert rate_threshold(PLAIN, [CASE, TRAIN], "cuda") == 0.025
    assert rate_threshold(GateThresholds(rate=0.1), [CASE], "cuda") == 0.1


def test_rates_of_several_thresholds_are_refused() -> None:
    gate = GateThresholds(metrics={"train_samples_per_second": 0.1})
    with pytest.raises(PlanError, match=r"thresholds \[0.05, 0.1\]; a paired timing judges all"):
        rate_threshold(gate, [CASE, TRAIN], "cpu")
