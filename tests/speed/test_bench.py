"""Orders in processes of their own: what ends one is a record, and the others go on."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.errors import TrialError
from mmbench.speed import bench
from mmbench.speed.bench import Timer, run_bench
from mmbench.speed.order import Order
from mmbench.speed_store import speed_records
from tests.speed.cards import case, image_card, text_card


def order(**changes: object) -> Order:
    asked = replace(case(mode="infer"), model=text_card())
    plain = Order(case=asked, init="random", device="cpu", seconds=0.1)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_process_that_dies_is_a_failed_record_and_the_rest_goes_on(tmp_path: Path) -> None:
    """All in one process, as on a GPU, but for the one that takes it down."""
    killing = replace(text_card(), adapter="tests.speed.deadly:Deadly")
    orders = [order(), order(case=replace(order().case, model=killing)), order()]
    done = [stored.record for _, stored in run_bench(orders, tmp_path, device_kind="cuda")]
    assert [record.status for record in done] == ["ok", "failed", "ok"]
    failure = done[1].failure
    assert failure is not None
    assert failure.kind == "Lost"
    assert "was killed by SIGKILL, perhaps for want of memory" in failure.message
    assert "the last words of the process" in failure.traceback
    assert done[1].fingerprint.device == "cpu"
    assert len(speed_records(tmp_path)) == 3


def test_on_a_cpu_each_case_has_a_process_on_a_gpu_each_model() -> None:
    image = order(case=replace(case(image_card(), mode="infer")))
    orders = [order(), order(), image]
    assert [len(group) for group in bench._groups(orders, "cpu")] == [1, 1, 1]
    assert [len(group) for group in bench._groups(orders, "cuda")] == [2, 1]


def test_a_process_that_never_begins_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "PROGRAM", "mmbench.speed.no_such_program")
    with Timer() as timer, pytest.raises(TrialError, match="No module named"):
        timer.time(order())
