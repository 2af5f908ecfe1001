"""The figures of the gate's power: from traces of known noise, and the child that is slowed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gate_power.replay import Power, decide, replay, resampled
from benchmarks.gate_power.slowed import __name__ as slowed
from benchmarks.gate_power.table import BEGIN, END, make_table
from benchmarks.gate_power.traces import CONDITIONS, LEVELS, Condition, Trace, write_trace
from mmbench.cards import ModelCard
from mmbench.compare.paired import PairedRule
from mmbench.speed.arm import Arm, Program
from mmbench.speed_record import SpeedCase
from tests.specimens import ENVIRONMENT, FINGERPRINT
from tests.speed.arms import LIMITS, ROOT

RULE = PairedRule(looks=(12, 24))


def trace(condition: Condition, level: float) -> Trace:
    """Windows of 0.1 s with 1 % of noise: both sides rise by half over the trace, as a machine that
    heats up."""
    draws = np.random.default_rng(round(1000 * level))
    drift = np.linspace(0.1, 0.15, 120)
    baseline = drift * np.exp(0.01 * draws.normal(size=120))
    candidate = (1 + level) * drift * np.exp(0.01 * draws.normal(size=120))
    pairs = tuple((a, b, 2 * a, 2 * b) for a, b in zip(baseline, candidate, strict=True))
    return Trace(
        condition=condition,
        level=level,
        neighbours=0 if condition == "quiet" else 3,
        case="words train fp32 b2 t8",
        samples=2,
        steps=1,
        settled=True,
        started_at="2026-01-01T00:00:00+00:00",
        seconds=20.0,
        fingerprint=FINGERPRINT,
        environment=ENVIRONMENT,
        pairs=pairs,
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    for condition in CONDITIONS:
        for level in LEVELS:
            write_trace(trace(condition, level), tmp_path)
    return tmp_path


def of(power: tuple[Power, ...], method: str, level: float) -> Power:
    return next(p for p in power if (p.method, p.condition, p.level) == (method, "quiet", level))


def test_pairs_cancel_a_drift_that_blocks_do_not(out: Path) -> None:
    power = replay(out, 20, RULE).power
    assert of(power, "paired wall", 0.0).passed == 1
    assert of(power, "paired wall", 0.1).regression == 1
    assert of(power, "paired cpu", 0.2).regression == 1
    assert of(power, "paired wall", 0.0).mean_pairs == 12, "decided at the first look"
    assert of(power, "stored", 0.0).regression > 0.5
    assert of(power, "means", 0.0).regression > 0.5


def test_resampled_blocks_begin_where_abba_does() -> None:
    pairs = [(float(number), 1.0) for number in range(100)]
    found = resampled(pairs, 50, np.random.default_rng(0))
    assert len(found) == 50
    assert all(found[start][0] % 2 == 0 for start in range(0, 50, 20))
    assert [pair[0] - found[0][0] for pair in found[:20]] == list(range(20))


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
    assert "Targets met: 8 of 8." in capsys.readouterr().out


def test_the_table_reports_a_target_that_is_missed(out: Path) -> None:
    write_trace(replace(trace("quiet", 0.0), level=0.1), out)
    page = out / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n")
    replay(out, 20, RULE)
    assert not make_table(out, page)
    assert "Missed: regression at 10%, quiet: 0.0%, wanted at least 95%." in page.read_text()


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
        plain, slow = [], []
        for _ in range(15):
            share.write_text("0")
            plain.append(arm.run(20).cpu_seconds)
            share.write_text("1")
            slow.append(arm.run(20).cpu_seconds)
    assert 1.6 < np.median(slow) / np.median(plain) < 3.0
