"""`mmbench bench`: what the flags ask for, and what is printed; the timing has tests of its own."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mmbench.records import Failure
from mmbench.speed.order import Order
from mmbench.speed_store import StoredSpeed, put_speed, speed_records
from tests.cli.conftest import Command
from tests.speed.cards import speed_record


class FakeBench:
    """Stands for the processes that time: every case is as fast as the last, but for `failing`."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.failing: set[str] = set()
        self.interrupt_after: int | None = None
        self.case_minutes: float | None = None

    def run_bench(
        self, orders: Sequence[Order], results: Path, *, device_kind: str, case_minutes: float
    ) -> Iterator[tuple[Order, StoredSpeed]]:
        self.orders += orders
        self.case_minutes = case_minutes
        for number, order in enumerate(orders):
            if number == self.interrupt_after:
                raise KeyboardInterrupt
            record = speed_record()
            if order.case.model.name in self.failing:
                failure = Failure(kind="TrialError", message="no room", traceback="")
                record = speed_record(status="failed", measurements=(), failure=failure)
            yield order, put_speed(results, record)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeBench:
    found = FakeBench()
    monkeypatch.setattr("mmbench.speed.bench.run_bench", found.run_bench)
    monkeypatch.chdir(tmp_path)
    return found


def test_models_by_flags_are_timed_in_both_modes(mm: Command, fake: FakeBench) -> None:
    ran = mm("bench", "--models", "clip-scratch", "--tokens", "8", "--batch-sizes", "2,max")
    assert ran.status == 0
    assert [order.name for order in fake.orders] == [
        f"clip-scratch {mode} fp32 {batch} t8"
        for mode in ("train", "infer")
        for batch in ("b2", "bmax")
    ]
    assert all(order.init == "random" for order in fake.orders)
    assert len(speed_records(Path("results/bench"))) == 4
    assert "samples/s" in ran.out
    assert "[4/4] clip-scratch infer fp32 bmax t8: 1,234 samples/s" in ran.err


def test_flags_change_the_cases_of_a_suite(mm: Command, fake: FakeBench) -> None:
    flags = ("--mode", "train", "--precision", "bf16", "--batch-sizes", "4", "--tokens", "16")
    mm("bench", "speed", "--models", "bert-base-uncased,resnet50", *flags)
    assert [order.name for order in fake.orders] == [
        "bert-base-uncased train bf16 b4 t16",
        "resnet50 train bf16 b4",
    ]
    assert Path("results/speed").is_dir()


def test_how_it_is_timed_reaches_every_case(mm: Command, fake: FakeBench) -> None:
    flags = ("--init", "pretrained", "--seconds", "2", "--price-per-hour", "3.5", "--device", "cpu")
    mm("bench", "--models", "resnet50", *flags)
    order = fake.orders[0]
    assert (order.init, order.seconds) == ("pretrained", 2.0)
    assert (order.price_per_hour, order.device) == (3.5, "cpu")


def test_a_failed_case_is_told_and_is_the_exit_status(mm: Command, fake: FakeBench) -> None:
    fake.failing.add("resnet50")
    ran = mm("bench", "--models", "resnet50,clip-scratch", "--mode", "infer")
    assert ran.status == 1
    assert "[1/2] resnet50 infer fp32 b32: failed: no room" in ran.err
    assert "[2/2] clip-scratch" in ran.err
    assert "[1] failed: no room" in ran.out


def test_an_interrupt_shows_what_is_done(mm: Command, fake: FakeBench) -> None:
    fake.interrupt_after = 1
    ran = mm("bench", "--models", "resnet50,clip-scratch", "--mode", "infer")
    assert ran.status == 130
    assert "interrupted: 1 of 2 cases done and kept" in ran.err
    assert "samples/s" in ran.out


def test_tables_are_written_where_they_are_asked_for(mm: Command, fake: FakeBench) -> None:
    mm("bench", "--models", "resnet50", "--markdown", "out/t.md", "--csv", "out/t.csv")
    assert Path("out/t.md").read_text().count("tiny-bert") == 2
    assert len(Path("out/t.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("", "say what to time"),
        ("quickstart", "quickstart has no bench"),
        ("speed --models minilm-l6", "speed times no 'minilm-l6'"),
        ("--models resnet5", "did you mean 'resnet50'"),
        ("--models resnet50 --batch-sizes 1,many", "--batch-sizes 'many' is no whole number"),
        ("--models resnet50 --batch-sizes 0", "--batch-sizes '0' is no whole number"),
        ("--models resnet50 --precision fp16", "--precision 'fp16' is none of fp32, bf16"),
    ],
)
def test_what_cannot_be_timed_is_refused_before_anything_runs(
    flags: str, said: str, mm: Command, fake: FakeBench
) -> None:
    ran = mm("bench", *flags.split())
    assert ran.status == 2
    assert said in ran.err
    assert not fake.orders


def test_a_length_of_texts_without_texts_is_an_error(mm: Command, fake: FakeBench) -> None:
    ran = mm("bench", "--models", "resnet50", "--tokens", "16")
    assert ran.status == 2
    assert "--tokens: no model that is timed takes text" in ran.err
    assert fake.orders == []


def test_a_case_has_half_an_hour_unless_told_otherwise(mm: Command, fake: FakeBench) -> None:
    mm("bench", "--models", "resnet50")
    assert fake.case_minutes == 30
    mm("bench", "--models", "resnet50", "--case-minutes", "2.5")
    assert fake.case_minutes == 2.5
