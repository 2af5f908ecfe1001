"""The pytest plugin: the fixture `throughput` and the options around it (docs/throughput-tests.md).

pytest imports this in every environment that has mmbench installed, whatever is tested there: it
costs nothing until a test asks for the fixture. No NumPy, SciPy or torch before that.
"""

from collections.abc import Generator

import pytest

from mmbench.throughput.fixture import Options, Throughput
from mmbench.throughput.session import Session, check_name, options_of

SESSION = pytest.StashKey[Session]()
OF_TEST = pytest.StashKey[Throughput]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("throughput", "throughput tests (mmbench)")
    group.addoption(
        "--throughput-save",
        metavar="NAME",
        help="Save this session's measurements as the baseline NAME of this machine, under "
        ".benchmarks/mmbench/.",
    )
    group.addoption(
        "--throughput-disable",
        action="store_true",
        help="Time nothing: a measured call runs once, and not_slower_than is an error.",
    )
    group.addoption(
        "--throughput-undecided",
        choices=("fail", "skip", "warn"),
        default="fail",
        help="What becomes of a test whose times decide nothing. Default: fail.",
    )
    group.addoption(
        "--throughput-seconds",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="How long two calls are timed in turn at most, a test. Default: 60.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "throughput: measures speed (every test with `throughput`)")
    options = options_of(config)
    if options.save is not None and options.off is not None:
        raise pytest.UsageError(f"--throughput-save: nothing would be timed: {options.off}")
    if options.save is not None:
        check_name(options.save)
    config.stash[SESSION] = Session(options)


def pytest_itemcollected(item: pytest.Item) -> None:
    """`-m throughput` and `-m "not throughput"` choose them without a mark of their own."""
    if "throughput" in getattr(item, "fixturenames", ()):
        item.add_marker("throughput")


@pytest.fixture
def throughput(request: pytest.FixtureRequest) -> Throughput:
    """Measures a call and holds it against a baseline or another call: docs/throughput-tests.md."""
    options: Options = request.config.stash[SESSION].options
    found = Throughput(request.node.nodeid, options)
    request.node.stash[OF_TEST] = found
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and OF_TEST in item.stash:
        item.config.stash[SESSION].see(item.stash[OF_TEST], failed=report.failed)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    ours = session.config.stash[SESSION]
    ours.save()
    if ours.save_was_empty and session.exitstatus in (
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        session.exitstatus = pytest.ExitCode.USAGE_ERROR


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    lines = config.stash[SESSION].lines()
    if lines:
        terminalreporter.section("throughput (mmbench)")
        for line in lines:
            terminalreporter.write_line(line)
