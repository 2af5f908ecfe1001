"""The cache stays within its limit, and touches nothing that is not its own."""

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from mmbench.data import cache as module
from mmbench.data import entries
from mmbench.data.cache import Cache, default_limit_bytes
from mmbench.data.entries import survey
from mmbench.errors import MmbenchError
from tests.data.builds import digest, files_under, never, writes

COUNT = 1000  # 8 kB of values and 16 kB of ones, and some hundred bytes that describe them
SIZE = 24_000


def fill(cache: Cache, number: int, *, days_ago: float = 0.0) -> None:
    cache.get("numbers", digest(number), writes(float(number), count=COUNT))
    used(cache.root, number, days_ago)


def used(root: Path, number: int, days_ago: float) -> None:
    when = time.time() - 86_400 * days_ago
    facts = entries.entry_folder(root, "numbers", digest(number)) / "facts.json"
    if facts.exists():
        os.utime(facts, (when, when))


def kept(root: Path) -> set[int]:
    """Which of the entries of this file's tests there are."""
    names = {entry.folder.name for entry in survey(root).entries}
    return {number for number in range(20) if digest(number) in names}


def test_past_the_limit_what_was_unused_for_longest_goes(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit_bytes=int(3.5 * SIZE))
    for number, days in enumerate((2.0, 3.0, 1.0)):
        fill(cache, number, days_ago=days)
    assert kept(tmp_path) == {0, 1, 2}
    fill(cache, 3)
    assert kept(tmp_path) == {0, 2, 3}
    fill(cache, 4)
    assert kept(tmp_path) == {2, 3, 4}
    assert survey(tmp_path).bytes <= 3.5 * SIZE
    assert not entries.entry_folder(tmp_path, "numbers", digest(0)).parent.exists()


def test_a_hit_keeps_an_entry(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit_bytes=int(2.5 * SIZE))
    fill(cache, 0, days_ago=3)
    fill(cache, 1, days_ago=2)
    cache.get("numbers", digest(0), never)
    fill(cache, 2)
    assert kept(tmp_path) == {0, 2}


def test_a_use_is_noted_once_a_minute(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    fill(cache, 0)
    for ago, noted in ((30, False), (90, True), (-90, True)):  # -90: the clock was set back
        used(tmp_path, 0, ago / 86_400)
        cache.get("numbers", digest(0), never)
        (entry,) = survey(tmp_path).entries
        assert (abs(time.time() - entry.used_at) < 10) is noted


def test_of_an_entry_larger_than_the_limit_the_next_build_makes_an_end(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit_bytes=SIZE // 2)
    fill(cache, 0, days_ago=1)
    assert kept(tmp_path) == {0}
    assert cache.get("numbers", digest(0), never)[1]
    fill(cache, 1)
    assert kept(tmp_path) == {1}


def test_arrays_in_use_are_readable_after_their_entry_is_gone(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit_bytes=0)
    entry, _ = cache.get("numbers", digest(7), writes(7.0, count=COUNT))
    fill(cache, 8)
    assert kept(tmp_path) == {8}
    assert entry.arrays["values"].sum() == 7.0 * COUNT


def test_an_entry_that_is_being_built_anew_stays(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit_bytes=0)
    fill(cache, 0, days_ago=1)
    with entries.alone(entries.entry_folder(tmp_path, "numbers", digest(0))):
        fill(cache, 1)
        assert kept(tmp_path) == {0, 1}
        with pytest.raises(BlockingIOError):
            entries.remove(entries.entry_folder(tmp_path, "numbers", digest(0)))
    fill(cache, 2)
    assert kept(tmp_path) == {2}


def test_an_inner_build_that_makes_room_leaves_the_outer_one_alone(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit_bytes=0)

    def outer(folder: Path) -> Mapping[str, object]:
        facts = writes(1.0, count=COUNT)(folder)
        fill(cache, 1)
        return facts

    entry, _ = cache.get("numbers", digest(0), outer)
    assert entry.arrays["values"].sum() == COUNT
    assert kept(tmp_path) == {0}


def test_what_other_processes_built_counts_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SURVEY_SECONDS", 0.0)
    here, there = (Cache(tmp_path, limit_bytes=int(2.5 * SIZE)) for _ in range(2))
    fill(here, 0, days_ago=2)
    fill(there, 1, days_ago=1)
    fill(here, 2)
    assert kept(tmp_path) == {1, 2}


def test_the_folder_is_looked_through_only_when_the_room_may_be_used_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Path] = []

    def counted(root: Path) -> entries.Survey:
        looks.append(root)
        return survey(root)

    monkeypatch.setattr(entries, "survey", counted)
    cache = Cache(tmp_path, limit_bytes=10 * SIZE)
    for number in range(9):
        fill(cache, number)
    assert len(looks) == 1
    fill(cache, 9)  # ten and the bytes that describe them are too much
    assert len(looks) == 2
    assert len(kept(tmp_path)) == 9


def test_a_folder_of_somebody_else_is_no_entry(tmp_path: Path) -> None:
    fill(Cache(tmp_path), 0)
    mine = entries.entry_folder(tmp_path, "numbers", digest(0))
    others = [
        tmp_path / "photos" / "ab" / "abba" / "a.jpg",
        tmp_path / "photos" / "ab" / "abcd" / "facts.json" / "x.npy",
        tmp_path / "photos" / "ab" / "cdef" / "x.npy",
        tmp_path / "photos" / "ab" / "notes.npy",
        tmp_path / "photos" / "ab" / ".abcd.part" / "x.npy",
        tmp_path / "photos" / "abc" / "abcd" / "x.npy",
        tmp_path / "x.npy",
    ]
    for path in others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * SIZE)
    linked = mine.parent / (mine.name[:2] + "ab")
    linked.symlink_to(tmp_path / "photos" / "ab" / "cdef")
    assert [entry.folder for entry in survey(tmp_path).entries] == [mine]
    assert survey(tmp_path).leftovers == ()
    fill(Cache(tmp_path, limit_bytes=0), 1)
    assert kept(tmp_path) == {1}
    assert [path for path in others if not path.exists()] == []
    assert linked.exists()


