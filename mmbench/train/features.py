"""Features of a frozen backbone, computed once per weights, rows, rules and machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmbench.data.batches import evaluation_batches, to_device
from mmbench.data.cache import Cache
from mmbench.data.prepared import FeatureRows, Prepared
from mmbench.errors import TrialError
from mmbench.meters.clock import StepClock, Window
from mmbench.models.base import Adapter
from mmbench.records import Fingerprint, digest_of
from mmbench.train.device import Precision, autocast


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """rows: features [N, D] as batches take them. windows: how long it took when it was done.
    hit: they came from the cache."""

    rows: FeatureRows
    windows: tuple[Window, ...]
    hit: bool

    @property
    def seconds(self) -> float:
        return sum(window.seconds for window in self.windows)


def extract(
    adapter: Adapter,
    prepared: Prepared,
    cache: Cache,
    *,
    identity: str,
    fingerprint: Fingerprint,
    device: torch.device,
    precision: Precision,
    batch_size: int,
) -> Extracted:
    """Pooled features of every row; `identity` names the weights.

    The key holds the fingerprint less our own code version: threads and library versions change
    the last bits, and a digest must not depend on what ran before.
    """
    machine = {
        "behaviour": fingerprint.behaviour,
        "device": [fingerprint.device, fingerprint.device_name],
        "threads": fingerprint.threads,
        "libraries": dict(fingerprint.libraries),
    }
    digest = digest_of([identity, prepared.digest, precision, batch_size, machine])

    def build(folder: Path) -> Mapping[str, Any]:
        features, windows = pooled_features(
            adapter, prepared, device=device, precision=precision, batch_size=batch_size
        )
        np.save(folder / "features.npy", features)
        return {"windows": [_as_dict(window) for window in windows]}

    entry, hit = cache.get("features", digest, build)
    return Extracted(
        rows=FeatureRows(entry.arrays["features"], digest),
        windows=tuple(Window(**window) for window in entry.facts["windows"]),
        hit=hit,
    )


@torch.inference_mode()
def pooled_features(
    adapter: Adapter,
    prepared: Prepared,
    *,
    device: torch.device,
    precision: Precision,
    batch_size: int,
) -> tuple[NDArray[np.float32], list[Window]]:
    """[N, D] float32 in the order of the rows, in eval mode, and the windows it took.

    TrialError if a feature is not finite.
    """
    adapter.eval()
    features = np.empty((len(prepared), adapter.width), dtype=np.float32)
    clock = StepClock(device)
    clock.resume()
    for batch in evaluation_batches(prepared, None, batch_size=batch_size):
        with autocast(device, precision):
            pooled = adapter(to_device(batch, device).inputs).pooled
        features[batch.indices] = pooled.float().cpu().numpy()
        clock.step(samples=batch.samples, tokens=batch.tokens, padded_tokens=batch.padded_tokens)
    clock.pause()
    if not np.isfinite(features).all():
        raise TrialError(f"{adapter.card.name}: features are not finite at {precision}")
    return features, clock.windows


def _as_dict(window: Window) -> dict[str, float]:
    return {name: getattr(window, name) for name in Window.__dataclass_fields__}
