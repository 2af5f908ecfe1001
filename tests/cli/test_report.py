"""`mmbench report`: a report of records that are there."""

from dataclasses import replace
from pathlib import Path

from mmbench.store import Store, Stored
from tests.cli.conftest import Command, FakeApi
from tests.specimens import TRIAL, record


def put(root: Path, seed: int = 0, **facts: object) -> Stored:
    trial = replace(TRIAL, seed=seed)
    with Store(root).claim(trial) as folder:
        return Store(root).put(replace(record(trial), **facts), folder)  # type: ignore[arg-type]


def test_the_records_of_all_folders_go_into_one_report(
    mm: Command, here: Path, api: FakeApi
) -> None:
    put(here / "results" / "a", 0)
    put(here / "results" / "b", 1)
    ran = mm("report", "results/a", "results/b", "results/a/", "--lang", "en")
    report = api.calls[-1]
    assert ran.status == 0
    assert [stored.record.trial.seed for stored in report["stored"]] == [0, 1]
    assert (report["folder"], report["lang"]) == (Path("reports/a"), "en")
    assert ran.out.splitlines()[-1] == "reports/a/report.en.md"
    assert "a.svg" not in ran.out


def test_repeats_before_the_last_are_left_out(mm: Command, here: Path, api: FakeApi) -> None:
    put(here / "results", started_at="2026-01-01")
    last = put(here / "results", started_at="2026-01-02")
    mm("report", "results", "--out", "p", "--title", "My [b]title[/b]")
    assert [stored.record for stored in api.calls[-1]["stored"]] == [last.record]
    assert api.calls[-1]["folder"] == Path("p")
    assert api.calls[-1]["title"] == "My [b]title[/b]"


def test_inputs_of_examples_are_shown_unless_they_are_not_to_be(
    mm: Command, here: Path, api: FakeApi
) -> None:
    put(here / "results")
    mm("report", "results")
    mm("report", "results", "--no-inputs")
    assert [call["inputs"] for call in api.calls] == [True, False]


def test_a_folder_without_records_exits_1_with_advice(
    mm: Command, here: Path, api: FakeApi
) -> None:
    put(here / "results")
    for folder in ("cards", "nowhere"):
        ran = mm("report", "results", folder)
        assert ran.status == 1
        assert f"{folder}: no records here; mmbench run writes some" in ran.err
    assert api.calls == []


def test_a_real_report_is_written_in_both_languages(mm: Command, here: Path) -> None:
    put(here / "results" / "mine")
    ran = mm("report", "results/mine")
    assert ran.status == 0
    pages = ran.out.splitlines()
    names = ["report.html", "report.zh.md", "report.en.md"]
    assert pages == [f"reports/mine/{name}" for name in names]
    assert (here / pages[0]).read_text().startswith("<!DOCTYPE html>")
    assert all((here / page).read_text().startswith("# ") for page in pages[1:])


def test_one_form_can_be_asked_for(mm: Command, here: Path) -> None:
    put(here / "results" / "mine")
    assert mm("report", "results/mine", "--format", "html").out.splitlines() == [
        "reports/mine/report.html"
    ]
    assert not (here / "reports/mine/report.en.md").exists()
    shown = mm("report", "results/mine", "--format", "terminal", "--lang", "zh").out
    assert "如何选择" in shown
    ran = mm("report", "results/mine", "--format", "md", "--open")
    assert ran.status == 2
    assert "--open shows the page of HTML" in ran.err


def test_limits_reach_the_recommendation(mm: Command, here: Path) -> None:
    put(here / "results" / "mine")
    shown = mm("report", "results/mine", "--format", "terminal", "--max-memory-gb", "0.000001").out
    assert "a peak of at most 1e-06 GB in training" in shown
    ran = mm("report", "results/mine", "--max-memory-gb", "0")
    assert ran.status == 2
    assert "--max-memory-gb is 0" in ran.err
