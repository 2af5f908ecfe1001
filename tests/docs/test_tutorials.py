"""The tutorials do what they say, command by command, as a reader would type them."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.follow_page import PAGES, RECORDS, ROOT, TIMING, follow, page, sentence

MODELS = 5


def test_a_csv_is_drafted_and_planned(tmp_path: Path) -> None:
    """All but the training itself, which the slow test does."""
    own = page("your-own-csv")
    own.write(tmp_path)
    make, draft, plan, run, report = own.commands
    follow(make, tmp_path)
    with (tmp_path / "reviews.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5_000
    assert len({row["comment"] for row in rows}) == 5_000
    assert "task reviews   data-checked" in follow(draft, tmp_path).stdout
    assert f"{MODELS} trials" in "".join(follow(plan, tmp_path).stdout.split("\n"))
    assert plan == f"{run} --dry-run"
    assert report.startswith("mmbench report results/reviews")


@pytest.mark.slow
def test_a_csv_becomes_a_comparison_of_five_models(tmp_path: Path) -> None:
    own = page("your-own-csv")
    own.write(tmp_path)
    *_, run, report = [follow(command, tmp_path).stdout for command in own.commands]
    text = (tmp_path / run.splitlines()[-1]).read_text(encoding="utf-8")
    for name in ("minilm-l6", "bert-zh-scratch", "chinese-clip-scratch", "clip-scratch"):
        assert name in text
        assert name in report
    records = list((tmp_path / "results" / "reviews").rglob("record.json"))
    assert len(records) == MODELS
    assert {json.loads(path.read_text())["status"] for path in records} == {"ok"}


def test_the_time_on_the_page_is_that_of_the_record() -> None:
    said = TIMING.search((PAGES / "your-own-csv.md").read_text(encoding="utf-8"))
    assert said is not None
    path = RECORDS / "your-own-csv.json"
    if path.is_file():
        record = json.loads(path.read_text())
        assert sentence(record) in said[1]
        assert [c["command"] for c in record["commands"]] == list(page("your-own-csv").commands)
    else:
        assert "has not been measured" in said[1]
        assert not any(character.isdigit() for character in said[1])


def test_the_sentence_leaves_out_the_making_of_the_data() -> None:
    record = {
        "commands": [
            {"command": "python make.py", "seconds": 99.0},
            {"command": "mmbench new task", "seconds": 1.6},
            {"command": "mmbench run", "seconds": 70.0},
        ],
        "fingerprint": {"cores": 2},
    }
    assert sentence(record).startswith("The 2 commands took 1 min 12 s in all on 2 cores")


def test_a_command_that_fails_is_shown(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no model or task 'nothing-like-it'"):
        follow("mmbench check nothing-like-it", tmp_path)
    with pytest.raises(ValueError, match="pages run python and mmbench alone"):
        follow("rm -r .", tmp_path)


def test_a_class_of_ones_own_keeps_its_contract_and_is_compared(tmp_path: Path) -> None:
    own = page("your-own-model-class")
    own.write(tmp_path)
    check, run = own.commands
    told = follow(check, tmp_path).stdout
    assert "model hashed-characters   architecture-checked" in told
    assert "FAIL" not in told
    done = follow(run, tmp_path)
    assert "hashed-characters" in (tmp_path / done.stdout.splitlines()[-1]).read_text("utf-8")
    records = list((tmp_path / "results").rglob("record.json"))
    assert {json.loads(path.read_text())["status"] for path in records} == {"ok"}
    assert len(records) == 4


def test_an_installed_package_announces_the_card(tmp_path: Path) -> None:
    """What pip leaves of the page's package: its modules, and an entry point that is read."""
    own = page("your-own-model-class")
    own.write(tmp_path)
    package = tmp_path / "package" / "acme_models"
    cards = package / "cards" / "models"
    cards.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "hashed_characters.py").write_text(own.files["hashed_characters.py"])
    card = own.files["cards/models/hashed-characters.yaml"]
    card = card.replace('"hashed_characters:', '"acme_models.hashed_characters:')
    card = card.replace("name: hashed-characters", "name: acme-characters")
    (cards / "acme-characters.yaml").write_text(card)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=tmp_path / "package", check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    # an interpreter reads a wheel's modules and its metadata from a folder it is unpacked in
    site = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", wheel, site], check=True)
    for arguments in (["list", "models"], ["check", "acme-characters"]):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "mmbench", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "acme-characters" in done.stdout
