"""Retrieval in a report: recall among all candidates, and what the scores before training are."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.records import Record
from mmbench.report.build import build
from mmbench.report.document import Details, Document, Lang, Table
from mmbench.report.numbers import MISSING, NO_BREAK
from mmbench.store import Stored
from tests.report.reading import column, flat, only, plain, table_with, words

StoreAll = Callable[[list[Record]], list[Stored]]
LANGS: tuple[Lang, ...] = ("en", "zh")


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure has tests of its own, and takes most of a report's time."""
    monkeypatch.setattr("mmbench.report.build.figure", lambda findings, say: [])


@pytest.fixture(name="english")
def fixture_english(records: list[Record], store_all: StoreAll) -> Document:
    return build(store_all(only(records, task="fixture-match-en")), lang="en")


def tables(document: Document, header: str) -> list[Table]:
    """Those outside of details."""
    return [
        block
        for block in document.blocks
        if isinstance(block, Table) and header in [c.header for c in block.columns]
    ]


def test_each_test_split_has_a_table_that_names_its_candidates(english: Document) -> None:
    assert [table.caption for table in tables(english, "I→T R@1")] == [
        "test, candidates: 300 images and 150 texts",
        "test_unseen, candidates: 120 images and 120 texts",
    ]


def test_both_directions_stand_with_their_median_ranks_and_mean_recall(english: Document) -> None:
    (test, _) = tables(english, "I→T R@1")
    assert [c.header for c in test.columns[2:]] == [
        "I→T R@1", "I→T R@5", "I→T R@10", "I→T median rank",
        "T→I R@1", "T→I R@5", "T→I R@10", "T→I median rank", "mean recall",
    ]  # fmt: skip
    row = [plain(text) for text in test.rows[1]]
    assert row[:2] == ["fixture-clip-zh (pretrained)", "contrast-full"]
    assert row[2:6] == ["38.4 [32.9, 43.9]", "72.4", "96.2", "2.5"]
    assert row[-1] == "68.0 [62.7, 73.3]"


def test_the_detail_has_every_split_and_every_interval(english: Document) -> None:
    (detail,) = (
        block
        for block in english.blocks
        if isinstance(block, Details) and block.summary.startswith("Retrieval in full")
    )
    found = [block for block in detail.blocks if isinstance(block, Table)]
    assert [(table.caption or "").split(",")[0] for table in found] == [
        "test",
        "test_unseen",
        "validation",
        "train",
    ]
    assert column(found[0], "I→T R@5")[1] == "72.4 [67.3, 77.5]"
    assert column(found[0], "T→I median rank")[1] == "5 [4, 7]"
    assert "zero-shot" not in column(found[3], "recipe"), "nobody asks it about train"


def test_chance_is_the_first_row_everywhere(english: Document) -> None:
    (test, _) = tables(english, "I→T R@1")
    main = table_with(english, "train (n = 2,000)")
    assert test.rows[0] == (
        "chance", MISSING, "0.7", "3.3", "6.7", "75.5", "0.3", "1.7", "3.3", "150.5", "2.7",
    )  # fmt: skip
    assert main.rows[0] == ("chance", MISSING, "2.7", "4.4", "8.0", "0.3")
    assert "what candidates in random order are expected to reach" in words(english)


def test_recall_is_explained_once_a_task_and_by_its_rules(documents: dict[Lang, Document]) -> None:
    text = words(documents["en"])
    for rule in (
        "all candidates of the split",
        "any text of an image counts",
        "ties count against",
    ):
        assert text.count(rule) == 2
    for rule in ("全部候选项", "命中任意一条即可", "按对模型不利的名次计", "以图搜文", "以文搜图"):
        assert rule in words(documents["zh"])


def test_the_candidates_of_rows_that_were_not_scored_are_not_claimed(english: Document) -> None:
    captions = [b.caption for b in flat(english.blocks) if isinstance(b, Table) and b.caption]
    assert "train, candidates: the images and texts of 2,000 of its 2,400 rows" in captions
    assert not any("2,400 images" in caption for caption in captions)


def test_records_that_do_not_count_candidates_are_told_so(
    records: list[Record], store_all: StoreAll
) -> None:
    (pair,) = only(records, task="fixture-match-en", models=("fixture-pair-en",))
    bare = replace(pair, data=tuple(replace(facts, candidates={}) for facts in pair.data))
    for lang, text in zip(LANGS, ("the records do not say", "没有写明候选项的数量"), strict=True):
        found = build(store_all([bare]), lang=lang)
        assert text in words(found)


def test_a_task_of_mean_recall_alone_has_no_second_table(
    records: list[Record], store_all: StoreAll
) -> None:
    (pair,) = only(records, task="fixture-match-en", models=("fixture-pair-en",))
    trial = replace(pair.trial, task=replace(pair.trial.task, metrics=("mean_recall",)))
    found = build(store_all([replace(pair, trial=trial)]), lang="en")
    assert "I→T R@1" not in words(found)
    assert "mean recall (%)" in words(found)


