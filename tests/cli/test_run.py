"""`mmbench run`: what is planned, what is said, and with which status it ends."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cli.places import OFFLINE
from mmbench.cli.run import INTERRUPTED
from mmbench.errors import StoreError
from mmbench.plan import Plan
from mmbench.records import Failure, Record, Trial
from mmbench.store import Store
from tests.cli.conftest import Command, FakeApi
from tests.specimens import MODEL_FIELDS, SUITE_FIELDS, record, write_card

ADHOC = ("--models", "tiny", "--tasks", "moods", "--recipes", "probe", "--cards", "cards")


def planned(api: FakeApi) -> Plan:
    found: Plan = next(call["plan"] for call in api.calls if "plan" in call)
    return found


def failing(message: str) -> Callable[[Trial], Record]:
    """Makes the records of trials that fail with this message."""
    failure = Failure(kind="RuntimeError", message=message, traceback="Traceback …")
    return lambda trial: replace(record(trial, status="failed"), failure=failure)


# ---------------------------------------------------------------------------- what is planned


def test_a_suite_runs_and_its_report_is_the_last_line(
    mm: Command, here: Path, api: FakeApi
) -> None:
    ran = mm("run", "small", "--cards", "cards")
    assert ran.status == 0
    assert ran.out == "reports/small/report.zh.md\nreports/small/report.en.md\n"
    assert len(Store(here / "results" / "small").select()) == 1
    assert "1 ok, 0 reused, 0 failed, 0 refused" in ran.err


def test_a_suite_may_be_the_path_of_its_card(mm: Command, here: Path, api: FakeApi) -> None:
    path = write_card(here, "mine", SUITE_FIELDS, name="own")
    assert mm("run", path, "--cards", "cards").status == 0
    assert (here / "results" / "own").is_dir()


def test_flags_stand_in_for_a_suite(mm: Command, here: Path, api: FakeApi) -> None:
    write_card(here / "cards", "models", MODEL_FIELDS, name="tiny-2")
    ran = mm(
        *("run", "--models", "tiny,tiny-2", "--models", "eye", "--tasks", "moods"),
        *("--recipes", "probe,", "--seeds", "0,1", "--seeds", "2", "--limit", 7),
        *("--cards", "cards", "--device", "cpu", "--fresh", "--keep", "best"),
    )
    assert ran.status == 0
    assert len(planned(api).trials) == 2 * 3
    assert {trial.limit for trial in planned(api).trials} == {7}
    assert api.calls[0]["results"] == Path("results/adhoc")
    assert api.calls[0]["fresh"]
    assert (api.calls[1]["keep"], api.calls[1]["device"]) == ("best", "cpu")
    assert "refused  eye × moods × probe: the task's input is text; eye reads image" in ran.err


def test_a_card_file_may_stand_for_a_name(mm: Command, here: Path, api: FakeApi) -> None:
    path = write_card(here, "mine", MODEL_FIELDS, name="own")
    assert mm("run", *ADHOC, "--models", path).status == 0
    assert [trial.model.name for trial in planned(api).trials] == ["tiny", "own"]


def test_flags_over_a_suite_give_its_seeds_and_limit(mm: Command, here: Path, api: FakeApi) -> None:
    mm("run", "small", "--cards", "cards", "--seeds", "4,5", "--limit", "3")
    assert [(t.seed, t.limit) for t in planned(api).trials] == [(4, 3), (5, 3)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what to run"),
        (["--models", "tiny"], "--tasks and --recipes missing beside --models"),
        (["small", "--models", "tiny"], "leave out --models, or the suite 'small'"),
        (["small", "--seeds", "a"], "--seeds 'a' is no whole number"),
        (["small", "--seeds", "-1"], "--seeds '-1' is no whole number"),
        (["smal"], "no suite 'smal'; did you mean 'small'?"),
        ([*ADHOC[:1], "tyni", *ADHOC[2:6]], "no model 'tyni'; did you mean 'tiny'"),
        ([*ADHOC[:1], "eye", *ADHOC[2:6]], "nothing can be run: every cell was refused"),
        (["small", "--cards", "nowhere"], "nowhere: no cards here"),
    ],
)
def test_what_cannot_be_planned_exits_2_before_anything_runs(
    mm: Command, here: Path, api: FakeApi, arguments: list[str], said: str
) -> None:
    ran = mm("run", *arguments, "--cards", "cards")
    assert ran.status == 2
    assert said in ran.err
    assert api.calls == []
    assert not (here / "results").exists()


def test_places_and_language_are_the_users(mm: Command, here: Path, api: FakeApi) -> None:
    mm("run", *ADHOC, "--results", "r", "--reports", "p", "--lang", "zh")
    report = api.calls[-1]
    assert (report["folder"], report["lang"]) == (Path("p"), "zh")
    assert len(Store(here / "r").select()) == 1


def test_the_report_says_how_to_make_it_again(mm: Command, here: Path, api: FakeApi) -> None:
    mm("run", *ADHOC, "--seeds", "0,1", "--results", "my place", "--fresh")
    assert api.calls[-1]["reproduce"] == (
        "mmbench run --models tiny --tasks moods --recipes probe --seeds 0,1 --cards cards"
    )


def test_offline_is_set_before_anything_heavy_reads_it(
    mm: Command, here: Path, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in OFFLINE:
        monkeypatch.setenv(name, "0")
    seen: dict[str, str | None] = {}
    prepare = api.prepare_run

    def look(planned: Plan, *, results: Path, device: str, keep: str, fresh: bool) -> object:
        seen.update({name: os.environ.get(name) for name in OFFLINE})
        return prepare(planned, results=results, device=device, keep=keep, fresh=fresh)

    monkeypatch.setattr(api, "prepare_run", look)
    mm("run", *ADHOC, "--offline")
    assert set(seen.values()) == {"1"}
    assert "HF_HUB_OFFLINE" in seen


# ------------------------------------------------------------------------------- how it ends


def test_the_same_command_reuses_what_is_done(mm: Command, here: Path, api: FakeApi) -> None:
    mm("run", *ADHOC)
    api.differing = {"threads": 1, "torch": 1}
    ran = mm("run", *ADHOC)
    assert ran.status == 0
    assert "reusing 1 record of results/adhoc" in ran.err
    assert "differ from here in threads (1), torch (1); --fresh runs them again" in ran.err
    assert "0 ok, 1 reused" in ran.err


def test_what_to_keep_decides_what_counts_as_done(mm: Command, here: Path, api: FakeApi) -> None:
    mm("run", *ADHOC, "--keep", "best")
    assert api.calls[0]["keep"] == "best"


def test_a_failed_trial_exits_1_and_the_report_is_written(
    mm: Command, here: Path, api: FakeApi
) -> None:
    api.outcome = failing("loss is nan at step 3")
    ran = mm("run", *ADHOC, "--seeds", "0,1")
    assert ran.status == 1
    assert ran.out.splitlines()[-1] == "reports/adhoc/report.en.md"
    assert "failed  tiny × moods × probe × seed 0: loss is nan at step 3" in ran.err
    assert "record.json" in ran.err
    assert "The same command tries the failed trials again." in ran.err
    api.outcome = record
    assert mm("run", *ADHOC, "--seeds", "0,1").status == 0


def test_what_is_refused_knowingly_is_no_failure(mm: Command, here: Path, api: FakeApi) -> None:
    ran = mm("run", *ADHOC, "--models", "eye")
    assert ran.status == 0
    assert "1 ok, 0 reused, 0 failed, 1 refused" in ran.err


@pytest.mark.parametrize(
    ("flags", "how"),
    [
        ((), ("worker", None)),
        (("--executor", "fresh", "--trial-minutes", "1.5"), ("fresh", 1.5)),
        (("--executor", "inline"), ("inline", None)),
    ],
)
def test_where_trials_run_is_the_users(
    mm: Command, here: Path, api: FakeApi, flags: tuple[str, ...], how: tuple[str, float | None]
) -> None:
    assert mm("run", *ADHOC, *flags).status == 0
    assert (api.calls[1]["executor"], api.calls[1]["trial_minutes"]) == how


def test_an_interrupt_exits_130_and_says_how_to_go_on(
    mm: Command, here: Path, api: FakeApi
) -> None:
    def interrupted(trial: Trial) -> Record:
        if trial.seed == 2:
            raise KeyboardInterrupt
        return record(trial)

    api.outcome = interrupted
    ran = mm(
        "run", *ADHOC, "--seeds", "0,1,2,3", "--fresh", "--lang", "zh", "--results", "my place"
    )
    assert ran.status == INTERRUPTED == 130
    assert ran.err.endswith(
        "interrupted: 2 of 4 trials done. To go on: mmbench run --models tiny --tasks moods "
        "--recipes probe --seeds 0,1,2,3 --cards cards --results 'my place' --lang zh\n"
    )
    assert "Traceback" not in ran.err
    again = ("run", *ADHOC, "--seeds", "0,1,2,3", "--results", "my place")
    assert "interrupted: 2 of 4 trials done. " in mm(*again).err
    api.outcome = record
    assert "2 ok, 2 reused" in mm(*again).err


def test_an_interrupt_before_the_first_trial_exits_130_too(
    mm: Command, here: Path, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "prepare_run", interrupted)
    ran = mm("run", "small", "--cards", "cards", "--offline")
    assert ran.status == INTERRUPTED
    assert ran.err.endswith("To go on: mmbench run small --cards cards --offline\n")


def test_a_store_that_cannot_be_written_exits_1(mm: Command, here: Path, api: FakeApi) -> None:
    def full(trial: Trial) -> Record:
        raise StoreError("results: cannot be written: No space left on device")

    api.outcome = full
    ran = mm("run", *ADHOC)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.endswith("error: results: cannot be written: No space left on device\n")


@pytest.mark.parametrize("words", ["[/red]x [bold]", "\x1b[31mred", "a\nb"])
def test_hostile_messages_style_and_crash_nothing(
    mm: Command, here: Path, api: FakeApi, words: str
) -> None:
    api.outcome = failing(words)
    ran = mm("run", *ADHOC)
    assert ran.status == 1
    assert words.replace("\x1b", "\\x1b") in ran.err
    assert "\x1b" not in ran.err


# --------------------------------------------------------------------------------- dry run


def test_a_dry_run_shows_the_plan_and_runs_nothing(mm: Command, here: Path, api: FakeApi) -> None:
    mm("run", *ADHOC, "--limit", 5)
    ran = mm("run", *ADHOC, "--models", "eye", "--seeds", "0,1,2", "--limit", 5, "--dry-run")
    assert ran.status == 0
    assert ["tiny", "moods", "probe", "2", "1", "25", "s"] in [
        line.split() for line in ran.out.splitlines()
    ]
    assert "adhoc: 3 trials in 1 cell, 3 seeds, at most 5 rows a split\n" in ran.out
    assert "to run 2, reused 1, refused 1\n" in ran.out
    assert "refused  eye × moods × probe: the task's input is text" in ran.out
    assert "estimated time: 25 s, from earlier records of these cells\n" in ran.out
    assert "Nothing was run." in ran.err
    assert len(Store(here / "results" / "adhoc").select()) == 1
    assert not (here / "reports").exists()


def test_a_dry_run_says_when_it_has_no_estimate(mm: Command, here: Path, api: FakeApi) -> None:
    mm("run", *ADHOC, "--limit", 5)
    assert "estimated time: unknown" in mm("run", *ADHOC, "--limit", 6, "--dry-run").out
    ran = mm("run", *ADHOC, "--limit", 5, "--dry-run")
    assert "nothing is left to run" in ran.out
    assert "unknown" not in ran.out


def test_a_dry_run_says_of_how_many_it_has_an_estimate(
    mm: Command, here: Path, api: FakeApi
) -> None:
    mm("run", *ADHOC)
    write_card(here / "cards", "models", MODEL_FIELDS, name="tiny-2")
    ran = mm("run", *ADHOC, "--models", "tiny-2", "--seeds", "1", "--dry-run")
    assert "12 s for 1 of 2 trials; no earlier record of the others" in ran.out


def test_a_broken_record_does_not_stop_the_estimate(mm: Command, here: Path, api: FakeApi) -> None:
    broken = here / "results" / "adhoc" / "x" / "y" / "record.json"
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    assert mm("run", *ADHOC, "--dry-run").status == 0


def test_a_trial_below_its_baselines_is_named_loudly() -> None:
    from mmbench.cli.run import shortfalls
    from tests.report.sweep import sweep

    lines = shortfalls(sweep())
    assert any("ended below the majority class" in line for line in lines)
    assert any("ended below the probe" in line for line in lines)
    assert all(line.startswith("WARNING ") for line in lines)
    good = [record for record in sweep() if not any(record.trial.name in line for line in lines)]
    assert good
    assert shortfalls(good) == []
