"""Features of a frozen backbone, computed once per weights, rows, rules and machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbench.data.batches import evaluation_batches, to_device
from mmbench.data.joint import Repeated
from mmbench.data.prepared import FeatureRows, Inputs, Prepared
from mmbench.digests import digest_of
from mmbench.errors import TrialError
from mmbench.meters.clock import StepClock, Window
from mmbench.models.base import Adapter
from mmbench.train.device import Precision, autocast
from mmbench.train.setting import Setting

BATCH = 64
"""Rows at a time. Not the recipe's, so that recipes of different batches share the features."""

Answer = Callable[[Inputs], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass of an encoder over rows: how long it took when it was done. hit: it came from the
    cache."""

    windows: tuple[Window, ...]
    hit: bool

    @property
    def seconds(self) -> float:
        return sum(window.seconds for window in self.windows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """rows: features as batches take them. passes: one, named "", or one a side."""

    rows: Prepared
    passes: Mapping[str, Pass]


def extract(
    adapter: Adapter, answer: Answer, prepared: Prepared, identity: str, setting: Setting
) -> tuple[FeatureRows, Pass]:
    """What `answer`, a method of the adapter, gives for every row; `identity` names its weights.

    Rows that repeat others are computed once.

    The key holds the fingerprint less our own code version: threads and library versions change
    the last bits, and a digest must not depend on what ran before.
    """
    if isinstance(prepared, Repeated):
        found, done = extract(adapter, answer, prepared.distinct, identity, setting)
        rows = FeatureRows(
            found.features[prepared.index], digest_of([found.digest, prepared.digest])
        )
        return rows, done
    fingerprint, precision = setting.fingerprint, setting.recipe.precision
    machine = {
        "behaviour": fingerprint.behaviour,
        "device": [fingerprint.device, fingerprint.device_name],
        "threads": fingerprint.threads,
        "libraries": dict(fingerprint.libraries),
    }
    digest = digest_of([identity, prepared.digest, precision, BATCH, machine])

    def build(folder: Path) -> Mapping[str, Any]:
        features, windows = features_of(
            adapter,
            answer,
            prepared,
            device=setting.device,
            precision=precision,
        )
        np.save(folder / "features.npy", features)
        return {"windows": [_as_dict(window) for window in windows]}

    entry, hit = setting.cache.get("features", digest, build)
    windows = tuple(Window(**window) for window in entry.facts["windows"])
    return FeatureRows(entry.arrays["features"], digest), Pass(windows=windows, hit=hit)


@torch.inference_mode()
def features_of(
    adapter: Adapter,
    answer: Answer,
    prepared: Prepared,
    *,
    device: torch.device,
    precision: Precision,
) -> tuple[NDArray[np.float32], list[Window]]:
    """[N, D] float32 in the order of the rows, in eval mode, and the windows it took.

    TrialError if a feature is not finite.
    """
    adapter.eval()
    features: NDArray[np.float32] | None = None
    with StepClock(device) as clock:
        clock.resume()
        for batch in evaluation_batches(prepared, None, batch_size=BATCH):
            with autocast(device, precision):
                found = answer(to_device(batch, device).inputs).float().cpu().numpy()
            if features is None:
                features = np.empty((len(prepared), found.shape[1]), dtype=np.float32)
            features[batch.indices] = found
            clock.step(
                samples=batch.samples, tokens=batch.tokens, padded_tokens=batch.padded_tokens
            )
    assert features is not None, "a split has rows"
    if not np.isfinite(features).all():
        raise TrialError(f"{adapter.card.name}: features are not finite at {precision}")
    return features, clock.windows


def _as_dict(window: Window) -> dict[str, float]:
    return {name: getattr(window, name) for name in Window.__dataclass_fields__}