def test_a_task_whose_primary_metric_is_a_rank_is_told_in_ranks(
    records: list[Record], store_all: StoreAll
) -> None:
    found = only(records, task="fixture-match-en")
    task = replace(found[0].trial.task, metrics=("t2i_median_rank", "mean_recall"))
    ranked = [replace(r, trial=replace(r.trial, task=task)) for r in found]
    english, chinese = (build(store_all(ranked), lang=lang) for lang in LANGS)
    assert "by text→image median rank on test" in words(english)
    assert "fixture-clip-zh (pretrained) × contrast-full at rank 5 [4, 7]" in words(english)
    assert "text→image median rank (rank, 1 is best), before → after" in words(english)
    assert "第 5 名 [4, 7]" in words(chinese)
    main = table_with(english, "train (n = 2,000)")
    assert plain(main.rows[1][2]) == "34 → 5 [4, 7]"


# ------------------------------------------------------------------- before any training


def test_before_is_said_to_be_what_it_is(documents: dict[Lang, Document]) -> None:
    text = words(documents["en"])
    for told in (
        "zero-shot in the model's own space of images and texts: fixture-clip-zh (pretrained)",
        "the answer of random weights, which have learned nothing: fixture-clip-scratch (scratch)",
        "zero-shot by the class names, in the Chinese prompts of the task: fixture-clip-zh",
        "(the model has no common space of images and texts): fixture-pair-en (pretrained)",
    ):
        assert told in text
    assert "随机权重的回答" in words(documents["zh"])


def test_before_and_after_stand_together_where_both_are_known(english: Document) -> None:
    main = table_with(english, "train (n = 2,000)")
    cells = dict(zip(zip(*(column(main, h) for h in ("model", "recipe")), strict=True),
                     main.rows, strict=True))  # fmt: skip
    tuned = cells["fixture-clip-zh (pretrained)", "contrast-full"]
    assert plain(tuned[2]) == "39.0 → 68.0 [62.7, 73.3]"
    assert tuned[-1].startswith(f"{MISSING}{NO_BREAK}→"), "nobody asked about train before"
    pair = cells["fixture-pair-en (pretrained)", "contrast-probe"]
    assert pair[2].startswith(f"n/a{NO_BREAK}→")


def test_a_zero_shot_cell_has_its_one_score_with_its_interval(english: Document) -> None:
    main = table_with(english, "train (n = 2,000)")
    (row,) = (row for row in main.rows if row[1] == "zero-shot")
    assert plain(row[2]) == "39.0 [33.5, 44.5]"
    assert row[-1] == MISSING


@pytest.mark.parametrize(
    ("recipes", "english", "chinese"),
    [
        ({"contrast-full"}, "both after fine-tuning.", "均为微调后的结果"),
        ({"zero-shot"}, "both zero-shot, without fine-tuning.", "均为零样本（未经训练）的结果"),
        (
            {"contrast-full", "zero-shot"},
            "fine-tuning (zero-shot: without).",
            "零样本方案则未经训练",
        ),
    ],
)
def test_when_the_scores_were_taken_is_said_and_zero_shot_only_where_it_is(
    records: list[Record], store_all: StoreAll, recipes: set[str], english: str, chinese: str
) -> None:
    found = [
        record
        for record in only(records, task="fixture-match-en", models=("fixture-clip-zh",))
        if record.trial.recipe.name in recipes
    ]
    for lang, text in zip(LANGS, (english, chinese), strict=True):
        assert text in words(build(store_all(found), lang=lang))
    alone = "A zero-shot recipe trains nothing" in words(build(store_all(found), lang="en"))
    assert alone is ("zero-shot" in recipes)


def test_the_language_of_the_prompts_stands_with_a_recipe_that_answers_by_them(
    documents: dict[Lang, Document],
) -> None:
    assert "zero-shot (Chinese prompts)" in words(documents["en"])
    assert "zero-shot（中文提示词）" in words(documents["zh"])
    retrieval = table_with(documents["en"], "I→T R@1")
    assert "zero-shot" in column(retrieval, "recipe"), "candidates need no prompts"


def test_a_head_that_starts_from_the_class_names_tells_their_language_too(
    records: list[Record], store_all: StoreAll
) -> None:
    (by_name,) = only(records, task="fixture-emoji", models=("fixture-clip-zh",))
    recipe = replace(
        by_name.trial.recipe, name="from-names", strategy="full", head="zero_shot",
        learning_rates=(1e-5,), epochs=1, prompts="en",
    )  # fmt: skip
    after = tuple(replace(s, stage="after") for s in by_name.scores if s.stage == "before")
    trained = replace(
        by_name, trial=replace(by_name.trial, recipe=recipe), scores=(*by_name.scores, *after)
    )
    assert "from-names (English prompts)" in words(build(store_all([trained]), lang="en"))


def test_one_group_of_queries_is_said_to_have_no_interval(
    records: list[Record], store_all: StoreAll
) -> None:
    (pair,) = only(records, task="fixture-match-en", models=("fixture-pair-en",))
    note = "on 2000 of 2400 rows; all rows are one group: no interval"
    scores = tuple(
        replace(s, low=None, high=None, note=note) if s.stage == "after" else s for s in pair.scores
    )
    text = words(build(store_all([replace(pair, scores=scores)]), lang="en"))
    assert "test: all rows are one group: no interval" in text
    assert "on 2000 of 2400 rows" not in text, "it is told of the split, once"
