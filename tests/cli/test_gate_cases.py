"""What `mmbench gate --against` times, and what it says meanwhile."""

import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from mmbench.cards import BenchBlock, Block, GateThresholds, Suite
from mmbench.catalog import Catalog
from mmbench.cli.gate_against import (
    SUITE,
    Against,
    Progress,
    cases_of,
    paired_report,
)
from mmbench.errors import PlanError
from mmbench.speed.arm import Program
from mmbench.speed.paired import Programs
from mmbench.speed.session import Conditions, PairedCell, Watcher
from mmbench.speed_record import SpeedCase
from tests.speed.arms import CASE

ASKED = Against(against="HEAD", thresholds=GateThresholds(), device="cpu")


def test_the_default_suite_needs_no_download() -> None:
    catalog = Catalog.standard()
    cases, left_out = cases_of(catalog.suite(SUITE), catalog, ASKED)
    assert [case.name for case in cases] == [
        "minilm-l6 train fp32 b8 t32",
        "efficientnet-lite0 infer fp32 b8",
        "clip-scratch train fp32 b16 t16",
    ]
    assert {case.model.source.via for case in cases} <= {"package", "random"}
    assert left_out == ()


def test_random_weights_stand_in_for_what_would_be_downloaded_alone() -> None:
    blocks = (
        BenchBlock(models=("minilm-l6", "bert-base-uncased"), batch_sizes=(2,), tokens=(8,)),
        BenchBlock(models=("minilm-efficientnet",), batch_sizes=(2,), tokens=(8,)),
    )
    suite, catalog = Suite(name="three", bench=blocks), Catalog.standard()
    cases, _ = cases_of(suite, catalog, replace(ASKED, init="random"))
    via = {case.model.name: case.model.source.via for case in cases}
    assert via == {
        "minilm-l6": "package",
        "bert-base-uncased": "random",
        "minilm-efficientnet": "pair",
    }
    standard = catalog.suite(SUITE)
    plain, _ = cases_of(standard, catalog, ASKED)
    assert cases_of(standard, catalog, replace(ASKED, init="random"))[0] == plain


@pytest.fixture
def standing_in(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No git and no baseline; what happens to its tree."""
    events = list[str]()

    @contextmanager
    def baseline(against: str) -> Iterator[Program]:
        events.append("there")
        try:
            yield Program(name=f"baseline {against}")
        finally:
            events.append("gone")

    monkeypatch.setattr("mmbench.speed.worktree.baseline", baseline)
    return events


def test_the_device_is_chosen_once_for_both_sides(
    standing_in: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def time_paired(
        cases: Sequence[SpeedCase], _: Programs, conditions: Conditions, __: Watcher
    ) -> tuple[PairedCell, ...]:
        standing_in.append(conditions.device)
        return ()

    monkeypatch.setattr("mmbench.speed.session.time_paired", time_paired)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    paired_report(replace(ASKED, device="auto"))
    assert standing_in == ["there", "cpu", "gone"]


def test_sigterm_takes_the_baseline_s_tree_away(
    standing_in: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def time_paired(*_: object) -> tuple[PairedCell, ...]:
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("it went on")

    monkeypatch.setattr("mmbench.speed.session.time_paired", time_paired)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # if the guard fails, pytest lives
    try:
        with pytest.raises(SystemExit) as end:
            paired_report(ASKED)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN, "as it was"
    finally:
        signal.signal(signal.SIGTERM, before)
    assert end.value.code == 143
    assert standing_in == ["there", "gone"]


def test_the_largest_batch_is_left_out_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    block = BenchBlock(models=("minilm-l6",), modes=("infer",), batch_sizes=(8, "max"), tokens=(8,))
    suite = Suite(name="two", bench=(block,))
    cases, left_out = cases_of(suite, Catalog.standard(), ASKED)
    assert [case.batch_size for case in cases] == [8]
    assert left_out[0].startswith("minilm-l6 infer fp32 bmax t8 was left out: both sides must do")
    assert left_out[0] in capsys.readouterr().err


def test_a_suite_without_cases_is_refused() -> None:
    block = Block(models=("minilm-l6",), tasks=("reviews-zh",), recipes=("probe",))
    suite = Suite(name="trials", blocks=(block,))
    with pytest.raises(PlanError, match="suite trials has no bench block of a given batch size"):
        cases_of(suite, Catalog.standard(), ASKED)


def test_progress_is_a_line_a_look_where_nobody_watches(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Progress() as progress:
        progress.visiting(CASE, 0)
        for count in range(1, 4):
            progress.paired(CASE, [(1.0, 1.1)] * count, 3)
        progress.visiting(CASE, 1)
    assert capsys.readouterr().err.splitlines() == [
        f"{CASE.name}: starting both sides …",
        f"{CASE.name}: 3 of 3 pairs, candidate / baseline 1.100",
        f"{CASE.name}: starting both sides again, for it is undecided …",
    ]


def test_progress_rewrites_its_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress() as progress:
        progress.paired(CASE, [(1.0, 1.1)], 3)
        progress.paired(CASE, [(1.0, 1.1)] * 2, 3)
    assert terminal.getvalue().count("\n") == 0
    assert "1 of 3 pairs" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
