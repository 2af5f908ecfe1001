"""Targets that are keys: what belongs together stays together, and is drawn whole."""

import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmbench.cards import FileData, SplitRule, Target, TaskCard
from mmbench.catalog import Catalog
from mmbench.data.examples import Examples, TaskData
from mmbench.data.rows import gather
from mmbench.data.splits import assign, split_rules
from mmbench.data.tables import Table
from mmbench.data.tasks import load_task
from mmbench.errors import DataError

Columns = dict[str, list[Any]]

CAPTIONS = 5


def card_of(files: dict[str, Path], **fields: Any) -> TaskCard:
    given = {"inputs": {"image": "image", "text": "caption"}, **fields}
    return TaskCard(
        name="mine",
        version=1,
        kind="retrieval",
        languages=("en",),
        target=Target(column="key"),
        source=FileData(via="files", files={part: str(path) for part, path in files.items()}),
        metrics=("mean_recall",),
        **given,
    )


def captioned(keys: range, *, captions: int = CAPTIONS) -> Columns:
    """Pictures with so many captions each: columns image, caption, key."""
    pairs = [(key, n) for key in keys for n in range(captions)]
    return {
        "image": [f"picture {key}".encode() for key, _ in pairs],
        "caption": [f"caption {n} of {key}" for key, n in pairs],
        "key": [key for key, _ in pairs],
    }


def write(path: Path, columns: Columns) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def load(tmp_path: Path, parts: dict[str, Columns], **fields: Any) -> TaskData:
    files = {name: write(tmp_path / f"{name}.parquet", c) for name, c in parts.items()}
    return load_task(card_of(files, **fields))


def pictures(examples: Examples) -> set[Any]:
    return set(examples.inputs["image"])


def targets(examples: Examples) -> list[int]:
    assert isinstance(examples.targets, np.ndarray)
    assert examples.targets.dtype == np.int64
    found: list[int] = examples.targets.tolist()
    return found


# --------------------------------------------------------------------------------- targets


def test_targets_are_the_places_of_the_splits_own_keys(tmp_path: Path) -> None:
    train: Columns = {
        "image": [b"x", b"y", b"x", b"z"],
        "caption": ["ex", "why", "ex again", "zed"],
        "key": ["k2", "k1", "k2", "k10"],
    }
    other: Columns = {"image": [b"q", b"r"], "caption": ["queue", "are"], "key": ["k7", "k3"]}
    last: Columns = {"image": [b"v"], "caption": ["vee"], "key": ["k9"]}
    data = load(tmp_path, {"train": train, "test": other, "validation": last})
    assert data.labels == ()
    assert data.dropped == {}
    assert targets(data.splits["train"]) == [2, 0, 2, 1]  # k1, k10, k2
    assert targets(data.splits["test"]) == [1, 0]  # training has seen neither
    assert targets(data.splits["validation"]) == [0]
    assert data.splits["train"].inputs == {"image": train["image"], "text": train["caption"]}
    assert data.splits["train"].groups is None


def test_all_captions_of_a_picture_and_all_pictures_of_a_caption_are_kept(tmp_path: Path) -> None:
    train = captioned(range(100, 120)) | {"caption": ["the same words"] * 100}
    rest = {"test": captioned(range(10)), "validation": captioned(range(20, 30))}
    data = load(tmp_path, {"train": train, **rest})
    assert len(data.splits["train"]) == 100
    assert len(pictures(data.splits["train"])) == 20
    assert Counter(targets(data.splits["train"])) == dict.fromkeys(range(20), CAPTIONS)


