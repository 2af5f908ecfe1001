"""Windows by a clock that the test moves: no time passes but what the calls are told to take."""

import gc
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from mmbench.throughput.errors import CannotTime
from mmbench.throughput.windows import calls_per_window, in_turn, measure, timed


@dataclass(slots=True)
class Clock:
    """`seen`: whose calls moved it, in order."""

    now: float = 0.0
    seen: list[str] = field(default_factory=list)

    def call(self, name: str, seconds: Callable[[int], float]) -> Callable[[], None]:
        """A call that takes `seconds(number)`, with its number from 0."""

        def run() -> None:
            self.now += seconds(self.seen.count(name))
            self.seen.append(name)

        return run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("mmbench.throughput.windows.time.perf_counter", lambda: found.now)
    return found


def test_a_window_gives_the_mean_seconds_of_its_calls(clock: Clock) -> None:
    call = clock.call("a", lambda number: 1.0 if number % 2 else 2.0)
    assert timed(call, 4) == pytest.approx(1.5)


def test_a_window_has_as_many_calls_as_fill_it(clock: Clock) -> None:
    assert calls_per_window(clock.call("a", lambda _: 0.003), 0.02) == 8
    assert calls_per_window(clock.call("b", lambda _: 0.5), 0.02) == 1


def test_a_call_too_small_to_time_is_refused(clock: Clock) -> None:
    with pytest.raises(CannotTime, match="500 ns, which the loop around it would blur"):
        calls_per_window(clock.call("a", lambda _: 5e-7), 0.02)


def test_slow_first_windows_are_warm_up(clock: Clock) -> None:
    # the first call finds that one fills a window; of the windows then, the first three are slow
    call = clock.call("a", lambda number: 0.4 if number < 4 else 0.2 + 0.001 * (number % 2))
    found = measure(call, samples=32, window_seconds=0.1)
    assert found.calls == 1
    assert found.warm_up == 3
    assert found.settled
    assert len(found.seconds) == 32
    assert max(found.seconds) < 0.3


def test_times_that_go_on_rising_are_told(clock: Clock) -> None:
    found = measure(clock.call("a", lambda n: 0.1 + 0.01 * n), samples=32, window_seconds=0.1)
    assert not found.settled
    assert len(found.seconds) == 32


def test_pairs_alternate_and_a_drift_through_them_cancels(clock: Clock) -> None:
    """Both get slower alike from call to call: in the order ABAB the second would look slower."""
    calls = [clock.call(name, lambda _: 1.0 + clock.now / 100) for name in "ab"]
    pairs = list(in_turn(calls[0], calls[1], calls=1, first=0, count=4))
    assert "".join(clock.seen) == "abbaabba"
    slower = [candidate > baseline for baseline, candidate in pairs]
    assert slower == [True, False, True, False]


def test_pairs_go_on_in_the_order_where_they_stopped(clock: Clock) -> None:
    calls = [clock.call(name, lambda _: 1.0) for name in "ab"]
    for first, count in ((0, 3), (3, 2)):
        list(in_turn(calls[0], calls[1], calls=1, first=first, count=count))
    assert "".join(clock.seen) == "abbaabbaab"


def test_garbage_is_not_collected_within_a_window_and_is_again_after_it() -> None:
    seen: list[bool] = []
    assert gc.isenabled()
    timed(lambda: seen.append(gc.isenabled()), 2)
    assert seen == [False, False]
    assert gc.isenabled()


def test_a_call_that_fails_leaves_the_collector_on() -> None:
    def fails() -> None:
        raise RuntimeError("as it does")

    with pytest.raises(RuntimeError, match="as it does"):
        timed(fails, 1)
    assert gc.isenabled()
