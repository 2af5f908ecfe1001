"""The commands with nothing replaced: a tiny model, a small CSV, a run, a report, predictions."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mmbench.cards import FileData, ModelCard, TaskCard
from mmbench.codec import dump_json
from mmbench.store import Store
from tests.cli.conftest import Command
from tests.specimens import RECIPE_FIELDS, SUITE_FIELDS, TASK_FIELDS, write_card


def fields(card: ModelCard | TaskCard) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(dump_json(card))
    return {key: value for key, value in tree.items() if value not in (None, [], {})}


@pytest.fixture
def place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_bert: ModelCard, colours: TaskCard
) -> Path:
    """A user's folder: their cards, their CSV beside the task's card, a suite of one trial."""
    cards = tmp_path / "cards"
    assert isinstance(colours.source, FileData)
    (cards / "tasks").mkdir(parents=True)
    shutil.move(colours.source.files["all"], cards / "tasks" / "colours.csv")
    source = {"via": "files", "files": {"all": "colours.csv"}}
    write_card(cards, "models", fields(tiny_bert))
    write_card(cards, "tasks", {**fields(colours), "source": source})
    write_card(cards, "recipes", RECIPE_FIELDS, name="quick", epochs=8, evaluations=2)
    block = {"models": ["tiny-bert"], "tasks": ["colours"], "recipes": ["quick"]}
    write_card(cards, "suites", SUITE_FIELDS, blocks=[block])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_run_again_report_and_predict(mm: Command, place: Path) -> None:
    command = ("run", "small", "--cards", "cards", "--device", "cpu")
    plan = mm(*command, "--dry-run")
    assert (plan.status, "to run 1, reused 0, refused 0" in plan.out) == (0, True)
    assert not (place / "results").exists()

    ran = mm(*command, "--keep", "best")
    assert ran.status == 0
    assert "[1/1] tiny-bert × colours × quick × seed 0: accuracy on test " in ran.err
    page = place / ran.out.splitlines()[-1]
    assert page.read_text(encoding="utf-8").startswith("# ")
    (stored,) = Store(place / "results" / "small").select()
    assert stored.record.status == "ok"

    again = mm(*command)
    assert again.status == 0
    assert "0 ok, 1 reused" in again.err
    assert "from earlier records" in mm(*command, "--fresh", "--dry-run").out

    report = mm("report", "results/small", "--lang", "zh", "--out", "mine")
    assert (report.status, report.out) == (0, "mine/report.html\nmine/report.md\n")

    said = mm(
        "predict", "results/small", "--text", "a rose", "--text", "the sky", "--device", "cpu"
    )
    assert said.status == 0
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert [answer["id"] for answer in answers] == ["0", "1"]
    for answer in answers:
        assert set(answer["probabilities"]) == {"red", "green", "blue"}
        assert answer["label"] == max(answer["probabilities"], key=answer["probabilities"].get)
        assert sum(answer["probabilities"].values()) == pytest.approx(1.0, abs=1e-4)
    table = mm("predict", "results/small", "--file", "cards/tasks/colours.csv", "--device", "cpu")
    assert len(table.out.splitlines()) == 120


def test_data_that_are_not_there_fail_their_trials_alone(mm: Command, place: Path) -> None:
    absent = {"via": "files", "files": {"all": "absent.csv"}}
    write_card(place / "cards", "tasks", TASK_FIELDS, name="lost", source=absent)
    ran = mm(
        *("run", "--models", "tiny-bert", "--tasks", "colours,lost", "--recipes", "quick"),
        *("--cards", "cards", "--device", "cpu", "--lang", "en"),
    )
    assert ran.status == 1
    assert "absent.csv: no such file" in ran.err
    assert "1 ok, 0 reused, 1 failed" in ran.err
    assert "reports/adhoc/report.md" in ran.out
