"""What the READMEs quote is what the committed report says, and their commands exist."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from mmbench.cards import ModelCard, Recipe, Suite, TaskCard
from mmbench.catalog import Catalog

ROOT = Path(__file__).parents[1]
EXCERPT = re.compile(r"<!-- excerpt: (\S+) -->\n(.*?)<!-- end of excerpt -->", re.DOTALL)
PAGES = ["README.md", "README.zh.md"]


@pytest.mark.parametrize("page", PAGES)
def test_every_quoted_line_stands_in_the_report(page: str) -> None:
    quotes = EXCERPT.findall((ROOT / page).read_text(encoding="utf-8"))
    assert quotes
    for source, quote in quotes:
        report = (ROOT / source).read_text(encoding="utf-8").splitlines()
        lines = [line for line in quote.splitlines() if line.strip()]
        assert len(lines) > 4
        assert [line for line in lines if line not in report] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_named_card_exists(page: str) -> None:
    catalog = Catalog.standard()
    text = (ROOT / page).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.startswith("mmbench run ")]
    assert len(lines) >= 2
    for line in lines:
        words = shlex.split(line, comments=True)[2:]
        options = dict(pairwise(words))
        known = {
            "--models": catalog.names(ModelCard),
            "--tasks": catalog.names(TaskCard),
            "--recipes": catalog.names(Recipe),
        }
        for option, names in known.items():
            assert set(options[option].split(",") if option in options else []) <= set(names)
        if not words[0].startswith("--"):
            assert words[0] in catalog.names(Suite)


def test_the_example_card_of_the_docs_is_a_task(tmp_path: Path) -> None:
    docs = (ROOT / "docs" / "add-a-task.md").read_text(encoding="utf-8")
    card = next(b for b in re.findall(r"```yaml\n(.*?)```", docs, re.DOTALL) if "name: " in b)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "hotel-reviews.yaml").write_text(card, encoding="utf-8")
    task = Catalog.standard((tmp_path,)).task("hotel-reviews")
    assert task.inputs == {"text": "comment"}
    assert task.group == "hotel"
