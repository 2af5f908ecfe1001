"""Every format gives the same rows, as they are written; what is broken is named."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mmbench.data.tables import layout_of, read_lines, read_table
from mmbench.errors import DataError

ROWS = [("好书", 1), ("NA", 0), ("null", 0), ("", 1), ('a,b\n"c"', 1)]


def test_csv_jsonl_and_parquet_give_the_same_rows(tmp_path: Path) -> None:
    texts, labels = [list(column) for column in zip(*ROWS, strict=True)]
    with open(tmp_path / "d.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *ROWS])
    lines = [json.dumps({"text": text, "label": label}) for text, label in ROWS]
    (tmp_path / "d.jsonl").write_text("\n\n".join(lines))
    pq.write_table(pa.table({"text": texts, "label": labels}), tmp_path / "d.parquet")
    for suffix in ("csv", "jsonl", "parquet"):
        table = read_table(tmp_path / f"d.{suffix}", None)
        assert list(table.columns) == ["text", "label"]
        assert table.values("text") == texts, suffix
        assert table.values("label") == labels, suffix
        assert len(table) == len(ROWS)


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"d.{suffix}"
    separator = "\t" if suffix == "tsv" else ","
    path.write_text(f"text{separator}label\n好{separator}1\n", encoding="utf-8-sig")
    assert read_table(path, "csv").values("text") == ["好"]


def test_only_columns_of_plain_whole_numbers_become_numbers(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a,b,c,d\n1,007,1.0,-3\n20,7,2,0\n")
    table = read_table(tmp_path / "d.csv", None)
    assert table.values("a") == [1, 20]
    assert table.values("b") == ["007", "7"]
    assert table.values("c") == ["1.0", "2"]
    assert table.values("d") == [-3, 0]


def test_a_cell_may_be_longer_than_the_csv_modules_limit(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    (tmp_path / "d.csv").write_text(f"text\n{'x' * 200_000}\n")
    assert len(read_table(tmp_path / "d.csv", None).values("text")[0]) == 200_000
    assert csv.field_size_limit() == before


def test_other_encodings_are_refused_with_the_command_that_converts(tmp_path: Path) -> None:
    for name in ("d.csv", "d.jsonl", "d.txt"):
        path = tmp_path / name
        path.write_bytes('text,label\n{"text": "好书"}\n'.encode("gb18030"))
        with pytest.raises(DataError, match=r"not UTF-8.*iconv -f GB18030 -t UTF-8"):
            read_lines({"pos": path}) if name == "d.txt" else read_table(path, None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\na,b,c\n", r"d.csv:2: 3 cells where the header has 2"),
        ("text,label\na\n", r"d.csv:2: 1 cells where the header has 2"),
        ('text,label\n"a,1\nb,2\n', r"not readable as CSV"),
        ("text,text\na,b\n", "two columns have one name"),
    ],
)
def test_a_broken_csv_is_refused_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "d.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        read_table(tmp_path / "d.csv", None)


def test_a_broken_jsonl_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text('{"text": "a"}\n{"text": \n')
    with pytest.raises(DataError, match=r"d.jsonl:2: not JSON"):
        read_table(path, None)
    path.write_text('{"text": "a"}\n["a"]\n')
    with pytest.raises(DataError, match=r"d.jsonl:2: a list; one object a line"):
        read_table(path, None)


def test_a_field_that_a_json_line_lacks_is_none_and_line_separators_stay(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"text": "a\u2028b"}\r\n{"label": 1}\r\n')
    table = read_table(tmp_path / "d.jsonl", None)
    assert table.values("text") == ["a\u2028b", None]
    assert table.values("label") == [None, 1]


def test_a_truncated_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    pq.write_table(pa.table({"text": ["a"] * 100}), path)
    whole = path.read_bytes()
    for size in (0, 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match="not readable as Parquet"):
            read_table(path, None)


def test_folder_names_make_no_columns_of_a_parquet(tmp_path: Path) -> None:
    (tmp_path / "fold=1").mkdir()
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "fold=1" / "d.parquet")
    assert list(read_table(tmp_path / "fold=1" / "d.parquet", None).columns) == ["text"]


def test_lines_carry_their_label_and_place_and_blank_ones_are_counted(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("好 \r\n\u3000\r\n很好", encoding="utf-8-sig")
    (tmp_path / "n.txt").write_text("差\n\n")
    table = read_lines({"pos": tmp_path / "p.txt", "neg": tmp_path / "n.txt"})
    assert table.values("text") == ["好 ", "很好", "差"]
    assert table.values("label") == ["pos", "pos", "neg"]
    assert table.values("id") == ["pos/1", "pos/3", "neg/1"]
    assert table.skipped == {"blank line": 2}


def test_an_image_folder_gives_paths_and_classes(tmp_path: Path) -> None:
    for name in ("dog/b.png", "cat/x/a.JPG", "cat/._a.jpg", "cat/notes.txt", ".cache/z.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"not looked at")
    (tmp_path / "loose.png").write_bytes(b"")
    table = read_table(tmp_path, None)
    assert table.values("image") == [tmp_path / "cat/x/a.JPG", tmp_path / "dog/b.png"]
    assert table.values("label") == ["cat", "dog"]
    assert table.values("id") == ["cat/x/a.JPG", "dog/b.png"]
    assert table.skipped == {"not an image file": 4}


def test_an_image_folder_without_classes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match="has no sub-folder; put the images of each class"):
        read_table(tmp_path, None)


def test_the_suffix_or_the_card_tells_the_format(tmp_path: Path) -> None:
    assert layout_of(Path("a.CSV"), None) == "csv"
    assert layout_of(Path("a.txt"), "csv") == "csv"
    assert layout_of(Path("a.tsv"), "csv") == "tsv"
    with pytest.raises(DataError, match=r"\.txt does not tell how to read it; set source.format"):
        layout_of(Path("a.txt"), None)
    with pytest.raises(DataError, match="'csv' does not read a folder"):
        read_table(tmp_path, "csv")
    (tmp_path / "f").write_text("")
    with pytest.raises(DataError, match="'images' does not read a file"):
        read_table(tmp_path / "f", "images")
    with pytest.raises(DataError, match="no such file"):
        read_table(tmp_path / "absent.csv", None)
