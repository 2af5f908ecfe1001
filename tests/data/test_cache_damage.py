"""Damaged entries are found before they are used, and built again."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmbench.data.cache import Cache, Tally
from tests.data.builds import digest, files_under, never, writes

NAME = digest(1)
FILES = ("facts.json", "values.npy", "ones.npy")


def folder_of(root: Path) -> Path:
    return root / "numbers" / NAME[:2] / NAME


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A cache of one entry: three times 1.0."""
    Cache(tmp_path).get("numbers", NAME, writes(1.0))
    return tmp_path


def found_and_repaired(root: Path) -> bool:
    """Whether a fresh cache builds the entry anew, once, and gives what it built."""
    cache = Cache(root)
    entry, hit = cache.get("numbers", NAME, writes(2.0))
    again, hit_again = cache.get("numbers", NAME, never)
    right = all(
        [*e.arrays["values"], *e.arrays["ones"]] == [2.0] * 3 + [1.0] * 6
        and e.facts == {"value": 2.0}
        for e in (entry, again)
    )
    counted = (cache.tally.misses, cache.tally.repaired, cache.tally.hits) == (1, 1, 1)
    return right and counted and (hit, hit_again) == (False, True)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_anywhere_is_found(root: Path, name: str) -> None:
    file = folder_of(root) / name
    for share in np.arange(20) / 20:
        size = file.stat().st_size  # of the facts it varies, with the digits of the seconds
        os.truncate(file, int(share * size))
        assert found_and_repaired(root), f"{name} cut at {share:.0%} of {size} bytes"
    assert len(files_under(root)) == len(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_gone_is_found(root: Path, name: str) -> None:
    (folder_of(root) / name).unlink()
    assert found_and_repaired(root)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_has_grown_is_found(root: Path, name: str) -> None:
    with open(folder_of(root) / name, "ab") as file:
        file.write(b"x")
    assert found_and_repaired(root)


def test_an_array_that_nobody_wrote_is_found(root: Path) -> None:
    shutil.copy(folder_of(root) / "ones.npy", folder_of(root) / "twos.npy")
    assert found_and_repaired(root)


def test_an_array_of_the_right_size_that_is_none_is_found(root: Path) -> None:
    file = folder_of(root) / "ones.npy"
    file.write_bytes(b"\0" * file.stat().st_size)
    assert found_and_repaired(root)


def test_a_folder_in_a_files_place_is_found(root: Path) -> None:
    (folder_of(root) / "facts.json").unlink()
    (folder_of(root) / "facts.json").mkdir()
    assert found_and_repaired(root)


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "3", "[]", '"bytes"', "{}", "\xff\xfe", "[" * 100_000, '{"truncated": 0}'],
    ids=["empty", "half", "null", "number", "list", "word", "none", "binary", "deep", "old form"],
)
def test_facts_that_are_garbage_or_of_an_earlier_form_are_found(root: Path, text: str) -> None:
    (folder_of(root) / "facts.json").write_bytes(text.encode("latin-1"))
    assert found_and_repaired(root)


@pytest.mark.parametrize(
    "change",
    [
        lambda noted: noted.pop("seconds"),
        lambda noted: noted.update(seconds="fast"),
        lambda noted: noted.pop("facts"),
        lambda noted: noted.update(facts=[1]),
        lambda noted: noted.pop("bytes"),
        lambda noted: noted.update(bytes=3),
        lambda noted: noted["bytes"].pop("ones.npy"),
        lambda noted: noted["bytes"].update({"../ones.npy": 176}),
    ],
)
def test_facts_that_lack_what_we_write_are_found(
    root: Path, change: Callable[[dict[str, object]], object]
) -> None:
    facts = folder_of(root) / "facts.json"
    noted = json.loads(facts.read_text())
    change(noted)
    facts.write_text(json.dumps(noted))
    assert found_and_repaired(root)


def test_an_entry_that_was_never_there_is_not_counted_as_repaired(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.get("numbers", NAME, writes(1.0))
    assert (cache.tally.misses, cache.tally.repaired) == (1, 0)


def test_a_machine_out_of_file_handles_does_not_make_an_entry_damaged(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    cache = Cache(root)
    with monkeypatch.context() as patch:
        patch.setattr(np, "load", refuses)
        with pytest.raises(OSError, match="Too many open files"):
            cache.get("numbers", NAME, never)
    entry, hit = cache.get("numbers", NAME, never)
    assert hit
    assert entry.facts == {"value": 1.0}
    assert cache.tally == Tally(hits=1, saved_seconds=entry.seconds)
