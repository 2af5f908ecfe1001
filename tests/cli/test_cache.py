"""`mmbench cache`: what it shows, what it clears, and what it leaves alone."""

import json
import os
import time
from pathlib import Path

import pytest

from mmbench.data import entries
from mmbench.data.cache import Cache
from tests.cli.conftest import Command
from tests.cli.test_startup import heavy_after
from tests.data.builds import digest, files_under, never, writes

COUNT = 100_000  # 0.8 MB of values and 1.6 MB of ones


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MMBENCH_CACHE_GB", "20")
    return tmp_path / "cache"


@pytest.fixture
def full(empty: Path) -> Path:
    """Two entries of tokens, last used 10 and 3 days ago, and one of features, used just now."""
    for kind, number, days in (("tokens", 1, 10), ("tokens", 2, 3), ("features", 3, 0)):
        Cache(empty).get(kind, digest(number), writes(1.0, count=COUNT))
        when = time.time() - days * 86_400
        os.utime(entries.entry_folder(empty, kind, digest(number)) / "facts.json", (when, when))
    return empty


def kept(root: Path) -> list[str]:
    numbers = {digest(number): number for number in range(1, 4)}
    found = entries.survey(root).entries
    return [f"{entry.kind} {numbers[entry.folder.name]}" for entry in found]


def test_it_shows_the_folder_the_limit_and_each_kind(mm: Command, full: Path) -> None:
    ran = mm("cache")
    title, features, tokens, total = (line.split() for line in ran.out.splitlines())
    day = "%Y-%m-%d"
    assert ran.status == 0
    assert title == ["kind", "entries", "size", "last", "used"]
    assert features[:5] == ["features", "1", "2", "MB", time.strftime(day)]
    assert tokens[:4] == ["tokens", "2", "5", "MB"]
    assert tokens[4] == time.strftime(day, time.localtime(time.time() - 3 * 86_400))
    assert " ".join(total) == f"7 MB of at most 20.0 GB in {full}"
    assert "mmbench cache clear" in ran.err


def test_json_is_the_same_in_bytes(mm: Command, full: Path) -> None:
    ran = mm("cache", "--json")
    told = json.loads(ran.out)
    files = files_under(full)
    assert ran.err == ""
    assert (told["folder"], told["limit_bytes"]) == (str(full), 20 * 10**9)
    assert told["bytes"] == sum(file.stat().st_size for file in files)
    assert [(kind["kind"], kind["entries"]) for kind in told["kinds"]] == [
        ("features", 1),
        ("tokens", 2),
    ]
    assert sum(kind["bytes"] for kind in told["kinds"]) == told["bytes"]
    assert time.mktime(time.strptime(told["kinds"][0]["last_used"], "%Y-%m-%dT%H:%M:%S")) == (
        pytest.approx(time.time(), abs=60)
    )


def test_an_empty_cache_is_shown_and_cleared_in_a_sentence(mm: Command, empty: Path) -> None:
    assert mm("cache").out == f"0 kB of at most 20.0 GB in {empty}\n"
    assert json.loads(mm("cache", "--json").out)["kinds"] == []
    ran = mm("cache", "clear")
    assert (ran.status, ran.out) == (0, f"nothing to clear in {empty}\n")
    assert not empty.exists()


def test_clear_removes_every_entry_and_says_what_was_freed(mm: Command, full: Path) -> None:
    ran = mm("cache", "clear")
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "features: 1 entry, 2 MB",
        "tokens: 2 entries, 5 MB",
        f"freed 7 MB in {full}",
    ]
    assert files_under(full) == []
    assert mm("cache", "clear").out == f"nothing to clear in {full}\n"


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--kind", "tokens"], ["features 3"]),
        (["--kind", "features"], ["tokens 1", "tokens 2"]),
        (["--kind", "pixels"], ["features 3", "tokens 1", "tokens 2"]),
        (["--older-than-days", "5"], ["features 3", "tokens 2"]),
        (["--older-than-days", "0.5"], ["features 3"]),
        (["--older-than-days", "11"], ["features 3", "tokens 1", "tokens 2"]),
        (["--older-than-days", "0"], []),
        (["--kind", "features", "--older-than-days", "1"], ["features 3", "tokens 1", "tokens 2"]),
        (["--kind", "tokens", "--older-than-days", "5"], ["features 3", "tokens 2"]),
    ],
)
def test_clear_removes_only_what_was_named(
    mm: Command, full: Path, options: list[str], left: list[str]
) -> None:
    ran = mm("cache", "clear", *options)
    assert ran.status == 0
    assert sorted(kept(full)) == left
    assert ("nothing to clear" in ran.out) is (len(left) == 3)


