"""The figures of the gate's power: from traces of known noise, and the child that is slowed."""

from dataclasses import replace
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gate_power.live import Live, LiveLevel
from benchmarks.gate_power.replay import Power, decide, drawn, replay, run_of
from benchmarks.gate_power.slowed import Spent, spent
from benchmarks.gate_power.slowed import __name__ as slowed
from benchmarks.gate_power.table import BEGIN, END, make_table
from benchmarks.gate_power.traces import CONDITIONS, LEVELS, Condition, Trace, write_trace
from mmbench.atomic import write_atomically
from mmbench.cards import ModelCard
from mmbench.codec import dump_json
from mmbench.compare.paired import Decision, Outcome, PairedRule
from mmbench.speed.arm import Arm, Program
from mmbench.speed.served import LEAD_STEPS
from mmbench.speed_record import SpeedCase
from tests.specimens import ENVIRONMENT, FINGERPRINT
from tests.speed.arms import LIMITS, ROOT

RULE = PairedRule(looks=(12, 24))


def trace(condition: Condition, level: float) -> Trace:
    """Windows of 0.1 s with 1 % of noise, of three starts; both sides of the second and the third
    take longer than those of the first, as where threads run decides."""
    draws = np.random.default_rng(round(1000 * level))
    visits = []
    for start in (0.1, 0.12, 0.15):
        baseline = start * np.exp(0.01 * draws.normal(size=40))
        candidate = (1 + level) * start * np.exp(0.01 * draws.normal(size=40))
        visits.append(tuple((a, b, 2 * a, 2 * b) for a, b in zip(baseline, candidate, strict=True)))
    return Trace(
        condition=condition,
        level=level,
        added=level + 0.001,
        neighbours=0 if condition == "quiet" else 3,
        case="words train fp32 b2 t8",
        samples=2,
        steps=1,
        settled=True,
        started_at="2026-01-01T00:00:00+00:00",
        seconds=20.0,
        fingerprint=FINGERPRINT,
        environment=ENVIRONMENT,
        visits=tuple(visits),
    )


def live(out: Path, *, false_alarms: int, caught: int) -> None:
    """20 decisions at 0 and at 10 %."""
    same = [*repeat(decision("regression"), false_alarms)]
    same += repeat(decision("pass"), 20 - false_alarms)
    slower = [*repeat(decision("regression"), caught)]
    slower += repeat(decision("cannot_tell"), 20 - caught)
    made = Live(
        case="words train fp32 b2 t8",
        window_seconds=0.1,
        visits=3,
        pool=3,
        renewed_every=5,
        levels=(
            LiveLevel(level=0.0, decisions=tuple(same)),
            LiveLevel(level=0.1, decisions=tuple(slower)),
        ),
    )
    write_atomically(out / "live.json", dump_json(made))


def decision(outcome: Outcome) -> Decision:
    return Decision(outcome=outcome, ratio=1.0, low=0.99, high=1.01, p=0.5, pairs=30, look=0)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    for condition in CONDITIONS:
        for level in LEVELS[condition]:
            write_trace(trace(condition, level), tmp_path)
    live(tmp_path, false_alarms=0, caught=19)
    return tmp_path


def of(power: tuple[Power, ...], method: str, level: float) -> Power:
    return next(p for p in power if (p.method, p.condition, p.level) == (method, "quiet", level))


def test_pairs_cancel_a_difference_of_starts_that_blocks_do_not(out: Path) -> None:
    power = replay(out, 20, RULE).power
    assert of(power, "paired", 0.0).passed == 1
    assert of(power, "paired", 0.1).regression == 1
    assert of(power, "paired", 0.2).regression == 1
    assert of(power, "paired", 0.0).mean_pairs == 12, "decided at the first look"
    assert of(power, "stored", 0.0).regression > 0.2
    assert of(power, "means", 0.0).regression > 0.2


