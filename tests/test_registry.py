"""The registry as a whole: what it holds, that its suites plan, that traps of data are avoided."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
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
HIDDEN = ["tnews", "iflytek", "cmnli", "ocnli", "afqmc", "csl", "sst2", "mnli", "mrpc"]
HIDDEN += ["cluener", "muge", "hateful-memes"]
"""Whose published test split has no labels."""


def test_there_is_enough_to_choose_from() -> None:
    models = [CATALOG.model(name) for name in CATALOG.names(ModelCard)]
    pretrained = [model for model in models if model.start == "pretrained"]
    assert len(pretrained) >= 60
    domestic = sum(model.region == "domestic" for model in pretrained)
    assert 0.4 <= domestic / len(pretrained) <= 0.6, "about half of them are Chinese"
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


@pytest.mark.parametrize(
    ("name", "count", "some"),
    [
        ("food101", 101, {16: ("cheesecake", "芝士蛋糕"), 17: ("cheese plate", "奶酪拼盘")}),
        ("oxford-pets", 37, {0: ("Abyssinian", "阿比西尼亚猫"), 31: ("Shiba Inu", "柴犬")}),
        (
            "flowers102",
            102,
            {1: ("globe thistle", "蓝刺头"), 14: ("hard-leaved pocket orchid", "硬叶兜兰")},
        ),
        ("dtd", 47, {30: ("polka-dotted", "波尔卡圆点"), 46: ("zigzagged", "锯齿形")}),
    ],
)
def test_classes_have_names_of_their_own_in_both_languages(
    name: str, count: int, some: dict[int, tuple[str, str]]
) -> None:
    """A model that reads can then be asked without any training. The numbers are those of the
    copies that the cards name: of food101, cheesecake stands before the cheese plate; of
    flowers102, number 10 of the official list before number 2."""
    labels = TASKS[name].target.labels or ()
    assert [label.value for label in labels] == list(range(count))
    for language in ("en", "zh"):
        assert len({label.names[language] for label in labels}) == count
        assert all("{label}" in prompt for prompt in TASKS[name].prompts[language])
    assert all(re.fullmatch("[\u4e00-\u9fff]+", label.names["zh"]) for label in labels)
    assert {v: (labels[v].names["en"], labels[v].names["zh"]) for v in some} == some


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


def test_keywords_of_csl_are_one_text(tmp_path: Path) -> None:
    """The data set keeps them as a list, which is no text."""
    card = TASKS["csl"]
    assert isinstance(card.source, HubData)
    rows = [
        {"abst": f"摘要{i}", "keyword": ["水稻", f"产量{i}"], "label": i % 2} for i in range(100)
    ]
    files = {}
    for part in ("train", "validation"):
        path = tmp_path / f"{part}.jsonl"
        path.write_text("\n".join(json.dumps({**row, "abst": row["abst"] + part}) for row in rows))  # type: ignore[operator]
        files[part] = str(path)
    source = FileData(via="files", files=files, glue=card.source.glue)
    data = load_task(replace(card, source=source))
    assert data.splits["test"].inputs["text_pair"][1] == "水稻；产量1"


def test_images_of_xm3600_are_in_the_same_split_in_both_languages(tmp_path: Path) -> None:
    """The columns of mteb/xm3600: a part a language, several captions an image."""
    files = {}
    for part in ("en", "zh"):
        columns = {
            "image": [{"bytes": b"PNG %d" % i, "path": None} for i in range(200)],
            "image_id": [f"{i:016x}" for i in range(200)],
            "image_locale": ["zh"] * 200,
            "captions": [[f"{part} {i} a", f"{part} {i} b"] for i in range(200)],
        }
        files[part] = str(tmp_path / f"{part}.parquet")
        pq.write_table(pa.table(columns), files[part])
    found = {}
    for part in files:
        card = TASKS[f"xm3600-{part}"]
        assert isinstance(card.source, HubData)
        source = FileData(via="files", files=files, unfold=card.source.unfold)
        data = load_task(replace(card, source=source))
        found[part] = {name: rows.inputs["image"] for name, rows in data.splits.items()}
        assert {str(text)[:2] for text in data.splits["test"].inputs["text"]} == {part}
    assert found["en"] == found["zh"]
    assert 280 < len(found["en"]["test"]) < 360  # of 400 captions


def test_sentiment_of_ch_sims_is_read_from_its_table(tmp_path: Path) -> None:
    """label.csv as it is published; the clips, which are videos, are not asked for."""
    path = tmp_path / "label.csv"
    head = "video_id,clip_id,text,label,label_T,label_A,label_V,annotation,mode"
    rows = [
        f"video_{i:04},{i % 9:04},台词{i}，好,{(i % 11 - 5) / 5},0.0,0.2,0.4,Positive,"
        + ("train", "train", "valid", "test")[i % 4]
        for i in range(80)
    ]
    path.write_text("\n".join([head, *rows]), encoding="utf-8")
    card = replace(TASKS["ch-sims"], source=FileData(via="files", files={"all": str(path)}))
    data = load_task(card)
    assert {name: len(rows) for name, rows in data.splits.items()} == {
        "train": 40,
        "validation": 20,
        "test": 20,
    }
    assert data.splits["test"].inputs["text"][0] == "台词3，好"


def test_tnews_reads_the_title_alone() -> None:
    """With its keywords scores rise by ten points."""
    assert TASKS["tnews"].inputs == {"text": "sentence"}
