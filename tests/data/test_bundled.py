"""The bundled emoji: counts as documented, every picture readable, and no leak between folds."""

import io
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

import mmbench
from tools.build_emoji import TEXT_COLUMNS, check
from tools.emoji_bases import code_key, fold_of, name_key

BUNDLED = Path(mmbench.__file__).parent / "data" / "bundled"


@cache
def concepts() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(BUNDLED / "emoji_concepts.parquet").to_pylist()
    return rows


@cache
def images() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(BUNDLED / "emoji_images.parquet").to_pylist()
    return rows


def test_counts_are_those_documented() -> None:
    assert len(concepts()) == 1906
    assert Counter(row["vendor"] for row in images()) == {
        "noto": 1905,
        "twemoji": 1906,
        "fluent": 1607,
    }
    assert len({row["base"] for row in concepts()}) == 1441
    assert len({row["subgroup"] for row in concepts()}) == 90


def test_the_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in BUNDLED.glob("emoji_*.parquet")) < 6_000_000


def test_every_picture_is_a_webp_of_64_by_64_rgb() -> None:
    for row in images():
        with Image.open(io.BytesIO(row["image"])) as picture:
            picture.load()
            assert (picture.format, picture.mode, picture.size) == ("WEBP", "RGB", (64, 64))


def test_image_ids_are_unique_and_say_vendor_and_concept() -> None:
    assert len({row["id"] for row in images()}) == len(images())
    assert all(row["id"] == f"{row['vendor']}/{row['concept']}" for row in images())


def test_image_rows_repeat_their_concept_row() -> None:
    by_concept = {row["concept"]: row for row in concepts()}
    assert len(by_concept) == len(concepts())
    for row in images():
        assert {column: row[column] for column in concepts()[0]} == by_concept[row["concept"]]


def test_folds_are_those_that_the_base_gives() -> None:
    assert all(row["fold"] == fold_of(row["base"]) for row in concepts())


def test_a_fifth_of_the_bases_is_test_and_a_tenth_of_the_rest_validation() -> None:
    folds = Counter(fold_of(base) for base in {row["base"] for row in concepts()})
    assert folds["test"] / folds.total() == pytest.approx(0.20, abs=0.02)
    rest = folds["train"] + folds["validation"]
    assert folds["validation"] / rest == pytest.approx(0.10, abs=0.02)


def test_no_base_and_no_text_is_in_two_folds_and_every_group_is_in_all() -> None:
    check(concepts())


def test_the_same_picture_is_never_in_two_folds() -> None:
    folds = defaultdict(set)
    for row in images():
        folds[row["image"]].add(row["fold"])
    assert len(folds) < len(images())  # some are equal, so the next line can fail
    assert all(len(seen) == 1 for seen in folds.values())


def test_concepts_with_a_key_in_common_share_a_base() -> None:
    bases = defaultdict(set)
    for row in concepts():
        bases["code", code_key(row["concept"])].add(row["base"])
        bases["stem", name_key(row["name_en"], group=row["group"])].add(row["base"])
        for column in TEXT_COLUMNS:
            bases[column, row[column]].add(row["base"])
    assert [key for key, seen in bases.items() if len(seen) > 1] == []


def test_every_subgroup_can_be_learned_and_lies_in_one_group() -> None:
    groups = defaultdict(set)
    for row in concepts():
        groups[row["subgroup"]].add(row["group"])
    assert all(len(seen) == 1 for seen in groups.values())
    assert {row["subgroup"] for row in concepts() if row["fold"] == "train"} == set(groups)


def test_no_vendor_stands_in_for_another() -> None:
    fluent = [row for row in images() if row["vendor"] == "fluent"]
    assert not [row["id"] for row in fluent if row["subgroup"] == "country-flag"]
    assert "noto/1f1e8-1f1f6" not in {row["id"] for row in images()}  # showed another flag
