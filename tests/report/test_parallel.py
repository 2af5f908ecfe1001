"""The same content in several languages, side by side and never more than that."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.records import Record
from mmbench.report.build import build
from mmbench.report.document import Document, Heading, Lang, Table
from mmbench.report.numbers import MISSING
from mmbench.store import Stored
from tests.report.reading import column, only, table_with, words

StoreAll = Callable[[list[Record]], list[Stored]]
LANGS: tuple[Lang, ...] = ("en", "zh")
HEADINGS = ("The same content in several languages", "同一内容的多语言对照")


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure has tests of its own, and takes most of a report's time."""
    monkeypatch.setattr("mmbench.report.build.figure", lambda findings, say: [])


def pairs(records: list[Record]) -> list[Record]:
    return [r for r in records if r.trial.task.parallel is not None]


def with_task(record: Record, **changes: object) -> Record:
    task = replace(record.trial.task, **changes)  # type: ignore[arg-type]
    trial = replace(record.trial, task=task)
    return replace(record, trial=trial, key=trial.key)


def has_part(document: Document) -> bool:
    return any(
        isinstance(block, Heading) and block.text.startswith(HEADINGS) for block in document.blocks
    )


def test_english_and_chinese_stand_side_by_side_with_their_difference(
    documents: dict[Lang, Document],
) -> None:
    table = table_with(documents["en"], "test, Chinese − English")
    rows = {row[:2]: row[2:] for row in table.rows}
    english, chinese, difference = rows["fixture-clip-zh (pretrained)", "contrast-full"]
    assert (english[:4], chinese[:4], difference) == ("68.0", "46.0", "−22.0")
    assert rows["fixture-clip-zh (pretrained)", "zero-shot"][2] == "+14.0"
    assert rows["chance", MISSING] == ("2.7", "2.7", MISSING)


def test_every_test_split_that_both_have_gets_a_table(documents: dict[Lang, Document]) -> None:
    table_with(documents["en"], "test_unseen, Chinese − English")
    table_with(documents["zh"], "测试集，中文 − 英文")
    with pytest.raises(AssertionError):
        table_with(documents["en"], "validation, Chinese − English")


def test_a_model_of_one_language_alone_has_a_dash_for_the_other(
    documents: dict[Lang, Document],
) -> None:
    table = table_with(documents["en"], "test, Chinese − English")
    (row,) = (row for row in table.rows if row[0] == "fixture-clip-scratch (scratch)")
    assert row[2] == MISSING
    assert row[3].startswith("16.0")
    assert row[4] == MISSING
    assert "there is no score of this model in this language" in words(documents["en"])


def test_a_vocabulary_that_does_not_know_the_language_is_noted(
    documents: dict[Lang, Document],
) -> None:
    told = "fixture-pair-en (pretrained), Chinese: 41.0% of the tokens of train of fixture-match-zh"
    assert told in words(documents["en"])
    assert "差值首先反映的是词表" in words(documents["zh"])


def test_what_a_difference_mixes_is_said(documents: dict[Lang, Document]) -> None:
    assert "mixes the language with what the model was made for" in words(documents["en"])
    assert "不能单独归因于其中任何一方" in words(documents["zh"])


def test_different_numbers_of_candidates_are_noted_and_equal_ones_are_not(
    documents: dict[Lang, Document],
) -> None:
    text = words(documents["en"])
    assert "test has different numbers of candidates: English: 300 images, 150 texts" in text
    assert "test_unseen has different numbers" not in text


def test_one_language_alone_is_no_pair(records: list[Record], store_all: StoreAll) -> None:
    for lang in LANGS:
        assert not has_part(build(store_all(only(records, task="fixture-match-zh")), lang=lang))


def test_tasks_without_a_common_name_or_metric_are_no_pair(
    records: list[Record], store_all: StoreAll
) -> None:
    found = pairs(records)
    assert has_part(build(store_all(found), lang="en"))
    for change in ({"parallel": None}, {"parallel": "another"}, {"metrics": ("i2t_recall@1",)}):
        changed = [
            with_task(r, **change) if r.trial.task.name == "fixture-match-zh" else r for r in found
        ]
        assert not has_part(build(store_all(changed), lang="en"))


def test_a_task_with_another_limit_is_not_paired(
    records: list[Record], store_all: StoreAll
) -> None:
    found = [
        replace(r, trial=replace(r.trial, limit=100))
        if r.trial.task.name == "fixture-match-zh"
        else r
        for r in pairs(records)
    ]
    assert not has_part(build(store_all(found), lang="en"))


def test_two_versions_of_one_task_are_named_and_not_paired(
    records: list[Record], store_all: StoreAll
) -> None:
    found = pairs(records)
    other = [with_task(r, version=2) for r in only(records, task="fixture-match-zh")]
    document = build(store_all([*found, *other]), lang="en")
    assert "so they are not paired" in words(document)
    headers = [c.header for b in document.blocks if isinstance(b, Table) for c in b.columns]
    assert not any("Chinese − English" in header for header in headers)


def test_other_weights_of_the_same_name_are_another_row(
    records: list[Record], store_all: StoreAll
) -> None:
    found = [
        replace(r, trial=replace(r.trial, digests={**r.trial.digests, "model": "moved"}))
        if r.trial.cell[:2] == ("fixture-pair-en", "fixture-match-zh")
        else r
        for r in pairs(records)
    ]
    table = table_with(build(store_all(found), lang="en"), "test, Chinese − English")
    rows = [row for row in table.rows if row[0] == "fixture-pair-en (pretrained)"]
    assert [(row[2] == MISSING, row[3] == MISSING) for row in rows] == [
        (False, True),
        (True, False),
    ]


def test_languages_that_do_not_tell_the_tasks_apart_give_way_to_their_names(
    records: list[Record], store_all: StoreAll
) -> None:
    found = [with_task(r, languages=("zh",)) for r in pairs(records)]
    table = table_with(
        build(store_all(found), lang="en"), "test, fixture-match-zh − fixture-match-en"
    )
    assert len(column(table, "model")) == 5
