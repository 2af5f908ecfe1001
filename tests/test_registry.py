"""The registry as a whole: what it holds, that its suites plan, that traps of data are avoided."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import FileData, HubData, ModelCard, Suite, TaskCard
from mmbench.catalog import Catalog
from mmbench.data.tasks import load_task
from mmbench.plan import plan

CATALOG = Catalog.standard()
TASKS = {name: CATALOG.task(name) for name in CATALOG.names(TaskCard)}
SUITES = {name: CATALOG.suite(name) for name in CATALOG.names(Suite)}
TEXTS = [
    name
    for name, card in TASKS.items()
    if isinstance(card.source, HubData) and set(card.inputs) <= {"text", "text_pair"}
]
HIDDEN = ["tnews", "iflytek", "cmnli", "ocnli", "afqmc", "sst2", "mnli", "mrpc"]
"""Whose published test split has no labels."""


def test_there_is_enough_to_choose_from() -> None:
    models = [CATALOG.model(name) for name in CATALOG.names(ModelCard)]
    assert sum(model.start == "pretrained" for model in models) >= 60
    assert len(TASKS) >= 40
    wanted = (
        "zh-text en-text bilingual-text zh-retrieval bilingual-retrieval image speech multimodal "
        "domestic-vs-international quickstart every-kind speed"
    )
    assert set(wanted.split()) <= set(SUITES)


@pytest.mark.parametrize("name", [name for name, suite in SUITES.items() if suite.blocks])
def test_every_suite_plans_and_refuses_nothing(name: str) -> None:
    found = plan(SUITES[name], CATALOG)
    assert found.trials
    assert [refusal.reason for refusal in found.refused] == []


@pytest.mark.parametrize("name", TASKS)
def test_every_task_says_what_it_is_in_both_languages(name: str) -> None:
    card = TASKS[name]
    assert set(card.description) == {"en", "zh"}
    for label in card.target.labels or ():
        assert set(label.names) in ({"en", "zh"}, set())
    assert card.citation


def test_the_suite_of_both_regions_has_models_of_both_for_every_task() -> None:
    regions: dict[str, set[str | None]] = {}
    for trial in plan(SUITES["domestic-vs-international"], CATALOG).trials:
        regions.setdefault(trial.task.name, set()).add(trial.model.region)
    assert regions
    assert all(found == {"domestic", "international"} for found in regions.values())


# ---------------------------------------------------------------- traps of published data


def rows_of(card: TaskCard, count: int, labels: list[object]) -> Iterator[dict[str, object]]:
    words = card.kind == "tagging"
    for row in range(count):
        label = labels[row % len(labels)]
        cells: dict[str, object] = {}
        for slot, column in card.inputs.items():
            text = f"{slot} number {row} of {count}"
            cells[column] = text.split() if words else text
        assert card.target.column is not None
        cells[card.target.column] = [label] * 5 if words else label
        yield cells


def written(card: TaskCard, folder: Path) -> TaskCard:
    """The card on files of its layout: the parts that its splits name, and a test part, in JSON
    lines; where labels are hidden, all of the test part and a tenth of the others are −1."""
    labels: list[object] = [label.value for label in card.target.labels or ()] or [0, 1, 2, 3]
    parts = {rule.part for rule in card.splits.values() if rule.part is not None}
    dropping = any(rule.where for rule in card.splits.values())
    files = {}
    for part in sorted(parts | {"test"}):
        secret = part == "test" and card.name in HIDDEN
        those: list[object] = [-1] if secret else [*labels, *([-1] if dropping else [])]
        path = folder / f"{part}.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows_of(card, 400, those)))
        files[part] = str(path)
    return replace(card, source=FileData(via="files", files=files))


@pytest.mark.parametrize("name", TEXTS)
def test_a_card_reads_its_layout_without_hidden_labels(name: str, tmp_path: Path) -> None:
    data = load_task(written(TASKS[name], tmp_path))
    assert {"train", "validation", "test"} <= set(data.splits)
    assert all(len(examples) for examples in data.splits.values())
    assert "-1" not in data.labels


@pytest.mark.parametrize("name", HIDDEN)
def test_no_split_is_made_of_a_test_part_that_hides_its_labels(name: str) -> None:
    assert all(rule.part != "test" for rule in TASKS[name].splits.values())


@pytest.mark.parametrize("name", ["cmnli", "ocnli"])
def test_rows_without_agreement_are_left_out(name: str, tmp_path: Path) -> None:
    data = load_task(written(TASKS[name], tmp_path))
    assert sum(len(examples) for examples in data.splits.values()) == 2 * 300  # of 2 x 400


def test_tnews_reads_the_title_alone() -> None:
    """With its keywords scores rise by ten points."""
    assert TASKS["tnews"].inputs == {"text": "sentence"}
