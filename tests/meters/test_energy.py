"""Energy from a tree as the kernel's powercap lays it out, and from a stand-in for NVML."""

import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from mmbench.meters import energy as module
from mmbench.meters.energy import EnergyMeter, cost_per_million_samples
from mmbench.records import Measurement
from tests.meters.fake_nvml import FakeNvml

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
RANGE = 262_143_328_850


@dataclass
class Tree:
    """`zones` as Linux names them on a machine of two sockets, and a clock that a test moves."""

    root: Path
    now: float = 1000.0

    def zone(self, path: str, name: str, microjoules: int) -> None:
        folder = self.root / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "max_energy_range_uj").write_text(f"{RANGE}\n")
        self.draw(path, microjoules)

    def draw(self, path: str, microjoules: int) -> None:
        (self.root / path / "energy_uj").write_text(f"{microjoules}\n")

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def tree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Tree:
    found = Tree(tmp_path / "powercap")
    found.root.mkdir()
    monkeypatch.setattr(module, "POWERCAP", found.root)
    monkeypatch.setattr(time, "monotonic", lambda: found.now)
    return found


@pytest.fixture
def two_sockets(tree: Tree) -> Tree:
    """Links to sub-domains stand beside the packages, as /sys/class/powercap has them."""
    tree.zone("intel-rapl:0", "package-0", 5_000_000)
    tree.zone("intel-rapl:0:0", "core", 3_000_000)
    tree.zone("intel-rapl:0:1", "dram", 1_000_000)
    tree.zone("intel-rapl:1", "package-1", 7_000_000)
    tree.zone("intel-rapl:2", "psys", 50_000_000)
    tree.zone("intel-rapl-mmio:0", "package-0", 5_000_000)
    (tree.root / "intel-rapl").mkdir()
    return tree


def only(meter: EnergyMeter) -> Measurement:
    (found,) = meter.measurements()
    return found


def test_packages_are_summed_and_what_lies_within_them_is_not(two_sockets: Tree) -> None:
    meter = EnergyMeter(CPU)
    two_sockets.wait(20)
    for path, microjoules in (
        ("intel-rapl:0", 405_000_000),
        ("intel-rapl:0:0", 300_000_000),
        ("intel-rapl:0:1", 200_000_000),
        ("intel-rapl:1", 107_000_000),
        ("intel-rapl:2", 900_000_000),
        ("intel-rapl-mmio:0", 405_000_000),
    ):
        two_sockets.draw(path, microjoules)
    found = only(meter)
    assert (found.name, found.unit) == ("cpu_energy_joules", "J")
    assert found.value == pytest.approx(400.0 + 100.0)
    assert found.note is not None
    assert found.note.startswith("in 20.0 s; 2 packages; the whole package")


def test_a_counter_that_wraps_is_followed(tree: Tree) -> None:
    tree.zone("intel-rapl:0", "package-0", RANGE - 30_000_000)
    meter = EnergyMeter(CPU)
    tree.wait(5)
    tree.draw("intel-rapl:0", 20_000_000)
    assert only(meter).value == pytest.approx(30.0 + 20.0)


def test_looking_in_between_follows_a_counter_that_wraps_again_and_again(tree: Tree) -> None:
    tree.zone("intel-rapl:0", "package-0", 0)
    meter, drawn = EnergyMeter(CPU), 0
    for _ in range(9):
        tree.wait(500)
        drawn += 100_000_000_000
        tree.draw("intel-rapl:0", drawn % RANGE)
        meter.look()
    assert only(meter).value == pytest.approx(900_000.0)


def test_a_counter_that_may_have_wrapped_twice_says_nothing(tree: Tree) -> None:
    tree.zone("intel-rapl:0", "package-0", 0)
    meter = EnergyMeter(CPU)
    tree.wait(RANGE / 1e6 / module.MOST_WATTS + 1)
    tree.draw("intel-rapl:0", 5_000_000)
    found = only(meter)
    assert found.value is None
    assert "was not looked at" in (found.note or "")


