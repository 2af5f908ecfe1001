"""Baselines by way of the command line: saved on purpose, never by a test that failed."""

from collections.abc import Callable

import pytest

import mmbench.throughput.baselines
import mmbench.throughput.calibration
import mmbench.throughput.verdict  # noqa: F401 - see test_plugin.py
from mmbench.throughput.windows import Windows

SUITE = """
def work():
    return 0.002

def test_saved(throughput):
    throughput.measure(work)
    throughput.not_slower_than("main")
"""
SAVE = ("--throughput-save", "main")


@pytest.fixture(autouse=True)
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call takes the seconds that it returns, give or take one in a hundred, and the machine is
    always the same: what is asked here must not depend on what else runs beside the tests."""

    def measured(call: Callable[[], float], *, samples: int, window_seconds: float) -> Windows:
        seconds = tuple(call() * (1 + 0.001 * (number % 10)) for number in range(samples))
        return Windows(seconds=seconds, calls=1, warm_up=0, settled=True)

    found = {"matrix_product_seconds": (0.01, 0.01), "memory_copy_seconds": (0.02, 0.02)}
    monkeypatch.setattr("mmbench.throughput.fixture.measure", measured)
    monkeypatch.setattr("mmbench.throughput.calibration.calibrate", lambda: found)


def run(pytester: pytest.Pytester, suite: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(test_speed=suite)
    plain = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")  # see test_plugin.py
    return pytester.runpytest_inprocess(*plain, "-rs", *options)


def test_a_saved_baseline_lets_the_same_code_pass_and_a_slower_one_fail(
    pytester: pytest.Pytester,
) -> None:
    saving = run(pytester, SUITE, *SAVE)
    saving.assert_outcomes(skipped=1)  # nothing was compared, so nothing has passed
    saving.stdout.fnmatch_lines(
        ["saved 1 as 'main': *.benchmarks/mmbench/*/main.json", "SKIPPED*nothing to compare*"]
    )
    run(pytester, SUITE).assert_outcomes(passed=1)
    slower = run(pytester, SUITE.replace("0.002", "0.0022"))
    slower.assert_outcomes(failed=1)
    slower.stdout.fnmatch_lines(
        ["E *Slower: slower than 'main': 1.100 times its time *matrix product: 1.00 *"]
    )


def test_saving_under_another_name_compares_all_the_same(pytester: pytest.Pytester) -> None:
    run(pytester, SUITE, *SAVE)
    done = run(pytester, SUITE, "--throughput-save", "next")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["saved 1 as 'next': *"])


def test_a_test_that_fails_is_no_baseline(pytester: pytest.Pytester) -> None:
    done = run(
        pytester, SUITE.replace("    throughput.not", "    assert False\n    throughput.not"), *SAVE
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["'main' was not saved: *"])
    run(pytester, SUITE).stdout.fnmatch_lines(["E *CannotTime: no baseline 'main'*"])


def test_saving_when_nothing_was_measured_is_a_usage_error(pytester: pytest.Pytester) -> None:
    done = run(pytester, "def test_other():\n    pass\n", *SAVE)
    done.assert_outcomes(passed=1)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stdout.fnmatch_lines(["'main' was not saved: *"])


@pytest.mark.parametrize(
    "off", [("--throughput-disable",), ("--benchmark-disable",), ("-n", "1")], ids=lambda o: o[0]
)
def test_saving_where_timing_is_off_is_a_usage_error(
    pytester: pytest.Pytester, off: tuple[str, ...]
) -> None:
    done = run(pytester, SUITE, *SAVE, *off)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: --throughput-save: nothing would be timed: *"])


def test_a_bad_name_is_refused_before_anything_is_timed(pytester: pytest.Pytester) -> None:
    done = run(pytester, SUITE, "--throughput-save", "../x")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*--throughput-save: '../x' cannot name a baseline*"])
    done.stdout.no_fnmatch_line("*collected*")
