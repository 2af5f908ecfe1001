"""Features are computed once, and kept apart by all that changes them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mmbench.cards import ModelCard
from mmbench.data.cache import Cache
from mmbench.data.joint import Repeated
from mmbench.data.prepared import FeatureRows, Prepared
from mmbench.data.tasks import examples_from
from mmbench.errors import TrialError
from mmbench.fingerprint import Fingerprint
from mmbench.meters.environment import fingerprint
from mmbench.models.base import Adapter
from mmbench.models.loading import load
from mmbench.progress import Silent
from mmbench.train.features import Pass, extract
from mmbench.train.setting import Setting
from tests.specimens import RECIPE, TASK

CPU = torch.device("cpu")


@pytest.fixture
def adapter(tiny_bert: ModelCard) -> Adapter:
    return load(tiny_bert)


@pytest.fixture
def prepared(adapter: Adapter, tmp_path: Path) -> Prepared:
    texts = ["a bc def", "x", "long one with many letters", "yy zz"] * 5
    return adapter.prepare(examples_from({"text": texts}), Cache(tmp_path))


def setting(cache: Path, here: Fingerprint, batch_size: int) -> Setting:
    return Setting(
        task=TASK,
        recipe=replace(RECIPE, batch_size=batch_size),
        seed=0,
        identities={},
        fingerprint=here,
        device=CPU,
        cache=Cache(cache),
        watcher=Silent(),
        inference_seconds=0.1,
    )


def features(
    adapter: Adapter,
    prepared: Prepared,
    cache: Path,
    *,
    identity: str = "weights",
    here: Fingerprint | None = None,
    batch_size: int = 8,
) -> tuple[FeatureRows, Pass]:
    return extract(
        adapter,
        lambda inputs: adapter(inputs).pooled,
        prepared,
        identity,
        setting(cache, here or fingerprint(CPU, "fp32"), batch_size),
    )


def test_they_equal_a_forward_row_by_row(
    adapter: Adapter, prepared: Prepared, tmp_path: Path
) -> None:
    found, _ = features(adapter, prepared, tmp_path)
    with torch.inference_mode():
        for row in range(len(prepared)):
            alone = adapter(prepared.collate([row])).pooled.numpy()
            np.testing.assert_allclose(found.features[[row]], alone, atol=1e-5)


def test_a_second_call_takes_them_from_the_cache_with_what_they_cost(
    adapter: Adapter, prepared: Prepared, tmp_path: Path
) -> None:
    first, done = features(adapter, prepared, tmp_path)
    second, known = features(adapter, prepared, tmp_path)
    assert (done.hit, known.hit) == (False, True)
    assert known.seconds == done.seconds > 0
    assert np.array_equal(first.features, second.features)


def test_rows_that_repeat_others_share_their_features(
    adapter: Adapter, prepared: Prepared, tmp_path: Path
) -> None:
    once, _ = features(adapter, prepared, tmp_path)
    index = np.array([3, 0, 0, 19])
    found, done = features(adapter, Repeated(prepared, index), tmp_path)
    assert done.hit
    assert np.array_equal(found.features, once.features[index])
    assert found.digest != once.digest


def test_other_weights_or_threads_are_other_features(
    adapter: Adapter, prepared: Prepared, tmp_path: Path
) -> None:
    here = fingerprint(CPU, "fp32")
    features(adapter, prepared, tmp_path, here=here)
    elsewhere = replace(here, threads=here.threads + 1)
    assert not features(adapter, prepared, tmp_path, identity="others")[1].hit
    assert not features(adapter, prepared, tmp_path, here=elsewhere)[1].hit
    assert features(adapter, prepared, tmp_path, batch_size=4)[1].hit  # the recipe's, not ours
    assert features(adapter, prepared, tmp_path, here=replace(here, code="0.0.1"))[1].hit


def test_features_that_are_not_finite_are_refused_and_not_cached(
    adapter: Adapter, prepared: Prepared, tmp_path: Path
) -> None:
    with torch.no_grad():
        next(adapter.parameters()).fill_(float("nan"))
    for _ in range(2):
        with pytest.raises(TrialError, match="not finite"):
            features(adapter, prepared, tmp_path / "fresh")
