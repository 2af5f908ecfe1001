"""A GPU that only NVML sees."""

import sys
from types import SimpleNamespace

import pytest
import torch

from tests.meters.fake_nvml import FakeNvml


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    """What `import pynvml` gives; the device cuda has a UUID, and nothing else of torch's."""
    fake = FakeNvml()
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    card = SimpleNamespace(uuid="0123-abc")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: card)
    return fake
