"""The cache: an entry that exists is whole, and is built once."""

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest

from mmbench.data.cache import Cache, default_cache_root


def writes(value: float, told: list[float] | None = None) -> Any:
    def build(folder: Path) -> Mapping[str, Any]:
        if told is not None:
            told.append(value)
        np.save(folder / "values.npy", np.full(3, value))
        return {"value": value}

    return build


def test_an_entry_is_built_once_and_read_back(tmp_path: Path) -> None:
    built: list[float] = []
    cache = Cache(tmp_path)
    first, hit = cache.get("numbers", "ab12", writes(1.0, built))
    again, hit_again = cache.get("numbers", "ab12", writes(2.0, built))
    assert (hit, hit_again) == (False, True)
    assert built == [1.0]
    assert again.arrays["values"].tolist() == first.arrays["values"].tolist() == [1.0] * 3
    assert again.facts == {"value": 1.0}


def test_kinds_and_digests_are_kept_apart(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for value, (kind, digest) in enumerate([("a", "11"), ("a", "12"), ("b", "11")]):
        entry, hit = cache.get(kind, digest, writes(float(value)))
        assert not hit
        assert entry.facts == {"value": value}


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fails(folder: Path) -> Mapping[str, Any]:
        np.save(folder / "half.npy", np.zeros(3))
        raise RuntimeError("half way")

    cache = Cache(tmp_path)
    with pytest.raises(RuntimeError, match="half way"):
        cache.get("numbers", "ab12", fails)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    entry, hit = cache.get("numbers", "ab12", writes(3.0))
    assert not hit
    assert entry.facts == {"value": 3.0}


def test_two_that_build_the_same_at_once_both_get_a_whole_entry(tmp_path: Path) -> None:
    meet = Barrier(2)

    def build(folder: Path) -> Mapping[str, Any]:
        np.save(folder / "values.npy", np.ones(1000))
        meet.wait(timeout=10)
        return {"process": os.getpid()}

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: Cache(tmp_path).get("n", "ab", build)[0], range(2)))
    for entry in found:
        assert entry.arrays["values"].sum() == 1000
    (facts,) = tmp_path.rglob("facts.json")
    assert json.loads(facts.read_text()) == {"process": os.getpid()}
    assert list(tmp_path.rglob("*.part")) == []


def test_the_place_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MMBENCH_CACHE", str(tmp_path / "mine"))
    assert default_cache_root() == tmp_path / "mine"
    monkeypatch.delenv("MMBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_root() == tmp_path / "mmbench"
