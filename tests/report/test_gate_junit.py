"""The JUnit file: what a reader of test results makes of each verdict."""

from dataclasses import replace
from xml.etree import ElementTree

from mmbench.compare.gate import GateReport
from mmbench.report.gate_junit import gate_junit
from tests.report.gates import FEW, MEMORY, RANK, REPORT, SLOWER, STORED


def suite(report: GateReport) -> ElementTree.Element:
    root = ElementTree.fromstring(gate_junit(report))
    assert root.tag == "testsuites"
    (found,) = root
    return found


def tags(report: GateReport) -> list[list[str]]:
    return [[child.tag for child in case] for case in suite(report).findall("testcase")]


def test_each_verdict_has_its_element() -> None:
    assert tags(REPORT) == [
        ["failure"],
        ["system-out"],
        ["skipped"],
        ["error"],
        ["system-out"],
        ["system-out"],
        ["error"],
    ]


def test_the_counts_are_those_of_the_cases() -> None:
    counts = {name: suite(REPORT).get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "7", "failures": "1", "errors": "2", "skipped": "1"}


def test_a_case_is_a_cell_and_a_metric_with_its_numbers() -> None:
    case = suite(REPORT).findall("testcase")[0]
    assert (case.get("classname"), case.get("name")) == (SLOWER.cell, SLOWER.metric)
    failure = case.find("failure")
    assert failure is not None
    assert "1.072 [1.051" in str(failure.get("message"))


def test_what_may_be_missing_is_skipped() -> None:
    report = replace(REPORT, findings=(RANK,), allow_missing=True)
    assert tags(report) == [["system-out"], ["skipped"]]


def test_nothing_compared_is_an_error() -> None:
    assert tags(replace(REPORT, findings=(), missing=())) == [["error"]]


def test_no_case_of_a_pass_fails() -> None:
    report = replace(REPORT, findings=(RANK, MEMORY, STORED), missing=())
    assert {tag for case in tags(report) for tag in case} == {"system-out"}


def test_cannot_tell_says_why() -> None:
    case = suite(replace(REPORT, findings=(FEW,), missing=())).find("testcase/skipped")
    assert case is not None
    assert "would be needed" in str(case.get("message"))


def test_it_is_written_in_chinese_too() -> None:
    assert "个样本不足以判断" in gate_junit(REPORT, lang="zh").decode()
