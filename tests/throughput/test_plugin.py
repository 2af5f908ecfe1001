"""The plugin in a suite of its own: each guard fires, and a good test passes.

The suites run within this process; what they import is imported here before, since pytester puts
`sys.modules` back, which NumPy does not survive.
"""

import subprocess
import sys

import pytest

import mmbench.throughput.baselines
import mmbench.throughput.calibration
import mmbench.throughput.verdict  # noqa: F401

# Hypothesis is imported anew for every run's summary, which takes a second
PLAIN = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
SUITE = """
import pytest
from mmbench.throughput import verdict
from mmbench.throughput.errors import CannotTell

QUICK = dict(samples=8, window_seconds=0.002)

def work():
    return sum(range(2000))

def spin():
    return work() + work() + work()
"""
UNDECIDED = """
def test_undecided(throughput, monkeypatch):
    found = verdict.Verdict(
        outcome="cannot_tell", against="work()", ratio=1.04, low=0.9, high=1.2, threshold=0.05,
        evidence="120 pairs", advice="close other programs",
    )
    monkeypatch.setattr(verdict, "against_call", lambda *args, **options: found)
    throughput.measure(work, **QUICK)
    throughput.not_slower_than(work)
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> "Run":
    return Run(pytester)


class Run:
    """Runs tests that are written under the head of SUITE, in a file of one name."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester

    def __call__(self, tests: str, *options: str, head: str = SUITE) -> pytest.RunResult:
        self.pytester.makepyfile(test_speed=head + tests)
        return self.pytester.runpytest_inprocess(*PLAIN, *options)


def test_a_call_as_fast_as_the_other_passes_and_is_reported(run: Run) -> None:
    done = run("""
def test_equal(throughput):
    assert throughput.measure(work, **QUICK) == 1999000
    throughput.not_slower_than(work, threshold=1.0)
""")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(
        ["test_speed.py::test_equal: * a call (8 windows of * calls); not slower than work(): *"]
    )


def test_an_injected_spin_fails_with_the_numbers(run: Run) -> None:
    done = run("""
def test_slower(throughput):
    throughput.measure(spin, **QUICK)
    throughput.not_slower_than(work)
""")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E *Slower: slower than work(): * times its time (*"])
    done.stdout.no_fnmatch_line("*mmbench/throughput/fixture.py*")  # the test's own line is shown


def test_a_faster_call_passes(run: Run) -> None:
    done = run("""
def test_faster(throughput):
    throughput.measure(work, **QUICK)
    throughput.not_slower_than(spin)
""")
    done.assert_outcomes(passed=1)


def test_nothing_measured_is_an_error(run: Run) -> None:
    done = run("""
def test_nothing(throughput):
    throughput.not_slower_than(work)
""")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E *CannotTime: nothing was measured*"])


def test_no_baseline_of_the_name_is_an_error_that_says_how_to_save_one(run: Run) -> None:
    done = run("""
def test_saved(throughput):
    throughput.measure(work, **QUICK)
    throughput.not_slower_than("main")
""")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E *CannotTime: no baseline 'main'*--throughput-save main"])


@pytest.mark.parametrize("option", ["--throughput-disable", "--benchmark-disable"])
def test_where_timing_is_off_the_call_runs_once_and_nothing_passes_for_fast(
    run: Run, option: str
) -> None:
    done = run(
        """
def test_correct(throughput):
    calls = []
    throughput.measure(lambda: calls.append(1), **QUICK)
    assert calls == [1]

@pytest.mark.parametrize("baseline", ["main", work])
def test_fast(throughput, baseline):
    throughput.measure(work, **QUICK)
    throughput.not_slower_than(baseline)
""",
        option,
    )
    done.assert_outcomes(passed=1, failed=2)
    done.stdout.fnmatch_lines([f"E *CannotTime: nothing was timed*{option}*"])


def test_benchmark_enable_takes_the_disabling_back(run: Run) -> None:
    done = run(
        """
def test_equal(throughput):
    throughput.measure(work, **QUICK)
    throughput.not_slower_than(spin)
""",
        *("--benchmark-disable", "--benchmark-enable"),
    )
    done.assert_outcomes(passed=1)


def test_beside_other_workers_nothing_is_timed(run: Run) -> None:
    done = run(
        """
def test_equal(throughput):
    throughput.measure(work, **QUICK)
    throughput.not_slower_than(work)
""",
        *("-n", "1"),
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E *CannotTime: *pytest -n 0 -m throughput*"])


@pytest.mark.parametrize(
    ("option", "outcome"), [("fail", "failed"), ("skip", "skipped"), ("warn", "passed")]
)
def test_what_becomes_of_the_undecided_is_chosen(run: Run, option: str, outcome: str) -> None:
    done = run(UNDECIDED, f"--throughput-undecided={option}", "-rs")
    assert done.parseoutcomes()[outcome] == 1
    done.stdout.fnmatch_lines(["*close other programs*"])


def test_by_default_the_undecided_fails_as_a_kind_of_its_own(run: Run) -> None:
    run(UNDECIDED).assert_outcomes(failed=1)
    marked = UNDECIDED.replace("def test", "@pytest.mark.xfail(raises=CannotTell)\ndef test")
    run(marked).assert_outcomes(xfailed=1)


def test_a_call_that_takes_too_long_is_told_before_it_is_timed(run: Run) -> None:
    done = run(
        """
def test_long(throughput):
    throughput.measure(work, **QUICK)
    throughput.not_slower_than(work)
""",
        "--throughput-seconds=0.001",
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E *CannotTime: 30 pairs of * do not fit into 0.001 s; *"])


def test_a_second_measurement_and_too_few_samples_are_refused(run: Run) -> None:
    done = run("""
def test_twice(throughput):
    throughput.measure(work, **QUICK)
    throughput.measure(work, **QUICK)

def test_few(throughput):
    throughput.measure(work, samples=7)
""")
    done.assert_outcomes(failed=2)
    done.stdout.fnmatch_lines(["E *has measured a call already*", "E *give at least 8*"])


def test_it_lives_beside_pytest_benchmark(run: Run) -> None:
    tests = """
def test_benchmark(benchmark):
    assert benchmark(work) == 1999000

def test_throughput(throughput):
    throughput.measure(work, **QUICK)
    throughput.not_slower_than(spin)

def test_both(throughput, benchmark):
    benchmark.pedantic(work)
    throughput.measure(work, **QUICK)
    throughput.not_slower_than(spin)

def test_neither():
    pass
"""
    run(tests, "--benchmark-max-time=0.01").assert_outcomes(passed=4)
    run(tests, "--benchmark-only", "--benchmark-max-time=0.01").assert_outcomes(passed=2, skipped=2)
    run(tests, "-p", "no:benchmark", "-k", "not both and not benchmark").assert_outcomes(
        passed=2, deselected=2
    )
    run(tests, "-m", "throughput", "--strict-markers").assert_outcomes(passed=2, deselected=2)


def test_the_plugin_imports_nothing_heavy() -> None:
    heavy = ("torch", "numpy", "scipy", "pandas", "pydantic", "transformers", "mmbench.api")
    code = f"import sys, mmbench.pytest_plugin; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_suite_without_throughput_tests_pays_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
import sys

def test_light(request):
    assert request.config.pluginmanager.hasplugin("mmbench.pytest_plugin") or (
        request.config.pluginmanager.hasplugin("mmbench"))
    assert not {"torch", "numpy", "scipy", "pydantic"} & set(sys.modules)
""")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