@pytest.mark.parametrize("what", ["no folder", "empty", "unreadable", "garbled", "psys alone"])
def test_without_a_readable_counter_there_is_no_value_but_a_reason(tree: Tree, what: str) -> None:
    if what == "no folder":
        tree.root.rmdir()
    elif what == "psys alone":
        tree.zone("intel-rapl:0", "psys", 1)
    elif what != "empty":
        tree.zone("intel-rapl:0", "package-0", 1)
        (tree.root / "intel-rapl:0" / "energy_uj").unlink()
        if what == "garbled":
            (tree.root / "intel-rapl:0" / "energy_uj").write_text("n/a")
    meter = EnergyMeter(CPU)
    tree.wait(20)
    found = only(meter)
    assert found.value is None
    assert (found.note or "").startswith("unavailable: ")


def test_one_package_of_two_is_not_passed_for_both(two_sockets: Tree) -> None:
    (two_sockets.root / "intel-rapl:1" / "energy_uj").unlink()
    meter = EnergyMeter(CPU)
    two_sockets.wait(20)
    two_sockets.draw("intel-rapl:0", 405_000_000)
    assert only(meter).value is None


def test_a_counter_that_goes_away_is_not_a_reading_of_zero(tree: Tree) -> None:
    tree.zone("intel-rapl:0", "package-0", 1_000_000)
    meter = EnergyMeter(CPU)
    tree.wait(20)
    (tree.root / "intel-rapl:0" / "energy_uj").unlink()
    assert only(meter).value is None


def test_a_counter_that_does_not_move_is_not_a_reading_of_zero(tree: Tree) -> None:
    tree.zone("intel-rapl:0", "package-0", 1_000_000)
    meter = EnergyMeter(CPU)
    tree.wait(20)
    found = only(meter)
    assert found.value is None
    assert found.note == "unavailable: the counter did not move in 20.0 s"


# --------------------------------------------------------------------------------- a GPU


def test_a_card_and_the_processor_are_told_apart(nvml: FakeNvml, tree: Tree) -> None:
    tree.zone("intel-rapl:0", "package-0", 0)
    nvml.millijoules = [1_000_000, 8_000_000]
    meter = EnergyMeter(CUDA)
    tree.wait(10)
    tree.draw("intel-rapl:0", 900_000_000)
    found = {m.name: m.value for m in meter.measurements()}
    assert found == {"gpu_energy_joules": 7000.0, "cpu_energy_joules": 900.0}


@pytest.mark.parametrize(
    ("seconds", "readings", "reason"),
    [
        (9.9, [1000, 9000], "9.9 s; the counter needs a window of 10 s"),
        (12.0, [1000, 1000], "the counter did not move in 12.0 s"),
        (12.0, [9000, 1000], "the counter went back: was the driver loaded again?"),
    ],
)
def test_a_reading_of_a_card_that_means_nothing_is_none(
    nvml: FakeNvml, tree: Tree, seconds: float, readings: list[int], reason: str
) -> None:
    nvml.millijoules = readings
    meter = EnergyMeter(CUDA)
    tree.wait(seconds)
    found = meter.measurements()[0]
    assert (found.value, found.note) == (None, f"unavailable: {reason}")


def test_a_card_without_the_counter_is_said(nvml: FakeNvml, tree: Tree) -> None:
    nvml.silent = ("energy",)
    meter = EnergyMeter(CUDA)
    tree.wait(20)
    assert meter.measurements()[0].note == "unavailable: the counter cannot be read"


def test_a_machine_without_a_driver_is_said(nvml: FakeNvml, tree: Tree) -> None:
    nvml.loads = False
    assert EnergyMeter(CUDA).measurements()[0].note == "unavailable: NVML: Driver Not Loaded"


@pytest.mark.gpu
@pytest.mark.slow
def test_a_busy_gpu_draws_more_than_nothing_and_less_than_its_limit() -> None:
    pytest.importorskip("pynvml")
    device = torch.device("cuda", 0)
    matrix = torch.randn(8192, 8192, device=device, dtype=torch.bfloat16)
    meter, until = EnergyMeter(device), time.monotonic() + 11
    while time.monotonic() < until:
        matrix @ matrix
        torch.cuda.synchronize()
    found = meter.measurements()[0]
    assert found.value is not None
    assert 20 < found.value / 11 < 1500


# ---------------------------------------------------------------------------------- cost


def test_a_million_samples_at_a_thousand_a_second_take_1000_seconds_of_the_price() -> None:
    assert cost_per_million_samples(3.60, 1000.0) == pytest.approx(1.00)


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_a_cost_needs_a_rate(rate: float) -> None:
    with pytest.raises(ValueError, match="a cost needs a rate"):
        cost_per_million_samples(1.0, rate)
