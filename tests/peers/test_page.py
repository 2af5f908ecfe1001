"""The page is a function of the records."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.peers.page import page, slower, table
from benchmarks.peers.record import PeersRecord, read_all, write

FROZEN = Path(__file__).parent / "frozen"


@pytest.fixture
def records() -> list[PeersRecord]:
    return read_all(FROZEN, ("finetune", "text-features"))


def test_the_page_is_the_one_kept_beside_the_frozen_records(records: list[PeersRecord]) -> None:
    assert page(records) == (FROZEN / "golden" / "peers.md").read_text()


def test_a_row_has_medians_ratio_interval_and_quality(records: list[PeersRecord]) -> None:
    rows = table(records).splitlines()
    # ours 10, 12, 11; peer 20, 30, 22: ratios 2, 2.5, 2; medians 11 and 22
    assert rows[2] == (
        "| One fine-tuning | ours | best | 11.00 | 22.00 | 2.00 × | 2.00 to 2.50 (75 %) | 3 "
        "| accuracy 0.800 / 0.700 |"
    )


def test_an_arm_of_one_round_is_compared_in_that_round_alone(records: list[PeersRecord]) -> None:
    rows = table(records).splitlines()
    # 50 s against 10 s of the same round, not against the median of 11
    assert "| 5.00 × | none, one round | 1 |" in rows[3]


def test_what_is_slower_is_said(records: list[PeersRecord]) -> None:
    found = slower(records)
    assert "Features of texts: ours took 1.25 times as long as loop." in found
    assert "One fine-tuning" not in found


def test_a_record_reads_back_as_it_was_written(records: list[PeersRecord], tmp_path: Path) -> None:
    for record in records:
        write(record, tmp_path)
    assert read_all(tmp_path, ("finetune", "text-features", "matrix")) == records


def test_no_record_is_no_page() -> None:
    with pytest.raises(ValueError, match="run `make peers` first"):
        page([])


def test_an_undecided_slowness_is_called_so(records: list[PeersRecord]) -> None:
    texts = records[1]
    repeats = texts.arms[1].repeats
    wide = replace(texts.arms[1], repeats=(*repeats[:2], replace(repeats[2], seconds=9.0)))
    found = slower([replace(texts, arms=(texts.arms[0], wide))])
    assert found.endswith("the interval does not exclude that they are equal.\n")


def test_slowness_seen_once_is_called_so(records: list[PeersRecord]) -> None:
    texts = records[1]
    once = replace(texts.arms[1], repeats=texts.arms[1].repeats[:1])
    assert slower([replace(texts, arms=(texts.arms[0], once))]).endswith("loop, in one round.\n")