def test_a_visit_draws_consecutive_pairs_of_one_start_from_where_abba_begins() -> None:
    visits = [[(100.0 * start + number, 1.0) for number in range(20)] for start in range(4)]
    found = [pair[0] for pair in drawn(visits, RULE, np.random.default_rng(0))]
    assert len(found) == 24
    for first in range(0, 24, 4):  # both looks add 12 pairs, in three visits
        assert found[first] % 2 == 0
        assert [value - found[first] for value in found[first : first + 4]] == [0, 1, 2, 3]
    assert len({value // 100 for value in found}) > 1, "not all of one start"


def test_a_start_with_too_few_pairs_is_drawn_from_again() -> None:
    visits = [[(10.0 * start + number, 1.0) for number in range(2)] for start in range(3)]
    found = [pair[0] for pair in drawn(visits, RULE, np.random.default_rng(0))]
    assert len(found) == 24
    assert all(found[first] // 10 == found[first + 3] // 10 for first in range(0, 24, 4))
    assert len(run_of(visits[0], 5, np.random.default_rng(0))) == 2


def test_stored_needs_two_starts(tmp_path: Path) -> None:
    whole = trace("quiet", 0.0)
    write_trace(replace(whole, visits=whole.visits[:1]), tmp_path)
    with pytest.raises(ValueError, match="--restarts 2"):
        replay(tmp_path, 2, RULE)


def test_a_decision_looks_again_until_it_is_sure() -> None:
    wavering = [(1.0, 1.0 + 0.2 * (number % 2)) for number in range(24)]
    assert decide(RULE, wavering).pairs == 24


def test_the_table_says_which_targets_are_met(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = out / "page.md"
    page.write_text(f"# Before\n\n{BEGIN}\nstale\n{END}\n\nAfter.\n")
    replay(out, 20, RULE)
    assert make_table(out, page)
    text = page.read_text()
    assert text.startswith("# Before\n")
    assert text.endswith("\nAfter.\n")
    assert "stale" not in text
    assert "| paired, the gate's rule | 0.0 / 0.0 |" in text
    assert "| as it was measured | 0.1% | 3.1% |" in text
    assert "3 fresh starts of 40 pairs a level" in text
    assert "Not quiet" not in text
    assert "Slowed by 10%: of 20 decisions 0 pass, 19 regression, 1 cannot tell." in text
    assert "Targets met: 10 of 10." in capsys.readouterr().out


def test_the_table_reports_a_target_that_is_missed(out: Path) -> None:
    write_trace(replace(trace("quiet", 0.0), level=0.1), out)
    page = out / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n")
    replay(out, 20, RULE)
    assert not make_table(out, page)
    assert "Missed: regression at 10%, quiet: 0.0%, wanted at least 95%." in page.read_text()


def test_a_live_target_is_missed_by_one_false_alarm(out: Path) -> None:
    live(out, false_alarms=1, caught=20)
    page = out / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n")
    replay(out, 20, RULE)
    assert not make_table(out, page)
    assert "Missed: regression at 0%, live: 5.0%, wanted at most 0%." in page.read_text()


def test_the_table_says_that_a_quiet_trace_was_not_quiet(out: Path) -> None:
    busy = replace(ENVIRONMENT, cores=2, other_cores_busy=0.5)
    write_trace(replace(trace("quiet", 0.05), environment=busy), out)
    page = out / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n")
    replay(out, 20, RULE)
    make_table(out, page)
    assert "**Not quiet:** others used 25% of the cores while 5% was timed." in page.read_text()


def test_a_page_without_its_place_is_an_error(out: Path) -> None:
    page = out / "page.md"
    page.write_text("# Nothing\n")
    replay(out, 2, RULE)
    with pytest.raises(ValueError, match="add these lines"):
        make_table(out, page)


def test_the_slowed_child_is_slower_by_what_the_file_says(
    tmp_path: Path, tiny_bert: ModelCard
) -> None:
    share = tmp_path / "share"
    share.write_text("0")
    case = SpeedCase(model=tiny_bert, mode="infer", batch_size=4, precision="fp32", tokens=16)
    program = Program(name="candidate", tree=ROOT, module=slowed, arguments=(str(share),))
    with Arm(program, LIMITS) as arm:
        arm.hello()
        arm.load(case, "cpu")
        plain, slow, reported, before = [], [], [], Spent()
        for _ in range(15):
            share.write_text("0")
            plain.append(arm.run(20).cpu_seconds)
            assert spent(share).since(before).added_seconds == 0
            before = spent(share)
            share.write_text("1")
            slow.append(arm.run(20).cpu_seconds)
            reported.append(spent(share).since(before))
            before = spent(share)
    added = sum(window.added_seconds for window in reported)
    steps = sum(window.step_seconds for window in reported)
    assert 1.0 <= added / steps < 1.5, "the last product ends after the step's own time has passed"
    # a step after a product finds that one's numbers in the cache rather than its own, and takes
    # longer: what a slowed window reports is set against itself, and the plain ones bound it below
    whole = np.median([window.step_seconds + window.added_seconds for window in reported])
    timed = 20 / (20 + LEAD_STEPS)  # of the steps that a window reports
    assert np.median(slow) / (whole * timed) == pytest.approx(1, abs=0.25)
    assert np.median(slow) / np.median(plain) > 1.6
