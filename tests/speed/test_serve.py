"""The real child, with a real model: what it answers is what it did."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from mmbench.cards import FolderModel, ModelCard
from mmbench.errors import ArmError
from mmbench.speed import workload
from mmbench.speed.arm import Arm, Program
from mmbench.speed.served import Served
from mmbench.speed_record import SpeedCase
from tests.speed.arms import LIMITS, ROOT


@pytest.fixture
def case(tiny_bert: ModelCard) -> SpeedCase:
    return SpeedCase(model=tiny_bert, mode="train", batch_size=3, precision="fp32", tokens=8)


@pytest.fixture
def arm() -> Iterator[Arm]:
    program = Program(name="candidate", tree=ROOT, module="tests.speed.chatter")
    with Arm(program, LIMITS) as started:
        started.hello()
        yield started


def test_the_child_loads_a_case_and_times_its_windows(arm: Arm, case: SpeedCase) -> None:
    loaded = arm.load(case, "cpu")
    assert loaded.fingerprint["device"] == "cpu"
    work = loaded.work
    assert (work["samples"], work["tokens"], work["images"]) == (3, 24, 0)

    warm = arm.warm(0.05)
    assert warm.seconds >= 0.05
    assert warm.steps & (warm.steps - 1) == 0, "windows double"

    began = time.perf_counter()
    ran = arm.run(20)
    passed = time.perf_counter() - began
    assert ran.steps == 20
    assert 0 < ran.seconds < passed, "the child's own clock, inside of the question"
    assert 0 < ran.cpu_seconds < 1.5 * ran.seconds, "one thread computes"

    memory = arm.memory()
    assert memory.peak_rss_bytes is not None
    assert 100e6 < memory.peak_rss_bytes < 4e9
    assert memory.peak_cuda_bytes is None


def test_what_libraries_print_is_no_answer(arm: Arm, case: SpeedCase) -> None:
    arm.load(case, "cpu")
    words = arm.last_words()
    assert "loading weights …" in words
    assert "from C as well" in words


def test_an_error_of_the_case_is_an_answer_and_the_child_goes_on(
    arm: Arm, case: SpeedCase, tiny_bert: ModelCard
) -> None:
    absent = replace(tiny_bert, source=FolderModel(via="folder", path="/nowhere"))
    with pytest.raises(ArmError, match=r"candidate: .*/nowhere"):
        arm.load(replace(case, model=absent), "cpu")
    assert arm.load(case, "cpu").work["samples"] == 3


def test_a_window_begins_with_a_step_that_is_not_timed(
    case: SpeedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other side's window has left its caches cold."""
    loaded = workload.build(case, torch.device("cpu"))
    work, events = loaded.step(), list[str]()

    def step() -> workload.Work:
        events.append("step")
        return work

    def clock() -> float:
        events.append("clock")
        return float(len(events))

    monkeypatch.setattr(loaded, "step", step)
    monkeypatch.setattr("mmbench.speed.served.time.perf_counter", clock)
    _, ran = Served(loaded=loaded).run(3)
    assert events == ["step", "clock", "step", "step", "step", "clock"]
    assert ran.steps == 3
