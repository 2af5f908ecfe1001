"""What of the machine is written down, and what is not."""

import os
import subprocess
import sys
import time
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
