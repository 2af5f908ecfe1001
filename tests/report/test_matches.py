"""The matrix of a task in a report: signs, marks, what is left out and what would be needed."""

from collections.abc import Callable

import pytest

from mmbench.compare.versus import Against
from mmbench.records import Record
from mmbench.report.document import Block, BulletList, Details, Heading, Lang, Table
from mmbench.report.findings import findings
from mmbench.report.i18n import Messages
from mmbench.report.matches import MOST_CELLS, matches
from mmbench.store import Stored
from tests.compare.conftest import make_record

StoreAll = Callable[[list[Record]], list[Stored]]
Section = Callable[..., list[Block]]
P = {("a", "b"): 0.001, ("a", "c"): 0.0001, ("b", "c"): 0.2}


@pytest.fixture(name="section")
def fixture_section(store_all: StoreAll, monkeypatch: pytest.MonkeyPatch) -> Section:
    """Of models by their score; their tests give P, others none."""

    def against(first: object, second: object, *_: object) -> Against | None:
        pair = (first.model.name, second.model.name)  # type: ignore[attr-defined]
        return Against(drop=0.02, p=P[pair], count=400) if pair in P else None

    monkeypatch.setattr("mmbench.report.findings.against", against)

    def section(scores: dict[str, float], lang: Lang = "en", **options: bool) -> list[Block]:
        records = [make_record(m, test=(s, s - 0.02, s + 0.02)) for m, s in scores.items()]
        return matches(findings(store_all(records)), Messages(lang), **options)

    return section


def test_a_row_less_a_column_and_whether_it_is_shown(section: Section) -> None:
    heading, details = section({"a": 0.9, "b": 0.8, "c": 0.78, "d": 0.5})
    assert isinstance(heading, Heading)
    assert isinstance(details, Details)
    _, table, needed = details.blocks
    assert isinstance(table, Table)
    assert [row[1:] for row in table.rows] == [
        ("–", "+10.0 ✓", "+12.0 ✓", "+40.0 ?"),
        ("−10.0 ✓", "–", "+2.0", "+30.0 ?"),
        ("−12.0 ✓", "−2.0", "–", "+28.0 ?"),
        ("−40.0 ?", "−30.0 ?", "−28.0 ?", "–"),
    ]
    assert isinstance(needed, BulletList)
    (item,) = needed.items
    # 400 · (z of 0.05 / 6 over z of 0.2)²
    assert item.endswith(
        "(p = 0.2): about 1,696 test examples would show a difference of this size; there are 400."
    )


def test_answers_that_were_not_kept_are_no_section(section: Section) -> None:
    assert section({"x": 0.9, "y": 0.8}) == []
    assert section({"a": 0.9}) == []


def test_many_cells_are_tested_where_it_is_asked_for(section: Section) -> None:
    scores = {name: 0.9 - place / 100 for place, name in enumerate("abcdefghi")}
    assert len(scores) > MOST_CELLS
    _, told = section(scores)
    assert isinstance(told, BulletList)
    assert "9 cells" in told.items[0]
    assert "--all-pairs" in told.items[0]
    _, details = section(scores, all_pairs=True)
    assert isinstance(details, Details)


def test_a_report_makes_no_more_tests_than_it_has_time_for(
    section: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmbench.report.matches.MOST_TESTS", 2)
    _, told = section({"a": 0.9, "b": 0.8, "c": 0.78})
    assert isinstance(told, BulletList)
    assert "3 cells" in told.items[0]


def test_what_would_take_hundreds_of_times_as_much_is_called_alike(
    section: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(P, ("a", "b"), 0.9)
    _, details = section({"a": 0.9, "b": 0.899}, "zh")
    assert isinstance(details, Details)
    needed = details.blocks[-1]
    assert isinstance(needed, BulletList)
    assert needed.items[0].endswith("所需的种子或样本超过现有的 100 倍，可视为没有差别。")
