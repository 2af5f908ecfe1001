"""What came before the fine-tuning is in the report, in both languages."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.records import GridPoint, StageFacts
from mmbench.report.build import build
from mmbench.report.document import Lang, Table
from mmbench.store import Stored
from tests.specimens import TRIAL, record

PROBE = GridPoint(
    learning_rate=1e-3,
    validation=0.75,
    best_step=3,
    steps=9,
    seconds=2.0,
    stopped_early=False,
    chosen=True,
)
STAGES = (
    StageFacts(name="start", note="the head is taken over"),
    StageFacts(
        name="pretraining",
        seconds=12.0,
        samples=1234,
        loss_before=4.04,
        loss_after=2.5,
        note="its head starts at random",
    ),
    StageFacts(name="probe", seconds=3.0, samples=60, grid=(PROBE,)),
)


def rows(lang: Lang, *, stages: tuple[StageFacts, ...] = STAGES) -> list[tuple[str, ...]]:
    stored = Stored(Path("run"), replace(record(TRIAL), stages=stages))
    document = build([stored], lang=lang)
    tables = [block for block in document.blocks if isinstance(block, Table)]
    wanted = {"en": "continued pre-training", "zh": "继续预训练"}[lang]
    found = [table for table in tables if any(wanted in row for row in table.rows)]
    return [row for table in found for row in table.rows]


def test_each_stage_has_a_row_with_what_it_changed_and_took() -> None:
    start, pretraining, probe = rows("en")
    assert start[4:] == ("start from a kept model", "–", "–", "–", "–", "the head is taken over")
    assert pretraining[4:8] == ("continued pre-training", "1,234", "4.040", "2.500")
    assert pretraining[9] == "its head starts at random"
    assert probe[4:6] == ("probe", "60")
    assert "75" in probe[7]
    assert probe[9] == "learning rate 0.001"


def test_remarks_are_in_the_readers_language() -> None:
    start, pretraining, _ = rows("zh")
    assert start[9] == "沿用其任务头"
    assert pretraining[9] == "预训练任务头随机初始化"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_stages_there_is_no_such_part(lang: Lang) -> None:
    assert rows(lang, stages=()) == []


def test_what_a_strategy_needs_is_told_with_the_recipe() -> None:
    from mmbench.cards import Recipe
    from mmbench.report.i18n import Messages
    from mmbench.report.inputs import _recipe

    lora = Recipe(
        name="mine",
        strategy="lora",
        lora_rank=8,
        lora_alpha=16.0,
        learning_rates=(1e-3,),
        epochs=2,
    )
    assert ", lora_rank: 8, lora_alpha: 16" in _recipe(lora, Messages("en"))
