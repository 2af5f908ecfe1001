"""What is shown while trials run, in a terminal and in a log."""

import io
import time
from dataclasses import replace

import pytest
from rich.console import Console

from mmbench.cli import progress
from mmbench.cli.estimate import Estimate
from mmbench.cli.progress import Left, Lines, Live, Showing, trial_lines, value_of, watching
from mmbench.meters.noise import ADVICE, drifted, unstable_windows
from mmbench.progress import Watcher
from mmbench.records import Failure, Record, Score, Tried
from tests.specimens import TRIAL, record

TODO = tuple(replace(TRIAL, seed=seed) for seed in range(3))


def console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    made = Console(file=out, force_terminal=terminal, width=120, highlight=False, markup=False)
    return made, out


def first_line(found: Record) -> str:
    return next(trial_lines(found, 1, 3))[0]


def play(watcher: Watcher) -> None:
    """What the loop tells in one trial."""
    watcher.started(TODO[0], 1, 3)
    watcher.phase("reading data")
    watcher.phase("learning rate 0.01")
    watcher.training(10, 40, 0.6931, 1234.5)
    watcher.validated(20, "accuracy", 0.75)
    watcher.ended(record(TODO[0]))


def test_a_log_gets_whole_lines_without_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    made, out = console(terminal=False)
    monkeypatch.setattr(progress, "messages", lambda: made)
    with watching(TODO, Estimate({})) as watcher:
        play(watcher)
    assert out.getvalue().splitlines() == [
        "[1/3] tiny × moods × probe × seed 0: time left unknown",
        "[1/3] tiny × moods × probe × seed 0: accuracy on test 90.0% [80.0, 95.0] "
        "(majority class 50.0%), 12 s",
    ]


def test_a_log_is_told_now_and_then_what_a_long_trial_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    made, out = console(terminal=False)
    play(Showing(made, Lines(made), Left(TODO, Estimate({TRIAL.cell: 100.0}))))
    assert "  reading data  about 5 min 00 s left" in out.getvalue()
    assert "step 10/40  loss 0.6931  1,234 samples/s" in out.getvalue()
    assert "step 20/40  loss 0.6931  validation accuracy 75.0%  1,234 samples/s" in out.getvalue()


def test_a_terminal_shows_all_of_it_and_keeps_the_line_of_each_trial() -> None:
    made, out = console(terminal=True)
    with Live(made) as live:
        play(Showing(made, live, Left(TODO, Estimate({}))))
        live.live.refresh()
    shown = out.getvalue()
    for part in ("[1/3] tiny × moods", "learning rate 0.01", "step 20/40", "loss 0.6931", "75.0%"):
        assert part in shown
    assert "accuracy on test 90.0% [80.0, 95.0]" in shown


def test_nothing_that_is_shown_is_markup() -> None:
    made, out = console(terminal=True)
    with Live(made) as live:
        showing = Showing(made, live, Left(TODO, Estimate({})))
        showing.started(TODO[0], 1, 3)
        showing.phase("scoring [/red][bold]x")
        showing.validated(1, "[/red]metric", 1.0)
        live.live.refresh()
        failure = Failure(kind="E", message="[/red]x", traceback="")
        showing.ended(replace(record(TODO[0], status="failed"), failure=failure))
    assert "scoring [/red][bold]x" in out.getvalue()
    assert "[/red]metric" in out.getvalue()


# ---------------------------------------------------------------------------- a trial's line


def test_a_score_before_training_is_shown_before_the_one_after() -> None:
    before = Score(stage="before", split="test", metric="accuracy", value=0.51, count=40)
    found = replace(record(), scores=(before, *record().scores[1:]))
    assert first_line(found) == (
        "[1/3] tiny × moods × probe × seed 0: accuracy on test 51.0% → 90.0% [80.0, 95.0], 12 s"
    )


def test_without_a_test_split_the_first_one_scored_is_named() -> None:
    score = Score(stage="after", split="test_shift", metric="accuracy", value=0.4, count=5)
    assert "accuracy on test_shift 40.0%" in first_line(replace(record(), scores=(score,)))
    assert "no accuracy on test" in first_line(replace(record(), scores=()))


