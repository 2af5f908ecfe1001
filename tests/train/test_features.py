"""Features are computed once, and kept apart by all that changes them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mmbench.cards import ModelCard
from mmbench.data.cache import Cache
from mmbench.data.prepared import Prepared
from mmbench.data.tasks import examples_from
from mmbench.errors import TrialError
from mmbench.meters.environment import fingerprint
from mmbench.models.base import Adapter
from mmbench.models.loading import load
from mmbench.records import Fingerprint
from mmbench.train.features import Extracted, extract

CPU = torch.device("cpu")


@pytest.fixture
def adapter(tiny_bert: ModelCard) -> Adapter:
    return load(tiny_bert)


@pytest.fixture
def prepared(adapter: Adapter, tmp_path: Path) -> Prepared:
    texts = ["a bc def", "x", "long one with many letters", "yy zz"] * 5
    return adapter.prepare(examples_from({"text": texts}), Cache(tmp_path))


def features(
    adapter: Adapter,
    prepared: Prepared,
    cache: Path,
    *,
    identity: str = "weights",
    here: Fingerprint | None = None,
    batch_size: int = 8,
) -> Extracted:
    return extract(
        adapter,
        prepared,
        Cache(cache),
        identity=identity,
        fingerprint=here or fingerprint(CPU, "fp32"),
        device=CPU,
        precision="fp32",
        batch_size=batch_size,
    )


def test_they_equal_a_forward_row_by_row(
    adapter: Adapter, prepared: Prepared, tmp_path: Path
) -> None:
    found = features(adapter, prepared, tmp_path).rows
    with torch.inference_mode():
        for row in range(len(prepared)):
            alone = adapter(prepared.collate([row])).pooled.numpy()
            np.testing.assert_allclose(found.features[[row]], alone, atol=1e-5)


def test_a_second_call_takes_them_from_the_cache_with_what_they_cost(
    adapter: Adapter, prepared: Prepared, tmp_path: Path
) -> None:
    first = features(adapter, prepared, tmp_path)
    second = features(adapter, prepared, tmp_path)
    assert (first.hit, second.hit) == (False, True)
    assert second.seconds == first.seconds > 0
    assert np.array_equal(first.rows.features, second.rows.features)


def test_other_weights_threads_or_batches_are_other_features(
    adapter: Adapter, prepared: Prepared, tmp_path: Path
) -> None:
    here = fingerprint(CPU, "fp32")
    features(adapter, prepared, tmp_path, here=here)
    elsewhere = replace(here, threads=here.threads + 1)
    assert not features(adapter, prepared, tmp_path, identity="others").hit
    assert not features(adapter, prepared, tmp_path, here=elsewhere).hit
    assert not features(adapter, prepared, tmp_path, batch_size=4).hit
    assert features(adapter, prepared, tmp_path, here=replace(here, code="0.0.1")).hit


def test_features_that_are_not_finite_are_refused_and_not_cached(
    adapter: Adapter, prepared: Prepared, tmp_path: Path
) -> None:
    with torch.no_grad():
        next(adapter.parameters()).fill_(float("nan"))
    for _ in range(2):
        with pytest.raises(TrialError, match="not finite"):
            features(adapter, prepared, tmp_path / "fresh")
