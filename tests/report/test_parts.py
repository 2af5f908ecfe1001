"""What each input of a fused model is worth, and each of several targets, in tables of their own.

TEST FIXTURE: every model and number below is invented.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.cards import FusionModel, ModelCard, Side, Target, TargetPart
from mmbench.records import Record, Score, Stage
from mmbench.report.build import build
from mmbench.report.document import Document, Lang, Table
from mmbench.store import Stored
from tests import specimens
from tests.report.cards import IMAGE
from tests.report.reading import flat, plain, words

StoreAll = Callable[[list[Record]], list[Stored]]
LANGS: tuple[Lang, ...] = ("en", "zh")
EYE = replace(
    specimens.MODEL, name="eye", modalities=("image",), gives=("pooled",), text=None, image=IMAGE
)
FUSED = ModelCard(
    name="both",
    family="fusion",
    languages=("en",),
    modalities=("image", "text"),
    adapter="fusion",
    source=FusionModel(via="fusion", image="eye", text="tiny", by="gated", width=8),
    gives=("fused",),
    parts={"image": EYE, "text": specimens.MODEL},
)
STAGES: tuple[tuple[Stage, float], ...] = (("majority", 0.3), ("after", 0.0))
"""And how far each lies below what was reached."""

SEVERAL = replace(
    specimens.TASK,
    name="several",
    kind="multitask",
    target=Target(parts={"mood": TargetPart(column="mood"), "size": TargetPart(column="size")}),
    metrics=("mean_accuracy",),
)


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmbench.report.build.figure", lambda findings, say: [])


def score(stage: Stage, metric: str, value: float) -> Score:
    return Score(
        stage=stage,
        split="test",
        metric=metric,
        value=value,
        count=40,
        low=value - 0.05,
        high=value + 0.05,
        interval="wilson",
    )


def fused() -> list[Record]:
    """Two seeds of a fused model on a task of images and texts."""
    task = replace(specimens.TASK, inputs={"image": "picture", "text": "note"})
    records = []
    for seed, shift in ((0, 0.0), (1, 0.02)):
        trial = replace(specimens.TRIAL, model=FUSED, task=task, seed=seed)
        taken: dict[Side, float] = {"image": 0.7, "text": 0.5}
        without: dict[Side, tuple[Score, ...]] = {
            side: (score("after", "accuracy", value + shift),) for side, value in taken.items()
        }
        records.append(replace(specimens.record(trial), without=without))
    return records


def several() -> list[Record]:
    trial = replace(specimens.TRIAL, task=SEVERAL)
    parts = {
        name: tuple(
            score(stage, metric, value - low)
            for stage, low in STAGES
            for metric, value in (("accuracy", reached), ("f1_macro", reached - 0.1))
        )
        for name, reached in (("mood", 0.9), ("size", 0.6))
    }
    scores = (score("majority", "mean_accuracy", 0.45), score("after", "mean_accuracy", 0.75))
    return [replace(specimens.record(trial), scores=scores, parts=parts)]


def tables(document: Document, word: str) -> list[Table]:
    return [
        block
        for block in flat(document.blocks)
        if isinstance(block, Table) and any(word in column.header for column in block.columns)
    ]


def test_a_fused_model_is_shown_with_either_input_taken_away(store_all: StoreAll) -> None:
    document = build(store_all(fused()), lang="en")
    (table,) = tables(document, "without image")
    assert [c.header for c in table.columns[2:]] == [
        "image + text", "without image", "without text",
    ]  # fmt: skip
    assert table.caption == "accuracy (%), test"
    rows = [[plain(cell) for cell in row[2:]] for row in table.rows]
    assert rows[0] == ["50.0", "50.0", "50.0"]
    # the mean of both seeds, with its interval over seeds and examples
    assert [row.split(" ")[0] for row in rows[1]] == ["90.0", "71.0", "51.0"]
    assert rows[1][1:] == ["71.0 [65.4, 76.6]", "51.0 [45.4, 56.6]"]
    assert "replaced by their mean over the training rows" in words(document)
    assert "eye with tiny, fused by a gated unit" in words(document)


def test_each_of_several_targets_stands_beside_its_baseline(store_all: StoreAll) -> None:
    document = build(store_all(several()), lang="en")
    (table,) = tables(document, "mood: ")
    assert [c.header for c in table.columns[2:]] == [
        "mood: accuracy (%)", "mood: macro F1 (%)", "size: accuracy (%)", "size: macro F1 (%)",
    ]  # fmt: skip
    rows = [[plain(cell).split(" ")[0] for cell in row[2:]] for row in table.rows]
    assert rows == [["60.0", "50.0", "30.0", "20.0"], ["90.0", "80.0", "60.0", "50.0"]]


@pytest.mark.parametrize("lang", LANGS)
def test_other_models_and_tasks_have_neither_table(lang: Lang, store_all: StoreAll) -> None:
    document = build(store_all([specimens.record()]), lang=lang)
    found = words(document)
    for sign in ("without image", "去掉", "Each target", "各目标"):
        assert sign not in found


def test_both_speak_chinese(store_all: StoreAll) -> None:
    found = words(build(store_all([*fused(), *several()]), lang="zh"))
    assert "去掉图像" in found
    assert "特征均值" in found
    assert "eye 与 tiny，以门控单元方式融合" in found
    assert "各目标的得分" in found
    assert "mood：" in found
