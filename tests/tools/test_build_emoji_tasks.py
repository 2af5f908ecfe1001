"""What is derived from the bundled emoji: rebuilt alike, balanced, and without a leak."""

from collections import Counter, defaultdict
from functools import cache

import pytest

from tools.build_emoji_tasks import (
    BUNDLED,
    KEYWORDS,
    SENTIMENTS,
    check,
    frequent_keywords,
    read,
    tables_of,
)
from tools.emoji_pairs import Row, blocks, check_pairs, far_apart


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


def pairs(*negatives: str, fold: str, swapped: bool = False) -> list[Row]:
    rows = [row for row in rebuilt()["emoji_pairs"] if row["negatives"] in negatives]
    return [row for row in rows if (row["fold"], row["swapped"]) == (fold, swapped)]


@cache
def sets() -> dict[str, list[Row]]:
    """What a model is trained on at once, or scored on."""
    return {
        "train": pairs("both", "mixed", fold="train"),
        "train, swapped": pairs("both", "mixed", fold="train", swapped=True),
        "validation": pairs("both", "mixed", fold="validation"),
        "test": pairs("both", "mixed", fold="test"),
        "test_hard": pairs("both", "hard", fold="test"),
    }


CONCEPTS = {"train": 1375, "train, swapped": 1375, "validation": 154, "test": 377, "test_hard": 377}


@pytest.mark.parametrize("name", CONCEPTS)
def test_half_of_the_pairs_match_and_neither_name_alone_tells_which(name: str) -> None:
    assert Counter(row["same"] for row in sets()[name]) == dict.fromkeys((0, 1), CONCEPTS[name])
    for column in ("first", "second"):
        seen = Counter((row[column], row["same"]) for row in sets()[name])
        assert len(seen) == 2 * CONCEPTS[name]
        assert set(seen.values()) == {1}


def test_every_pair_is_in_a_set_and_none_of_the_harder_ones_is_for_training() -> None:
    assert sum(len(rows) for rows in sets().values()) == len(rebuilt()["emoji_pairs"]) + 377 + 97
    assert not pairs("hard", fold="train")
    assert not pairs("hard", fold="validation")


def of_names(row: Row) -> tuple[Row, Row]:
    """The concepts that a pair's English and Chinese name are of."""
    by_name = {concept["name_zh"]: concept for concept in concepts().values()}
    one = concepts()[row["id"].partition("/")[0]]
    english, chinese = ("second", "first") if row["swapped"] else ("first", "second")
    assert row[english] == one["name_en"]
    return one, by_name[row[chinese]]


def test_no_pair_crosses_folds_and_its_columns_say_how_near_the_two_are() -> None:
    for row in rebuilt()["emoji_pairs"]:
        one, other = of_names(row)
        assert one["fold"] == other["fold"] == row["fold"]
        assert (row["same"] == 1) == (one["concept"] == other["concept"])
        assert row["from_subgroup"] == (one["subgroup"] == other["subgroup"])
        assert row["from_base"] == (one["base"] == other["base"])
        assert row["base"] == one["base"]


def test_mixed_mismatches_are_of_other_bases_and_a_quarter_is_hard() -> None:
    for name in ("train", "validation", "test"):
        hard = [row for row in sets()[name] if not row["same"] and row["negatives"] == "both"]
        easy = [row for row in sets()[name] if row["negatives"] == "mixed"]
        assert len(hard) / CONCEPTS[name] == pytest.approx(0.25, abs=0.03)
        assert len(hard) + len(easy) == CONCEPTS[name]
        assert not any(row["from_base"] for row in easy)
        assert sum(row["from_subgroup"] for row in easy) < 0.03 * len(easy)


def test_hard_mismatches_are_of_one_group_and_nearly_all_of_one_subgroup() -> None:
    hard = [row for row in sets()["test_hard"] if not row["same"]]
    assert all(one["group"] == other["group"] for one, other in map(of_names, hard))
    assert sum(row["from_subgroup"] for row in hard) > 0.95 * len(hard)


def test_what_is_far_apart_in_the_order_of_bases_is_everyone_once() -> None:
    rows = [{"concept": str(i), "base": str(i // 3)} for i in range(12)]
    for parts in (2, 3):
        found = far_apart(rows, reversed(rows), parts)
        assert all(one["base"] != other["base"] for one, other in found)
        assert len({one["concept"] for one, _ in found}) == 12
        assert len({other["concept"] for _, other in found}) == 12


def test_a_concept_alone_in_its_subgroup_is_paired_within_its_group() -> None:
    def one(code: str, subgroup: str) -> Row:
        names = {"name_en": code, "name_zh": f"名{code}"}
        place = {"group": "objects", "subgroup": subgroup, "fold": "test", "base": code}
        return {"concept": code, **names, **place}

    rows = [one("a", "tool"), one("b", "tool"), one("c", "lock")]
    assert [len(block) for block in blocks(rows)] == [3]
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
    rows = rebuilt()["emoji_pairs"]
    with pytest.raises(AssertionError, match="stands twice"):
        check_pairs([*rows, rows[0]])
    with pytest.raises(AssertionError, match="grinning face tells something"):
        check_pairs([row for row in rows if row["id"] != "1f600/1f600"])
    easy = next(row for row in rows if row["negatives"] == "mixed")
    with pytest.raises(AssertionError, match=f"{easy['id']}: of one base"):
        check_pairs([row | {"from_base": True} if row is easy else row for row in rows])
    question = rebuilt()["emoji_questions"][0] | {"answer_en": "something else"}
    with pytest.raises(AssertionError, match=question["id"]):
        check({"emoji_pairs": rows, "emoji_questions": [question]})
