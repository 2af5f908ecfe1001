"""What NVML tells, from a stand-in for its module; on a GPU, from the real one."""

import sys
from pathlib import Path

import pytest
import torch

from mmbench.meters import environment
from mmbench.meters.nvml import Absent, Gpu, find
from tests.meters.fake_nvml import FakeNvml

CUDA = torch.device("cuda")


def card(device: torch.device = CUDA) -> Gpu:
    found = find(device)
    assert isinstance(found, Gpu), found
    return found


def why_absent(device: torch.device = CUDA) -> str:
    found = find(device)
    assert isinstance(found, Absent)
    return found.reason


def test_a_card_is_found_by_its_uuid(nvml: FakeNvml) -> None:
    card()
    assert nvml.asked == ["GPU-0123-abc"]


def test_units_are_ours(nvml: FakeNvml) -> None:
    nvml.millijoules = [1_234_500]
    assert card().joules() == 1234.5
    assert card().power_limit_watts() == 700
    assert card().megahertz() == {"sm": 1755, "sm_max": 1980, "memory": 2619, "memory_max": 2619}
    assert card().driver() == "580.95.05"


@pytest.mark.parametrize(
    ("bits", "reasons"),
    [(0, ()), (1, ()), (2, ()), (5, ("SwPowerCap",)), (68, ("HwThermalSlowdown", "SwPowerCap"))],
)
def test_the_reasons_of_low_clocks_are_named_but_for_idleness_and_choice(
    nvml: FakeNvml, bits: int, reasons: tuple[str, ...]
) -> None:
    nvml.reasons = bits
    assert card().throttling() == reasons


def test_what_a_card_does_not_tell_is_none(nvml: FakeNvml) -> None:
    nvml.silent = ("energy", "power", "reasons", "clocks")
    assert card().joules() is None
    assert card().power_limit_watts() is None
    assert card().throttling() is None
    assert card().megahertz() == {"sm_max": 1980, "memory_max": 2619}


def test_no_driver_is_said(nvml: FakeNvml) -> None:
    nvml.loads = False
    assert why_absent() == "NVML: Driver Not Loaded"


def test_no_module_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert "pip install 'mmbench[gpu]'" in why_absent()


def test_a_cpu_is_not_asked_about(nvml: FakeNvml) -> None:
    assert "cpu" in why_absent(torch.device("cpu"))
    assert nvml.asked == []


def test_the_driver_is_known_without_nvml(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC"
    (tmp_path / "version").write_text(f"{told}\nGCC version: 12.2.0\n")
    monkeypatch.setattr(environment, "DRIVER", tmp_path / "version")
    assert environment._driver() == "535.129.03"
    monkeypatch.setattr(environment, "DRIVER", tmp_path / "absent")
    assert environment._driver() is None


@pytest.mark.gpu
def test_a_real_card_answers() -> None:
    pytest.importorskip("pynvml")
    found = card(torch.device("cuda", torch.cuda.current_device()))
    assert (found.joules() or 0.0) > 0.0
    assert 0 < found.megahertz()["sm"] <= found.megahertz()["sm_max"]
    assert found.driver() is not None
    assert found.throttling() is not None


def test_a_watch_keeps_every_reason_that_was_seen_at_work(nvml: FakeNvml) -> None:
    """The driver tells the moment alone, and after the work there is none."""
    watch = environment.ClockWatch(CUDA)
    assert watch.throttling is None
    for bits in (4, 64, 1):
        nvml.reasons = bits
        watch.look()
    assert watch.throttling == ("HwThermalSlowdown", "SwPowerCap")
    assert watch.megahertz["sm"] == 1755


def test_a_watch_of_a_cpu_asks_nothing(nvml: FakeNvml) -> None:
    watch = environment.ClockWatch(torch.device("cpu"))
    watch.look()
    assert (watch.throttling, watch.megahertz, nvml.asked) == (None, {}, [])
