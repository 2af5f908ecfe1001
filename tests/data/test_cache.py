"""The cache: an entry that exists is whole, is built once, and is counted."""

import fcntl
import os
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

import mmbench
from mmbench.compare.remembered import KIND as STATISTICS
from mmbench.data import entries
from mmbench.data.cache import KINDS, Cache, Tally, default_cache_root
from tests.data.builds import digest, files_under, never, writes


def test_an_entry_is_built_once_and_read_back(tmp_path: Path) -> None:
    built: list[float] = []
    cache = Cache(tmp_path)
    first, hit = cache.get("numbers", "ab12", writes(1.0, built=built))
    again, hit_again = cache.get("numbers", "ab12", writes(2.0, built=built))
    assert (hit, hit_again) == (False, True)
    assert built == [1.0]
    assert again.arrays["values"].tolist() == first.arrays["values"].tolist() == [1.0] * 3
    assert again.facts == first.facts == {"value": 1.0}
    assert again.seconds == first.seconds > 0


def test_arrays_cannot_be_written_to(tmp_path: Path) -> None:
    entry, _ = Cache(tmp_path).get("numbers", "ab12", writes(1.0))
    with pytest.raises(ValueError, match="read-only"):
        entry.arrays["values"][0] = 2.0


def test_kinds_and_digests_are_kept_apart(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for value, (kind, name) in enumerate([("a", "11"), ("a", "12"), ("b", "11")]):
        entry, hit = cache.get(kind, name, writes(float(value)))
        assert not hit
        assert entry.facts == {"value": value}


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fails(folder: Path) -> Mapping[str, object]:
        np.save(folder / "half.npy", np.zeros(3))
        raise RuntimeError("half way")

    cache = Cache(tmp_path)
    with pytest.raises(RuntimeError, match="half way"):
        cache.get("numbers", "ab12", fails)
    assert files_under(tmp_path) == []
    assert cache.tally == Tally(waited_seconds=cache.tally.waited_seconds)
    entry, hit = cache.get("numbers", "ab12", writes(3.0))
    assert not hit
    assert entry.facts == {"value": 3.0}


def test_no_lock_file_stays_behind(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for number in range(5):
        cache.get("numbers", digest(number), writes(1.0))
    names = {path.name for path in files_under(tmp_path)}
    assert names == {"facts.json", "values.npy", "ones.npy"}


def test_a_lock_is_held_by_one_at_a_time_though_its_file_comes_and_goes(tmp_path: Path) -> None:
    folder, inside, most = tmp_path / "n" / "ab" / "ab12", [0], []

    def take_turns(_: int) -> None:
        for _ in range(100):
            with entries.alone(folder):
                inside[0] += 1
                time.sleep(0)  # lets another thread in, if the lock does
                most.append(inside[0])
                inside[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take_turns, range(8)))
    assert most == [1] * 800
    assert files_under(tmp_path) == []


def test_a_child_that_was_forked_in_a_build_does_not_keep_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    really = os.open

    def noted(path: Path, flags: int, mode: int = 0o777) -> int:
        opened.append(really(path, flags, mode))
        return opened[-1]

    monkeypatch.setattr(os, "open", noted)
    with entries.alone(tmp_path / "ab12"):
        (held,) = opened
        childs = os.dup(held)  # shares the lock, as a forked child's descriptor does
        waiting = really(tmp_path / ".ab12.lock", os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(waiting, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(waiting, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(childs)
    os.close(waiting)


def test_threads_that_want_the_same_entry_build_it_once(tmp_path: Path) -> None:
    built: list[float] = []
    caches = [Cache(tmp_path) for _ in range(8)]
    meet = Barrier(8)

    def want(cache: Cache) -> float:
        meet.wait(timeout=10)
        entry, _ = cache.get("n", "ab", writes(5.0, built=built, count=50_000))
        return float(entry.arrays["values"].sum())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(want, caches)) == [250_000.0] * 8
    assert built == [5.0]
    assert sum(cache.tally.misses for cache in caches) == 1
    assert sum(cache.tally.hits for cache in caches) == 7


def test_different_entries_are_built_at_the_same_time(tmp_path: Path) -> None:
    """Even on one shelf: each build goes on only when all the others have begun."""
    cache, meet = Cache(tmp_path), Barrier(4)

    def build(folder: Path) -> Mapping[str, object]:
        meet.wait(timeout=10)
        return writes(1.0)(folder)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: cache.get("n", f"ab{i}", build), range(4)))
    assert [hit for _, hit in found] == [False] * 4
    assert cache.tally.misses == 4


def test_a_build_may_ask_for_other_entries_whose_time_counts_once(tmp_path: Path) -> None:
    cache = Cache(tmp_path)

    def inner(folder: Path) -> Mapping[str, object]:
        time.sleep(0.05)
        return writes(1.0)(folder)

    def outer(folder: Path) -> Mapping[str, object]:
        entry, _ = cache.get("inner", "ab", inner)
        np.save(folder / "double.npy", 2 * entry.arrays["values"])
        return {}

    entry, hit = cache.get("outer", "ab", outer)
    within, _ = cache.get("inner", "ab", never)
    assert not hit
    assert entry.arrays["double"].tolist() == [2.0] * 3
    assert entry.seconds >= within.seconds >= 0.05
    assert cache.tally.misses == 2
    assert cache.tally.built_seconds == entry.seconds


def test_an_entry_that_is_built_out_of_itself_is_a_bug_and_no_deadlock(tmp_path: Path) -> None:
    cache = Cache(tmp_path)

    def build(folder: Path) -> Mapping[str, object]:
        cache.get("numbers", "ab", writes(1.0))
        return {}

    with pytest.raises(AssertionError, match="out of itself"):
        cache.get("numbers", "ab", build)
    assert files_under(tmp_path) == []


def test_the_tally_says_what_the_work_would_have_taken_without_the_cache(tmp_path: Path) -> None:
    def slow(folder: Path) -> Mapping[str, object]:
        time.sleep(0.03)
        return writes(1.0)(folder)

    cold = Cache(tmp_path)
    seconds = [cold.get("numbers", digest(i), slow)[0].seconds for i in range(3)]
    assert min(seconds) >= 0.03
    assert (cold.tally.hits, cold.tally.misses, cold.tally.repaired) == (0, 3, 0)
    assert cold.tally.built_seconds == pytest.approx(sum(seconds))
    assert cold.tally.saved_seconds == 0.0

    warm = replace(cold, tally=Tally())
    for i in (0, 1, 1):
        warm.get("numbers", digest(i), never)
    assert warm.tally == Tally(hits=3, saved_seconds=seconds[0] + 2 * seconds[1])
    assert warm == cold  # what was counted does not make another cache of it


def test_waiting_for_another_that_builds_is_counted_as_such(tmp_path: Path) -> None:
    first, second, begun = Cache(tmp_path), Cache(tmp_path), Barrier(2)

    def slow(folder: Path) -> Mapping[str, object]:
        begun.wait(timeout=10)
        time.sleep(0.1)
        return writes(1.0)(folder)

    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(first.get, "n", "ab", slow)
        begun.wait(timeout=10)
        entry, hit = second.get("n", "ab", never)
        building.result()
    assert hit
    assert second.tally.waited_seconds > 0.05
    assert second.tally.saved_seconds == entry.seconds
    assert second.tally.built_seconds == 0.0


def test_a_build_writes_nothing_but_arrays(tmp_path: Path) -> None:
    def build(folder: Path) -> Mapping[str, object]:
        (folder / "notes.txt").write_text("x")
        return {}

    with pytest.raises(AssertionError, match=r"arrays alone, not notes\.txt"):
        Cache(tmp_path).get("n", "ab", build)
    assert files_under(tmp_path) == []


def test_the_place_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MMBENCH_CACHE", str(tmp_path / "mine"))
    assert default_cache_root() == tmp_path / "mine"
    monkeypatch.delenv("MMBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_root() == tmp_path / "mmbench"


def test_the_kinds_are_those_that_the_package_keeps() -> None:

    code = [path.read_text() for path in Path(mmbench.__file__).parent.rglob("*.py")]
    used = {kind for text in code for kind in re.findall(r'cache\.get\(\s*"(\w+)"', text)}
    assert used | {STATISTICS} == set(KINDS)
