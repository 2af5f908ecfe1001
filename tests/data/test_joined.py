"""Facts joined to pictures: each row gets its own, and nothing is dropped or replaced unnoticed."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from mmbench.cards import BundledData, Join
from mmbench.data import sources
from mmbench.data.identity import data_digest
from mmbench.data.joined import joined
from mmbench.data.sources import read_parts
from mmbench.data.tables import ArrowColumn, Table
from mmbench.errors import DataError


def pictures() -> Table:
    columns: dict[str, list[Any] | ArrowColumn] = {
        "id": ["n/b", "n/a", "t/b"],
        "concept": ["b", "a", "b"],
        "image": [b"1", b"2", b"3"],
    }
    return Table(where="pictures", columns=columns, folder=Path("/f"), skipped={"blank": 1})


def facts(**columns: list[Any]) -> Table:
    own: dict[str, list[Any] | ArrowColumn] = {"concept": ["a", "b"], "mood": ["good", None]}
    return Table(where="facts", columns=own | columns)


def test_each_row_takes_the_columns_of_its_partner_and_keeps_its_place() -> None:
    both = joined(pictures(), facts(), on="concept")
    assert {name: both.values(name) for name in both.columns} == {
        "id": ["n/b", "n/a", "t/b"],
        "concept": ["b", "a", "b"],
        "image": [b"1", b"2", b"3"],
        "mood": [None, "good", None],
    }
    assert (both.folder, both.skipped, len(both)) == (Path("/f"), {"blank": 1}, 3)


def test_a_row_without_a_partner_is_refused() -> None:
    lacking = Table(where="facts", columns={"concept": ["a"], "mood": ["good"]})
    with pytest.raises(DataError, match=r"facts: column 'concept' lacks 'b', which pictures has"):
        joined(pictures(), lacking, on="concept")


def test_a_row_with_two_partners_is_refused() -> None:
    with pytest.raises(DataError, match="holds 'a' more than once"):
        joined(pictures(), facts(concept=["a", "a"]), on="concept")


def test_a_column_that_stands_in_both_is_refused() -> None:
    with pytest.raises(DataError, match="the columns image stand in pictures as well"):
        joined(pictures(), facts(image=[b"", b""]), on="concept")


def test_a_column_that_is_absent_names_the_field_of_the_card() -> None:
    with pytest.raises(DataError, match=r"no column 'concepts'; did.*Set source\.join\.on"):
        joined(pictures(), facts(), on="concepts")
    with pytest.raises(DataError, match=r"facts: no column 'id'.*Set source\.join\.on"):
        joined(pictures(), facts(), on="id")


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sources, "BUNDLED", tmp_path)
    (tmp_path / "pictures.csv").write_text("id,concept\nx,a\ny,a\n")
    (tmp_path / "facts.csv").write_text("concept,mood\na,good\n")
    return tmp_path


def source(**join: str) -> BundledData:
    return BundledData(
        via="bundled",
        files={"all": "pictures.csv"},
        join=Join(**join) if join else None,
    )


@pytest.mark.usefixtures("bundled")
def test_a_bundled_source_reads_both_files() -> None:
    table = read_parts(source(file="facts.csv", on="concept"))["all"]
    assert table.values("mood") == ["good", "good"]


@pytest.mark.usefixtures("bundled")
def test_a_joined_file_that_is_absent_or_elsewhere_names_the_field_of_the_card() -> None:
    with pytest.raises(DataError, match=r"no such file; source\.join\.file names it"):
        read_parts(source(file="fact.csv", on="concept"))
    with pytest.raises(DataError, match=r"source\.join\.file names '\.\./facts.csv'"):
        read_parts(source(file="../facts.csv", on="concept"))


def test_the_digest_changes_with_either_file_and_not_for_sources_without_one(
    bundled: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept = tmp_path_factory.mktemp("kept")
    shutil.copytree(bundled, kept, dirs_exist_ok=True)
    alone, both = data_digest(source()), data_digest(source(file="facts.csv", on="concept"))
    (bundled / "facts.csv").write_text("concept,mood\na,bad\n")
    other = data_digest(source(file="facts.csv", on="concept"))
    assert data_digest(source()) == alone
    shutil.copy(kept / "facts.csv", bundled / "facts.csv")
    assert data_digest(source(file="facts.csv", on="concept")) == both
    (bundled / "pictures.csv").write_text("id,concept\nx,a\n")
    edited = data_digest(source(file="facts.csv", on="concept"))
    assert len({alone, both, other, edited}) == 4
