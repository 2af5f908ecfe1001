"""The figure: real text, nothing live, and everything that was scored."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.records import Record
from mmbench.report.build import build
from mmbench.report.document import Document, Figure, Lang, Paragraph
from mmbench.report.drawing import FONTS
from mmbench.report.figure import MOST_PANELS, MOST_ROWS
from mmbench.store import Stored

StoreAll = Callable[[list[Record]], list[Stored]]
SVG = "{http://www.w3.org/2000/svg}"
HARMLESS = {"svg", "g", "path", "rect", "line", "text", "tspan", "defs", "clipPath", "title"}


def figure_of(document: Document) -> Figure:
    figures = (block for block in document.blocks if isinstance(block, Figure))
    (found,) = (figure for figure in figures if figure.stem == "quality")
    return found


def texts(figure: Figure) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(figure.svg).iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [
        (
            "en",
            (
                "fixture-bert-zh (pretrained)",
                "majority class",
                "accuracy (%) on test",
                "fixture-clip-scratch (scratch)",
                "chance",
                "mean recall (%) on test",
            ),
        ),
        (
            "zh",
            (
                "fixture-effnet-scratch（随机初始化）",
                "多数类基线",
                "测试集准确率",
                "随机水平",
                "测试集平均召回率",
            ),
        ),
    ],
)
def test_names_marks_and_axes_are_text(
    documents: dict[Lang, Document], lang: Lang, wanted: tuple[str, ...]
) -> None:
    found = "\n".join(texts(figure_of(documents[lang])))
    for text in wanted:
        assert text in found


def test_fonts_for_chinese_are_named_and_the_ground_is_our_own(
    documents: dict[Lang, Document],
) -> None:
    root = ET.fromstring(figure_of(documents["zh"]).svg)
    families = {node.get("font-family") for node in root.iter(f"{SVG}text")}
    assert families == {FONTS}
    assert next(node.get("fill") for node in root.iter(f"{SVG}rect")) == "white"


def test_the_alt_text_says_what_the_picture_shows(documents: dict[Lang, Document]) -> None:
    alt = figure_of(documents["en"]).alt.replace("\N{NO-BREAK SPACE}", " ")
    assert "fixture-bert-zh (pretrained) × full 92.0% [90.3, 93.6]" in alt


def test_a_name_from_data_stays_text(records: list[Record], store_all: StoreAll) -> None:
    recipe = replace(records[0].trial.recipe)
    object.__setattr__(recipe, "name", "</text><script>alert(1)</script>&\"'")
    trial = replace(records[0].trial, recipe=recipe)
    hostile = replace(records[0], trial=trial)
    found = figure_of(build(store_all([hostile]), lang="en"))
    root = ET.fromstring(found.svg)
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= HARMLESS
    assert any("<script>" in text for text in texts(found))
    attributes = {name for node in root.iter() for name in node.attrib}
    assert not any(name.startswith("on") or name.endswith("href") for name in attributes)


def test_a_panel_has_room_for_its_own_recipes_alone(
    records: list[Record], store_all: StoreAll
) -> None:
    def height(found: list[Record]) -> float:
        root = ET.fromstring(figure_of(build(store_all(found), lang="en")).svg)
        return float(root.get("height") or 0)

    task = [r for r in records if r.trial.task.name == "fixture-match-en"]
    one = [r for r in task if r.trial.recipe.name == "zero-shot"]
    assert height(one) < height(task)
    reviews = [r for r in records if r.trial.task.name == "fixture-reviews"]
    both = height([*one, *reviews])
    assert both < height(one) + height(reviews)


def test_axes_stay_within_what_the_metric_can_be(documents: dict[Lang, Document]) -> None:
    ticks = [text for text in texts(figure_of(documents["en"])) if text.isdigit()]
    assert ticks
    assert all(0 <= int(tick) <= 100 for tick in ticks)


def test_nothing_scored_on_a_test_split_gives_no_figure(
    records: list[Record], store_all: StoreAll
) -> None:
    scores = tuple(score for score in records[0].scores if score.split != "test")
    for found in ([replace(records[0], scores=scores)], records[-2:]):
        document = build(store_all(found), lang="en")
        assert not any(isinstance(block, Figure) for block in document.blocks)


def copies(record: Record, *, models: int = 1, tasks: int = 1) -> list[Record]:
    """The record under other names; the first model is the best, the second the next."""
    found = []
    for task in range(tasks):
        for model in range(models):
            trial = replace(
                record.trial,
                model=replace(record.trial.model, name=f"model-{model}"),
                task=replace(record.trial.task, name=f"task-{task:02}"),
            )
            scores = tuple(
                replace(score, value=0.9 - model / 100, low=0.89 - model / 100, high=0.95)
                if (score.stage, score.metric) == ("after", record.trial.task.primary)
                else score
                for score in record.scores
            )
            found.append(replace(record, key=trial.key, trial=trial, scores=scores))
    return found


def test_of_many_models_the_best_are_drawn_and_the_panel_says_of_how_many(
    records: list[Record], store_all: StoreAll
) -> None:
    document = build(store_all(copies(records[0], models=MOST_ROWS + 2)), lang="en")
    found = texts(figure_of(document))
    drawn = {text.split()[0] for text in found if text.startswith("model-")}
    assert drawn == {f"model-{number}" for number in range(MOST_ROWS)}
    assert f"task-00 (the best {MOST_ROWS} of {MOST_ROWS + 2})" in found


@pytest.mark.parametrize(
    ("lang", "told"),
    [("en", "the first 24 of 26 tasks"), ("zh", "26 个任务中的前 24 个")],
)
def test_of_many_tasks_the_first_are_drawn_and_the_others_counted_below(
    records: list[Record], store_all: StoreAll, lang: Lang, told: str
) -> None:
    document = build(store_all(copies(records[0], tasks=MOST_PANELS + 2)), lang=lang)
    found = "\n".join(texts(figure_of(document)))
    assert f"task-{MOST_PANELS - 1}" in found
    assert f"task-{MOST_PANELS}" not in found
    assert any(isinstance(b, Paragraph) and told in b.text for b in document.blocks)