def test_what_belongs_to_another_user_is_passed_over_and_fails_no_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, days in enumerate((3, 2, 1)):
        fill(Cache(tmp_path), number, days_ago=days)
    theirs = entries.entry_folder(tmp_path, "numbers", digest(0))
    remove, scandir = entries.remove, os.scandir
    seen = survey(tmp_path).bytes

    def refuses(folder: Path) -> None:
        if folder == theirs:
            raise PermissionError(13, "Permission denied", str(folder))
        remove(folder)

    monkeypatch.setattr(entries, "remove", refuses)
    fill(Cache(tmp_path, limit_bytes=int(2.5 * SIZE)), 3)
    assert kept(tmp_path) == {0, 3}

    def blind(folder: str) -> object:
        if Path(folder) == theirs.parent:
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", blind)
    assert kept(tmp_path) == {3}
    assert survey(tmp_path).bytes < seen


def test_the_size_of_an_entry_is_that_of_its_files(tmp_path: Path) -> None:
    fill(Cache(tmp_path), 0)
    assert survey(tmp_path).bytes == sum(path.stat().st_size for path in files_under(tmp_path))
    assert survey(tmp_path / "nowhere").bytes == 0


@pytest.mark.parametrize(("text", "bytes_"), [("20", 20 * 10**9), ("0.5", 5 * 10**8), ("0", 0)])
def test_the_limit_can_be_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, bytes_: int
) -> None:
    monkeypatch.setenv("MMBENCH_CACHE_GB", text)
    assert Cache(tmp_path).limit_bytes == bytes_
    assert Cache(tmp_path, limit_bytes=7).limit_bytes == 7


@pytest.mark.parametrize("text", ["much", "-1", "nan", "inf", "1e999", "10 GB", " "])
def test_a_limit_that_is_none_is_told_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    monkeypatch.setenv("MMBENCH_CACHE_GB", text)
    with pytest.raises(MmbenchError, match=r"MMBENCH_CACHE_GB=.* set a number"):
        Cache(tmp_path)


@pytest.mark.parametrize(("disk", "limit"), [(10**11, 10**10), (10**13, 5 * 10**10)])
def test_the_limit_is_50_gb_or_a_tenth_of_the_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, disk: int, limit: int
) -> None:
    looked: list[Path] = []

    def usage(path: Path) -> shutil._ntuple_diskusage:
        looked.append(path)
        return shutil._ntuple_diskusage(disk, disk, 0)

    monkeypatch.delenv("MMBENCH_CACHE_GB", raising=False)
    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert default_limit_bytes(tmp_path / "not" / "yet" / "there") == limit
    assert looked == [tmp_path]


def test_two_thousand_entries_are_surveyed_in_a_moment(tmp_path: Path) -> None:
    """About 0.06 s; the limit leaves room for a busy machine."""
    for number in range(2000):
        folder = entries.entry_folder(tmp_path, "tokens", digest(number))
        folder.mkdir(parents=True)
        for name in ("facts.json", "ids.npy", "offsets.npy"):
            (folder / name).write_bytes(b"x" * 4)
    began = time.perf_counter()
    found = survey(tmp_path)
    assert time.perf_counter() - began < 1.0
    assert len(found.entries) == 2000
    assert found.bytes == 2000 * 3 * 4