def test_an_unknown_kind_is_told_with_the_nearest_and_clears_nothing(
    mm: Command, full: Path
) -> None:
    ran = mm("cache", "clear", "--kind", "feature")
    assert ran.status == 2
    known = "features, pixels, sounds, statistics, tokens"
    assert f"no kind 'feature' among {known}; did you mean 'features'?" in ran.err
    assert len(kept(full)) == 3


def test_a_kind_that_only_the_folder_knows_can_be_cleared(mm: Command, full: Path) -> None:
    Cache(full).get("waves", digest(1), writes(1.0))
    assert mm("cache", "clear", "--kind", "waves").out.startswith("waves: 1 entry, 1 kB\n")
    assert len(kept(full)) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["clear", "--older-than-days", "-1"],
        ["clear", "--older-than-days", "old"],
        ["clear", "tokens"],
        ["--json", "clear"],
        ["empty"],
    ],
)
def test_wrong_usage_clears_nothing(mm: Command, full: Path, arguments: list[str]) -> None:
    ran = mm("cache", *arguments)
    assert ran.status == 2
    assert "Error: " in ran.err
    assert len(kept(full)) == 3


def test_a_limit_that_is_none_is_told(
    mm: Command, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMBENCH_CACHE_GB", "much")
    ran = mm("cache")
    assert ran.status == 2
    assert ran.err.startswith("error: MMBENCH_CACHE_GB='much' is no size in GB")
    assert mm("cache", "clear").status == 0  # for which no limit is needed


def test_clear_leaves_a_build_under_way_and_what_is_being_read(mm: Command, full: Path) -> None:
    read, _ = Cache(full).get("tokens", digest(1), never)
    with entries.alone(entries.entry_folder(full, "tokens", digest(4))):
        part = full / "tokens" / digest(4)[:2] / f".{digest(4)}.0123456789ab.part"
        part.mkdir()
        (part / "half.npy").write_bytes(b"x")
        ran = mm("cache", "clear")
        assert (part / "half.npy").exists()
    assert mm("cache", "clear", "--kind", "features").out == f"nothing to clear in {full}\n"
    assert (part / "half.npy").exists()
    assert ran.status == 0
    assert "killed" not in ran.out
    assert read.arrays["values"].sum() == COUNT
    ran = mm("cache", "clear")
    assert ran.out == "1 build that a killed run left\n"
    assert files_under(full) == []


def test_an_entry_that_cannot_be_removed_is_told_and_stops_no_other(
    mm: Command, full: Path
) -> None:
    with entries.alone(entries.entry_folder(full, "tokens", digest(1))):
        ran = mm("cache", "clear")
    assert ran.status == 1
    assert "tokens: 1 entry, 2 MB" in ran.out
    assert ran.err.startswith("error: 1 entry could not be removed, e.g. ")
    assert ran.err.endswith(f"{digest(1)}: another process is building it\n")
    assert kept(full) == ["tokens 1"]


def test_a_folder_that_cannot_be_written_to_is_told(
    mm: Command, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(source: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(source))

    monkeypatch.setattr(os, "replace", refuses)
    ran = mm("cache", "clear", "--kind", "tokens")
    assert ran.status == 1
    assert ran.out == ""
    assert ran.err.startswith("error: 2 entries could not be removed, e.g. ")
    assert ran.err.endswith(": Permission denied\n")


@pytest.mark.parametrize("command", ["cache", "cache --json", "cache clear", "cache clear --help"])
def test_the_command_imports_nothing_heavy(full: Path, command: str) -> None:
    assert heavy_after(*command.split()) == ["0"]
    assert len(kept(full)) == (0 if command == "cache clear" else 3)