def test_warnings_stand_below_and_loud() -> None:
    lines = list(trial_lines(replace(record(), warnings=("cut", "noisy")), 1, 1))
    assert [(text, "bold" in style) for text, style in lines[1:]] == [
        ("  WARNING cut", True),
        ("  WARNING noisy", True),
    ]


def test_reasons_not_to_trust_the_timing_stand_in_one_line_with_one_advice() -> None:
    noisy = unstable_windows([1.0, 1.0, 1.0, 1.5, 1.5, 1.5, 1.0, 1.5], "training")
    moved = drifted({"matrix product": (1.0, 1.2)})
    assert noisy
    found = replace(record(), warnings=(*noisy, "cut", *moved))
    _, (cut, _), (timing, _) = trial_lines(found, 1, 1)
    assert cut == "  WARNING cut"
    assert timing.startswith("  WARNING timing unstable, scores are not touched: the middle half ")
    assert "; the same matrix product took 20% longer" in timing
    assert timing.count(ADVICE) == 1
    assert timing.endswith(ADVICE)


def test_a_failure_says_why_and_when() -> None:
    failure = Failure(kind="E", message="loss is nan at step 3", traceback="")
    found = replace(record(status="failed"), failure=failure, seconds=200.0)
    assert first_line(found).endswith("seed 0: FAILED after 3 min 20 s: loss is nan at step 3")


def test_a_search_tells_its_best_on_validation() -> None:
    tried = [
        Tried(
            number=number,
            setting={"lr": 1e-3},
            outcome="finished",
            validation=validation,
            curve=(),
            samples=10,
            seconds=1.0,
            chosen=number == 1,
        )
        for number, validation in enumerate((0.5, 0.75))
    ]
    found = replace(record(), scores=(), tried=tuple(tried))
    assert "accuracy on validation 75.0%, the best of 2 settings" in first_line(found)


def test_a_metric_that_is_in_no_table_is_shown_as_it_is() -> None:
    assert value_of("acme_score", 12.34567) == "12.35"
    assert value_of("acme_score", None) == "–"
    assert value_of("accuracy", float("nan")) == "nan%"


# --------------------------------------------------------------------------------- time left


def test_time_left_counts_the_present_trial_and_those_to_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    left = Left(TODO, Estimate({TRIAL.cell: 60.0}))
    left.start(2)
    assert left.text() == "about 2 min 00 s left"
    now += 45
    assert left.text() == "about 1 min 15 s left"
    now += 500
    assert left.text() == "about 1 min 00 s left"


def test_what_this_run_measured_counts_more_than_earlier_records() -> None:
    estimate = Estimate({TRIAL.cell: 60.0})
    estimate.add(record(seconds=2.0))
    estimate.add(record(seconds=4.0))
    assert estimate.seconds(TRIAL) == 3.0


def test_a_cell_never_seen_is_as_long_as_others_of_its_recipe() -> None:
    other = replace(TRIAL, model=replace(TRIAL.model, name="other"))
    deep = replace(TRIAL, recipe=replace(TRIAL.recipe, name="full"))
    estimate = Estimate({})
    assert estimate.seconds(other) is None
    estimate.add(record(seconds=8.0))
    assert estimate.seconds(other) == 8.0
    assert estimate.seconds(deep) is None
    assert estimate.total([TRIAL, other, deep]) == (16.0, 1)


def test_a_failed_trial_teaches_nothing_about_time() -> None:
    estimate = Estimate({})
    estimate.add(record(status="failed", seconds=0.1))
    assert estimate.seconds(TRIAL) is None


def test_an_estimate_of_some_says_at_least() -> None:
    deep = replace(TRIAL, recipe=replace(TRIAL.recipe, name="full"))
    left = Left((TRIAL, deep), Estimate({TRIAL.cell: 10.0}))
    left.start(1)
    assert left.text().startswith("at least ")
