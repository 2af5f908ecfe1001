"""`mmbench check` by its command."""

import json
from pathlib import Path

from tests.cli.conftest import Command
from tests.specimens import TASK_FIELDS, write_card


def test_a_model_and_a_task_are_told_check_by_check(mm: Command) -> None:
    ran = mm("check", "bert-zh-scratch", "emoji-keywords-group-en")
    assert ran.status == 0
    assert "model bert-zh-scratch   architecture-checked: text, shrunk" in ran.out
    assert "  ok    padding " in ran.out
    assert "task emoji-keywords-group-en   data-checked" in ran.out
    assert "languages: en" in ran.out
    assert "2 cards: 2 passed" in ran.out


def test_a_failed_check_is_the_exit_status(mm: Command, here: Path) -> None:
    write_card(here / "cards", "tasks", {**TASK_FIELDS, "name": "wrong"})
    ran = mm("check", "wrong", "--cards", "cards")
    assert ran.status == 1
    assert "  FAIL  source " in ran.out


def test_json_has_the_same_findings(mm: Command) -> None:
    ran = mm("check", "emoji-keywords-group-en", "--json")
    (report,) = json.loads(ran.out)
    assert report["card"] == "emoji-keywords-group-en"
    assert {"what", "verdict", "said"} == set(report["findings"][0])


def test_a_name_that_is_unknown_gets_a_suggestion(mm: Command) -> None:
    ran = mm("check", "emoji-grup")
    assert ran.status == 2
    assert "emoji-group" in ran.err
