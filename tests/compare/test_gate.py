"""The gate's exit status: what comes first, and that nothing is hidden by a pass."""

import itertools

import pytest

from mmbench.compare.gate import Finding, GateReport, Missing, Reason, Verdict

WHY = Reason(code="told", values={"text": "for a test"})
VERDICTS: tuple[Verdict, ...] = ("regression", "error", "cannot_tell", "warning", "pass")


def finding(verdict: Verdict) -> Finding:
    reason = None if verdict in ("pass", "regression") else WHY
    return Finding(
        cell="c", metric="m", aspect="rate", verdict=verdict, threshold=0.05, reason=reason
    )


def report(*verdicts: Verdict, lacking: bool = False, allow_missing: bool = False) -> GateReport:
    return GateReport(
        mode="stored",
        baseline="b",
        candidate="c",
        findings=tuple(finding(verdict) for verdict in verdicts),
        missing=(Missing(cell="gone", lacking="candidate"),) if lacking else (),
        allow_missing=allow_missing,
    )


@pytest.mark.parametrize(
    ("verdict", "status"),
    [("pass", 0), ("warning", 0), ("regression", 1), ("error", 2), ("cannot_tell", 3)],
)
def test_each_verdict_has_its_status_beside_passes(verdict: Verdict, status: int) -> None:
    assert report("pass", verdict, "pass").status == status


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(VERDICTS[:3], 2)))
def test_regression_comes_before_error_before_cannot_tell(first: Verdict, second: Verdict) -> None:
    assert report(second, first).status == report(first).status


def test_nothing_compared_is_an_error() -> None:
    assert report().status == 2


def test_a_cell_of_one_side_alone_is_an_error_unless_that_is_allowed() -> None:
    assert report("pass", lacking=True).status == 2
    assert report("pass", lacking=True, allow_missing=True).status == 0
    assert report("regression", lacking=True).status == 1
    assert report(lacking=True, allow_missing=True).status == 2  # still nothing compared


@pytest.mark.parametrize("verdict", ["warning", "cannot_tell", "error"])
def test_what_is_no_pass_says_why(verdict: Verdict) -> None:
    with pytest.raises(AssertionError):
        Finding(cell="c", metric="m", aspect="rate", verdict=verdict, threshold=0.05)
