"""A full disk ends a build in a sentence, and leaves nothing half written."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from mmbench.data.cache import Cache
from mmbench.errors import TrialError
from mmbench.models.pixels import decode
from tests.data.builds import files_under, writes
from tests.models.samples import encoded, images, picture, squash

# what NumPy raises has no errno
SHORT_WRITES = ["1000 requested and 16 written", "Not enough free space to write 80000000 bytes"]


def told(cache: Cache, error: OSError) -> str:
    """What a trial is told when the error comes up in a build that had written something."""

    def build(folder: Path) -> Mapping[str, object]:
        writes(1.0)(folder)
        raise error

    with pytest.raises(TrialError) as caught:
        cache.get("numbers", "ab12", build)
    return str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
        *map(OSError, SHORT_WRITES),
    ],
    ids=["disk", "quota", "written", "reserved"],
)
def test_a_full_disk_is_told_with_its_folder_and_what_to_do(tmp_path: Path, error: OSError) -> None:
    cache = Cache(tmp_path)
    message = told(cache, error)
    assert message.startswith(f"{tmp_path}: the disk is full (")
    assert str(error.strerror or error) in message
    assert "mmbench cache clear" in message
    assert "MMBENCH_CACHE" in message
    assert files_under(tmp_path) == []
    assert cache.get("numbers", "ab12", writes(2.0))[0].facts == {"value": 2.0}


def test_another_error_of_the_disk_is_not_called_full(tmp_path: Path) -> None:
    def build(folder: Path) -> Mapping[str, object]:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(OSError, match="Input/output error"):
        Cache(tmp_path).get("numbers", "ab12", build)
    assert files_under(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("count", [3, 1_000_000])
def test_a_device_that_is_full_is_seen_through_numpy(tmp_path: Path, count: int) -> None:
    def build(folder: Path) -> Mapping[str, object]:
        (folder / "values.npy").symlink_to("/dev/full")
        np.save(folder / "values.npy", np.zeros(count))
        return {}

    with pytest.raises(TrialError, match="the disk is full"):
        Cache(tmp_path).get("numbers", "ab12", build)
    assert files_under(tmp_path) == []


@pytest.mark.parametrize("point", ["fsync", "replace", "mkdir"])
def test_a_disk_that_fills_up_at_any_step_leaves_no_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    cache = Cache(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, point, full)
        with pytest.raises(TrialError, match="the disk is full"):
            cache.get("numbers", "ab12", writes(1.0))
    assert files_under(tmp_path) == []
    assert not cache.get("numbers", "ab12", writes(1.0))[1]


def test_room_for_pixels_is_taken_before_they_are_mapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write to a map of a full disk is a SIGBUS, which nothing can catch."""
    asked: list[int] = []

    def full(_: int, offset: int, length: int) -> None:
        asked.append(offset + length)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    rows = images([encoded(picture(seed)) for seed in range(2)])
    with pytest.raises(TrialError, match="the disk is full"):
        decode(squash(16), rows, Cache(tmp_path))
    assert asked == [128 + 2 * 3 * 16 * 16]  # NumPy's header, and the pixels
    assert files_under(tmp_path) == []
