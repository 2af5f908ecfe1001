"""Two calls timed in turn within one session, until the paired rule decides."""

import time

from mmbench.compare.paired import Decision, PairedRule, judge_look, stopped
from mmbench.throughput.errors import CannotTime
from mmbench.throughput.windows import Call, Windows, calls_per_window, in_turn, timed

CELL = "call"


def judge_in_turn(
    baseline: Call,
    candidate: Call,
    measured: Windows,
    *,
    rule: PairedRule,
    window_seconds: float,
    most_seconds: float,
) -> Decision:
    """ABBA windows of both, extended from look to look while undecided and time is left.

    measured: of the candidate, which is warm. A window has as many calls of either as the faster
    one needs to fill it. CannotTime if not even the first look fits into `most_seconds`.
    """
    calls = max(measured.calls, calls_per_window(baseline, window_seconds))
    for _ in range(measured.warm_up):
        timed(baseline, calls)
    began = time.perf_counter()
    pairs = list(in_turn(baseline, candidate, calls=calls, first=0, count=1))
    _require_time(calls * sum(pairs[0]), rule, most_seconds)
    for look, count in enumerate(rule.looks):
        more = count - len(pairs)
        pairs += in_turn(baseline, candidate, calls=calls, first=len(pairs), count=more)
        decision = judge_look(rule, {CELL: pairs}, look)[CELL]
        if decision is not None:
            return decision
        a_pair = (time.perf_counter() - began) / len(pairs)
        if a_pair * rule.looks[look + 1] > most_seconds:
            break
    return stopped(rule, pairs, look)


def _require_time(a_pair: float, rule: PairedRule, most_seconds: float) -> None:
    first = rule.looks[0]
    if a_pair * first > most_seconds:
        raise CannotTime(
            f"{first} pairs of {a_pair:.2g} s each do not fit into {most_seconds:g} s; give a "
            f"smaller call, or --throughput-seconds {a_pair * first * 1.2:.0f}"
        )
