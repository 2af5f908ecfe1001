"""What a report says of domestic and international models."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.compare.versus import Against
from mmbench.records import Record
from mmbench.report.document import Block, BulletList, Heading, Paragraph, Table
from mmbench.report.findings import findings
from mmbench.report.i18n import Messages
from mmbench.report.regions import regions
from mmbench.store import Stored
from tests.compare.conftest import make_record

StoreAll = Callable[[list[Record]], list[Stored]]


def of(model: str, country: str, score: float, task: str = "t", parameters: int = 10**8) -> Record:
    record = make_record(model, test=(score, score - 0.02, score + 0.02))
    trial = replace(
        record.trial,
        model=replace(record.trial.model, country=country, parameters=parameters),
        task=replace(record.trial.task, name=task),
    )
    return replace(record, trial=trial, key=trial.key)


@pytest.fixture(name="told")
def fixture_told(
    store_all: StoreAll, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Block, ...]]:
    """The section of these records; every test on the same examples gives p = 0.001."""
    monkeypatch.setattr(
        "mmbench.report.findings.against", lambda *_: Against(drop=0.1, p=0.001, count=200)
    )

    def told(*records: Record, lang: str = "en") -> tuple[Block, ...]:
        say = Messages(lang)  # type: ignore[arg-type]
        return tuple(regions(findings(store_all(list(records))), say))

    return told


def test_one_region_alone_is_no_section(told: Callable[..., tuple[Block, ...]]) -> None:
    assert told(of("a", "CN", 0.8), of("b", "CN", 0.7)) == ()


def test_regions_that_never_met_are_told_so(told: Callable[..., tuple[Block, ...]]) -> None:
    heading, how, none = told(of("a", "CN", 0.8), of("b", "US", 0.7, parameters=10**9))
    assert isinstance(heading, Heading)
    assert isinstance(how, Paragraph)
    assert isinstance(none, Paragraph)
    assert none.text.endswith("Nothing can be said.")


def test_a_row_a_meeting_and_a_sentence_a_size(told: Callable[..., tuple[Block, ...]]) -> None:
    *_, sentences, table = told(
        of("a", "CN", 0.8), of("b", "US", 0.7), of("c", "US", 0.6), of("a", "CN", 0.5, "u"),
        of("b", "US", 0.9, "u"),
    )  # fmt: skip
    assert isinstance(sentences, BulletList)
    assert isinstance(table, Table)
    assert sentences.items == (
        "base, 2 tasks: the domestic model is shown to be better on 1, the international one on 1; "
        "on 0 no difference is shown. Over tasks nothing can be said with fewer than 6 of them.",
    )
    first, second = table.rows
    assert first[0] == "t"
    assert "a (pretrained)" in first[3]
    assert first[3].endswith("best of 1")
    assert first[5].endswith("best of 2")
    assert first[7:] == ("+10.0", "p = 0.001")
    assert second[7] == "−40.0"


def test_six_tasks_are_asked_whether_chance_would_do_it(
    told: Callable[..., tuple[Block, ...]],
) -> None:
    won = [
        of(model, country, score, f"t{number}")
        for number in range(6)
        for model, country, score in (("a", "CN", 0.8), ("b", "US", 0.7))
    ]
    *_, sentences, _ = told(*won)
    assert isinstance(sentences, BulletList)
    assert sentences.items[0].endswith(
        "ahead on 6, international ones on 0, more unevenly than chance would have it (p = 0.031, "
        "sign test over tasks)."
    )
    *_, sentences, _ = told(*won, of("a", "CN", 0.1, "t6"), of("b", "US", 0.9, "t6"), lang="zh")
    assert isinstance(sentences, BulletList)
    assert sentences.items[0].endswith(
        "国内模型在 6 个任务上领先，国外模型在 1 个任务上领先，"
        "可能只是偶然（p = 0.12，任务间符号检验）。"
    )
