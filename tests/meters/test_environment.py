"""What of the machine is written down, and what is not."""

import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest
import torch

from mmbench import __version__
from mmbench.codec import dump_json
from mmbench.meters import environment as module
from mmbench.meters.environment import LoadMeter, environment, fingerprint

CPU = torch.device("cpu")


def test_the_fingerprint_names_threads_and_libraries() -> None:
    found = fingerprint(CPU, "fp32")
    assert found.threads == torch.get_num_threads()
    assert torch.__version__.startswith(found.libraries["torch"].split("+")[0])
    assert found.device == "cpu"
    assert found.digest == fingerprint(CPU, "fp32").digest
    assert found.digest != fingerprint(CPU, "bf16").digest


def test_the_fingerprint_tells_what_may_change_a_steps_time() -> None:
    found = fingerprint(CPU, "fp32")
    assert found.cores == len(os.sched_getaffinity(0))
    assert found.interop_threads == torch.get_num_interop_threads()
    assert found.python == ".".join(str(part) for part in sys.version_info[:3])
    flags = Path("/proc/cpuinfo").read_text()
    assert found.cpu is not None
    assert found.cpu in flags
    assert found.cpu_capability is not None
    assert found.cpu_capability.lower() in (*flags.split(), "avx512", "default")
    assert (found.driver, found.cuda, found.cudnn, found.power_limit_watts) == (None,) * 4


def test_a_changed_setting_of_torch_parts_fingerprints() -> None:
    """In a process of its own, since settings are global."""
    code = """
import torch
from mmbench.meters.environment import fingerprint
seen = [fingerprint(torch.device("cpu"), "fp32")]
torch.backends.fp32_precision = "ieee"  # what torch does unasked
seen.append(fingerprint(torch.device("cpu"), "fp32"))
torch.use_deterministic_algorithms(True)
seen.append(fingerprint(torch.device("cpu"), "fp32"))
torch.set_float32_matmul_precision("medium")
seen.append(fingerprint(torch.device("cpu"), "fp32"))
print(len({print_.digest for print_ in seen[:2]}), len({print_.digest for print_ in seen}))
print(*seen[-1].settings.values())
"""
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert said.split() == ["1", "3", "bf16", "ieee", "on"]


def test_libraries_of_a_timed_step_part_records_and_others_inform() -> None:
    parting, telling = fingerprint(CPU, "fp32").libraries, environment(CPU, LoadMeter()).libraries
    assert parting["torchvision"].startswith(version("torchvision"))
    assert telling["scikit-learn"] == version("scikit-learn")
    assert not set(parting) & set(telling)


def test_a_kernel_that_tells_no_governor_leaves_it_unknown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "GOVERNOR", tmp_path / "scaling_governor")
    assert fingerprint(CPU, "fp32").governor is None
    (tmp_path / "scaling_governor").write_text("powersave\n")
    assert fingerprint(CPU, "fp32").governor == "powersave"


@pytest.mark.gpu
def test_a_gpu_is_told_with_its_driver_and_libraries() -> None:
    device = torch.device("cuda", 0)
    found, machine = fingerprint(device, "bf16"), environment(device, LoadMeter())
    assert found.device_name == machine.gpu == torch.cuda.get_device_name(0)
    assert found.cpu != found.device_name
    assert found.driver is not None
    assert found.cuda == torch.version.cuda
    assert found.settings["cudnn_benchmark"] in ("on", "off")
    assert machine.gpus == torch.cuda.device_count()


def test_environment_variables_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    canary = "s3cret-canary-4711"
    monkeypatch.setenv("HF_TOKEN", canary)
    monkeypatch.setenv("MMBENCH_SOMETHING", canary)
    text = dump_json(environment(CPU, LoadMeter())) + dump_json(fingerprint(CPU, "fp32"))
    assert canary.encode() not in text
    assert os.environ["HOME"].encode() not in text


def test_our_own_work_is_not_counted_as_that_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([100.0, 107.0])
    own = iter([10.0, 13.0])
    now = iter([50.0, 52.0])
    monkeypatch.setattr(module, "_busy_seconds", lambda: next(readings))
    monkeypatch.setattr(module, "_own_seconds", lambda: next(own))
    monkeypatch.setattr(time, "perf_counter", lambda: next(now))
    meter = LoadMeter()
    assert meter.other_cores_busy() == pytest.approx((7.0 - 3.0) / 2.0)


def test_a_busy_neighbour_is_seen() -> None:
    busy = "import time\nend = time.perf_counter() + 10\nwhile time.perf_counter() < end: pass"
    neighbour = subprocess.Popen([sys.executable, "-c", busy])
    try:
        time.sleep(0.3)
        meter = LoadMeter()
        time.sleep(1.5)
        assert meter.other_cores_busy() > 0.5
    finally:
        neighbour.kill()
        neighbour.wait()


def test_the_code_version_names_the_revision_of_a_checkout() -> None:
    root = Path(module.__file__).parents[2]
    if not (root / ".git").exists():
        assert module.code_version() == __version__
        return
    revision = subprocess.check_output(["git", "-C", str(root), "rev-parse", "HEAD"], text=True)
    named = module.code_version().removesuffix("-dirty").split("+")[1]
    assert revision.startswith(named)
