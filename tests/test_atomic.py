"""A file is there whole or not at all."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mmbench import atomic
from mmbench.atomic import TEMPORARY, temporary_beside, write_atomically


def test_the_content_is_written_and_nothing_else_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file.json"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


def test_a_temporary_name_is_hidden_beside_the_file_and_new_each_time(tmp_path: Path) -> None:
    names = {temporary_beside(tmp_path / "a.json") for _ in range(50)}
    assert len(names) == 50
    assert all(name.parent == tmp_path for name in names)
    assert all(name.name.startswith(".a.json.") and name.name.endswith(TEMPORARY) for name in names)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_an_error_on_the_way_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_it_is_on_the_disk_before_it_is_renamed_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync, rename = os.fsync, os.replace

    def seen_sync(file: int) -> None:
        order.append("fsync")
        sync(file)

    def seen_rename(old: Path, new: Path) -> None:
        order.append("rename")
        rename(old, new)

    monkeypatch.setattr(os, "fsync", seen_sync)
    monkeypatch.setattr(os, "replace", seen_rename)
    write_atomically(tmp_path / "file", b"x")
    assert order == ["fsync", "rename", "fsync"]


def test_a_reader_never_meets_half_a_file(tmp_path: Path) -> None:
    path, versions = tmp_path / "file", [bytes([letter]) * 200_000 for letter in b"abc"]
    write_atomically(path, versions[0])
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            for version in versions:
                write_atomically(path, version)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert all(path.read_bytes() in versions for _ in range(300))
    finally:
        stop.set()
        writer.join()


def test_a_file_size_limit_leaves_nothing_behind(tmp_path: Path) -> None:
    """A full disk, as far as a test can have one: the kernel refuses the bytes past the limit."""
    code = f"""
import resource, signal
from pathlib import Path
from mmbench.atomic import write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path({str(tmp_path / "file")!r})
write_atomically(path, b"old")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomically(path, b"new" * 1000)
except OSError as error:
    print(error.strerror)
"""
    root = Path(atomic.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "File too large\n"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"
