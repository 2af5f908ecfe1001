"""Orders in processes of their own: what ends one is a record, and the others go on."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.errors import TrialError
from mmbench.speed import bench
from mmbench.speed.bench import Timer, run_bench
from mmbench.speed.order import Order
from mmbench.speed_store import StoredSpeed, speed_records
from tests.speed.cards import case, image_card, text_card


def order(**changes: object) -> Order:
    asked = replace(case(mode="infer"), model=text_card())
    plain = Order(case=asked, init="random", device="cpu", seconds=0.1)
    return replace(plain, **changes)  # type: ignore[arg-type]


def _run(
    orders: list[Order], results: Path, *, case_minutes: float = 5.0
) -> list[tuple[Order, StoredSpeed]]:
    return list(run_bench(orders, results, device_kind="cuda", case_minutes=case_minutes))


def test_a_process_that_dies_is_a_failed_record_and_the_rest_goes_on(tmp_path: Path) -> None:
    """All in one process, as on a GPU, but for the one that takes it down."""
    killing = replace(text_card(), adapter="tests.speed.deadly:Deadly")
    orders = [order(), order(case=replace(order().case, model=killing)), order()]
    done = [stored.record for _, stored in _run(orders, tmp_path)]
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
        timer.time(order(), 60)


def test_a_case_past_its_limit_has_failed_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = tmp_path / "pid"
    monkeypatch.setenv("ENDLESS_PID", str(pid))
    endless = replace(text_card(), adapter="tests.speed.deadly:Endless")
    orders = [order(case=replace(order().case, model=endless)), order()]
    done = [stored.record for _, stored in _run(orders, tmp_path, case_minutes=0.4)]
    assert [record.status for record in done] == ["failed", "ok"]
    failure = done[0].failure
    assert failure is not None
    assert failure.kind == "Late"
    assert failure.message.startswith("it was stopped at its limit of 0.4 minutes; raise --case-mi")
    assert "deadly.py" in failure.traceback  # where it was
    assert 24 <= done[0].seconds < 40
    assert not Path(f"/proc/{pid.read_text()}").exists()
