"""What is derived from the bundled emoji: rebuilt alike, balanced, and without a leak."""

from collections import Counter, defaultdict
from functools import cache

import pytest

from tools.build_emoji_tasks import (
    BUNDLED,
    KEYWORDS,
    SENTIMENTS,
    Row,
    blocks,
    check,
    frequent_keywords,
    pair_rows,
    read,
    tables_of,
)


@cache
def concepts() -> dict[str, Row]:
    return {row["concept"]: row for row in read("emoji_concepts", BUNDLED)}


@cache
def rebuilt() -> dict[str, list[Row]]:
    return tables_of(list(concepts().values()), read("emoji_images", BUNDLED))


@pytest.mark.parametrize("name", ["emoji_facts", "emoji_pairs", "emoji_questions"])
def test_the_committed_files_are_what_the_builder_gives(name: str) -> None:
    assert rebuilt()[name] == read(name, BUNDLED)


def test_a_concept_has_those_of_its_keywords_that_are_frequent() -> None:
    keywords = frequent_keywords(concepts().values())
    assert len(keywords) == KEYWORDS
    for row in rebuilt()["emoji_facts"]:
        own = concepts()[row["concept"]]["keywords_en"].split(", ")
        assert set(row["keywords"]) == set(own) & set(keywords)


def test_every_keyword_can_be_learned_and_scored() -> None:
    folds = defaultdict(set)
    for row in rebuilt()["emoji_facts"]:
        for keyword in row["keywords"]:
            folds[keyword].add(concepts()[row["concept"]]["fold"])
    assert len(folds) == KEYWORDS
    assert all({"train", "test"} <= seen for seen in folds.values())


def test_sentiments_are_those_of_faces_and_no_base_is_in_two_tenths() -> None:
    tenths: defaultdict[str, set[int]] = defaultdict(set)
    counts: Counter[str] = Counter()
    for row in rebuilt()["emoji_facts"]:
        concept = concepts()[row["concept"]]
        assert row["sentiment"] == SENTIMENTS.get(concept["subgroup"])
        assert (row["sentiment"] is None) == (row["sentiment_tenth"] is None)
        if row["sentiment"] is not None:
            tenths[concept["base"]].add(row["sentiment_tenth"])
            counts[row["sentiment"]] += 1
    assert all(len(seen) == 1 for seen in tenths.values())
    assert counts == {"positive": 35, "neutral": 29, "negative": 46}


def test_half_of_the_pairs_match_and_neither_name_alone_tells_which() -> None:
    rows = rebuilt()["emoji_pairs"]
    assert Counter(row["same"] for row in rows) == {0: 1906, 1: 1906}
    for column in ("name_en", "name_zh"):
        seen = Counter((row[column], row["same"]) for row in rows)
        assert len(seen) == 2 * 1906
        assert set(seen.values()) == {1}


def test_no_pair_crosses_folds_and_nearly_all_that_differ_are_of_one_subgroup() -> None:
    by_name = {row["name_zh"]: row for row in concepts().values()}
    apart: Counter[tuple[bool, int]] = Counter()
    for row in rebuilt()["emoji_pairs"]:
        one, other = concepts()[row["id"].partition("/")[0]], by_name[row["name_zh"]]
        assert one["fold"] == other["fold"] == row["fold"]
        assert one["group"] == other["group"]
        assert (row["same"] == 1) == (one["concept"] == other["concept"])
        apart[row["from_subgroup"], row["same"]] += 1
    assert apart[False, 1] == 0
    assert apart[False, 0] < 0.03 * 1906


def test_a_concept_alone_in_its_subgroup_is_paired_within_its_group() -> None:
    def one(code: str, subgroup: str) -> Row:
        names = {"name_en": code, "name_zh": f"名{code}"}
        place = {"group": "objects", "subgroup": subgroup, "fold": "test", "base": code}
        return {"concept": code, **names, **place}

    rows = [one("a", "tool"), one("b", "tool"), one("c", "lock")]
    assert [len(block) for block in blocks(rows)] == [3]
    assert len(pair_rows(rows)) == 6
    rows.append(one("d", "money"))
    assert sorted(len(block) for block in blocks(rows)) == [2, 2]


def test_questions_have_the_answer_among_four_options_and_no_name_of_another_fold() -> None:
    fold_of_name = {row["name_en"]: row["fold"] for row in concepts().values()}
    fold_of_name |= {row["name_zh"]: row["fold"] for row in concepts().values()}
    images = {row["id"]: row for row in read("emoji_images", BUNDLED)}
    asked: Counter[str] = Counter()
    places: Counter[int] = Counter()
    for row in rebuilt()["emoji_questions"]:
        asked[row["asks"]] += 1
        for head, language, separator in (("Options: ", "en", "; "), ("选项：", "zh", "；")):
            options = row[f"question_{language}"].partition(head)[2].split(separator)
            assert len(set(options)) == 4
            if language == "en":
                places[options.index(row["answer_en"])] += 1
            if row["asks"] == "name":
                assert row[f"answer_{language}"] == images[row["id"]][f"name_{language}"]
                assert {fold_of_name[name] for name in options} == {images[row["id"]]["fold"]}
    assert asked.total() == 5418
    assert asked["name"] / 5418 == pytest.approx(0.5, abs=0.02)
    assert all(count / 5418 == pytest.approx(0.25, abs=0.02) for count in places.values())


def test_a_name_that_tells_the_answer_stops_the_build() -> None:
    rows = [row for row in rebuilt()["emoji_pairs"] if row["id"] != "1f600/1f600"]
    with pytest.raises(AssertionError, match="stands twice"):
        check({"emoji_pairs": [*rows, rows[0]], "emoji_questions": []})
    question = rebuilt()["emoji_questions"][0] | {"answer_en": "something else"}
    with pytest.raises(AssertionError, match=question["id"]):
        check({"emoji_pairs": rebuilt()["emoji_pairs"], "emoji_questions": [question]})