def test_a_key_is_the_same_as_a_number_and_as_a_text(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("caption,key\nc,7\n")
    texts = {"train": write(tmp_path / "a.parquet", {"caption": ["a", "b"], "key": ["7", "8"]})}
    card = card_of({**texts, "test": tmp_path / "test.csv"}, inputs={"text": "caption"})
    with pytest.raises(DataError, match="share 1 keys of column 'key': '7'"):
        load_task(card)


def test_a_missing_key_is_refused_with_its_place(tmp_path: Path) -> None:
    broken = captioned(range(4)) | {"key": [None, *["k"] * 18, ""]}
    with pytest.raises(DataError, match=r"target .column 'key'. is missing .* 2 of 20 rows: .*/0,"):
        load(tmp_path, {"all": broken})


# ------------------------------------------------------------------------------------ cuts


@given(sizes=st.lists(st.integers(1, 7), min_size=10, max_size=60), order=st.randoms())
def test_a_key_is_never_cut_and_row_order_does_not_matter(
    sizes: list[int], order: random.Random
) -> None:
    rows = [(key, n) for key, size in enumerate(sizes) for n in range(size)]
    homes = homes_of(rows)
    assert all(len(names) == 1 for names in homes.values())
    count = Counter(next(iter(names)) for names in homes.values())
    assert count["test"] >= 0.2 * len(sizes) > count["test"] - 1
    assert count["validation"] >= 0.1 * len(sizes) > count["validation"] - 1
    order.shuffle(rows)
    assert homes_of(rows) == homes


def homes_of(rows: list[tuple[int, int]]) -> dict[int, set[str]]:
    """Key → the splits that hold rows of it, cut in 70 / 20 / 10."""
    card = card_of({"all": Path("unread.csv")})
    columns: Columns = {
        "image": [b"%d" % key for key, _ in rows],
        "caption": [f"{key} {n}" for key, n in rows],
        "key": [key for key, _ in rows],
    }
    tables = {"all": Table(where="all.csv", columns=columns)}
    made = assign(card, split_rules(card, ("all",)), gather(card, tables))
    homes: dict[int, set[str]] = defaultdict(set)
    for name, numbers in made.splits.items():
        for row in numbers.tolist():
            homes[rows[row][0]].add(name)
    return homes


def test_a_key_in_training_and_in_another_split_is_refused(tmp_path: Path) -> None:
    parts = {
        "train": captioned(range(10)),
        "validation": captioned(range(20, 25)),
        "test": captioned(range(8, 12)),
    }
    with pytest.raises(
        DataError,
        match=r"'train' and 'test' share 2 keys of column 'key': '8', '9'\. Keep each key in one "
        r"split, or set group: key and list 'test' in group_exempt",
    ):
        load(tmp_path, parts)
    parts["test"] = captioned(range(24, 26))
    with pytest.raises(DataError, match="'validation' and 'test' share 1 keys"):
        load(tmp_path, parts)
    splits = {name: SplitRule(part=name) for name in parts}
    exempt = load(tmp_path, parts, splits=splits, group="key", group_exempt=("test",))
    assert len(exempt.splits["test"]) == 2 * CAPTIONS


def test_a_key_that_lies_in_two_groups_cannot_slip_through(tmp_path: Path) -> None:
    """Each group is in one split, and yet the two captions of a picture are not."""
    folds = {"train": (0, 1), "validation": (2, 3), "test": (4, 5)}
    parts = {n: captioned(range(*r), captions=2) | {"who": [n, n]} for n, r in folds.items()}
    parts["test"]["key"] = [0, 4]
    with pytest.raises(
        DataError, match=r"share 1 keys of column 'key': '0'\. Keep .*, or list 'test' in group_ex"
    ):
        load(tmp_path, parts, group="who")


# ---------------------------------------------------------------------------- unique, limit


def test_the_same_pair_stands_once_and_its_halves_may_return(tmp_path: Path) -> None:
    columns: Columns = {
        "image": [b"a", b"a", b"a", b"b", b"a", b"c"],
        "caption": ["one", "two", "one", "one", "one", "three"],
        "key": ["k", "k", "k", "k", "another", "last"],
    }
    path = write(tmp_path / "all.parquet", columns)
    splits = {"train": SplitRule()}
    data = load_task(card_of({"all": path}, splits=splits, unique=True))
    assert data.splits["train"].ids == ("all/0", "all/1", "all/3", "all/5")
    assert data.dropped == {"conflicting target": 0, "duplicate": 2}
    assert len(load_task(card_of({"all": path}, splits=splits)).splits["train"]) == 6


def test_a_limit_draws_whole_keys_and_a_larger_one_holds_a_smaller(tmp_path: Path) -> None:
    path = write(tmp_path / "all.parquet", captioned(range(200)))
    card = card_of({"all": path})
    drawn = {limit: load_task(card, limit=limit).splits for limit in (23, 50, 10_000)}
    for name, whole in drawn[10_000].items():
        assert len(whole) == {"train": 700, "test": 200, "validation": 100}[name]
        small, middle = drawn[23][name], drawn[50][name]
        assert (len(small), len(middle)) == (20, 50)
        assert Counter(targets(small)) == dict.fromkeys(range(4), CAPTIONS)
        assert pictures(small) < pictures(middle) < pictures(whole)
        assert load_task(card, limit=23).splits[name].ids == small.ids


def test_a_limit_that_holds_no_whole_key_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "all.parquet", captioned(range(50)))
    card = card_of({"all": path})
    with pytest.raises(DataError, match=r"limit of 4 rows holds no whole key .* Set it to 5 or"):
        load_task(card, limit=4)
    assert len(load_task(card, limit=5).splits["test"]) == 5


# ---------------------------------------------------------------------------- the real ones


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_emoji_have_the_candidates_that_their_card_says(language: str) -> None:
    card = Catalog.standard().task(f"emoji-retrieval-{language}")
    splits = load_task(card).splits
    found = {
        name: (len(pictures(split)), len(set(split.inputs["text"])))
        for name, split in splits.items()
    }
    assert found == {
        "train": (2705, 1375),
        "validation": (308, 154),
        "test": (752, 377),
        "test_unseen": (329, 329),
        "test_shift": (1277, 1278),
    }
    for count in (308, 154, 752, 377, 329, "1,277", "1,278"):
        assert str(count) in card.description["en"]
        assert str(count).replace(",", "") in card.description["zh"]


def test_the_names_of_test_shift_return_and_those_of_test_do_not() -> None:
    splits = load_task(Catalog.standard().task("emoji-retrieval-zh")).splits
    names = {name: set(split.inputs["text"]) for name, split in splits.items()}
    known = names["train"] | names["validation"]
    assert names["test_shift"] <= known
    assert names["test"].isdisjoint(known)
    assert names["test_unseen"] <= names["test"]
    seen = pictures(splits["train"]) | pictures(splits["validation"])
    assert pictures(splits["test_shift"]).isdisjoint(seen)


@pytest.mark.parametrize("stem", ["emoji-retrieval", "emoji-keywords-group"])
def test_parallel_tasks_hold_the_same_rows_in_two_languages(stem: str) -> None:
    catalog = Catalog.standard()
    english, chinese = catalog.task(f"{stem}-en"), catalog.task(f"{stem}-zh")
    assert english.parallel == chinese.parallel == stem
    for name, split in load_task(english).splits.items():
        other = load_task(chinese).splits[name]
        assert split.ids == other.ids
        assert targets(split) == targets(other)
        assert not set(split.inputs["text"]) & set(other.inputs["text"])
