"""Processes that share a cache, and processes that are killed in it."""

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

import mmbench
from mmbench.data import entries
from mmbench.data.cache import Cache
from mmbench.data.entries import survey
from tests.data.builds import digest, files_under, never, writes

ROOT = Path(mmbench.__file__).parents[1]
ENTRIES = 20


def script(code: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


# Each process asks in an order of its own; every third entry is built out of the next one.
SHARE = """
import os, random, sys, time
from pathlib import Path
import numpy as np
from mmbench.data.cache import Cache
from tests.data.builds import digest
root, log, seed, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
cache = Cache(root)

def want(number):
    def build(folder):
        told = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(told, f"{number}\\n".encode())
        os.close(told)
        inner = want(number + 1) if number % 3 == 0 and number + 1 < count else 0.0
        time.sleep(0.005)
        np.save(folder / "values.npy", np.full(1000, float(number)))
        return {"inner": inner}
    entry, _ = cache.get("numbers", digest(number), build)
    values = entry.arrays["values"]
    assert values.tolist() == [float(number)] * 1000
    return float(values[0])

print("ready", flush=True)
sys.stdin.readline()
order = list(range(count))
random.Random(seed).shuffle(order)
for number in order:
    want(number)
tally = cache.tally
print(tally.misses, tally.hits, tally.repaired, flush=True)
"""


def test_eight_processes_build_each_entry_exactly_once(tmp_path: Path) -> None:
    root, log = tmp_path / "cache", tmp_path / "log"
    workers = [script(SHARE, root, log, seed, ENTRIES) for seed in range(8)]
    for worker in workers:
        assert line_of(worker) == "ready"
    tallies = []
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        out, _ = worker.communicate(timeout=60)
        tallies.append([int(word) for word in out.split()])
    assert [worker.returncode for worker in workers] == [0] * 8
    assert Counter(log.read_text().split()) == {str(number): 1 for number in range(ENTRIES)}
    misses, hits, repaired = (sum(column) for column in zip(*tallies, strict=True))
    nested = len([n for n in range(ENTRIES) if n % 3 == 0 and n + 1 < ENTRIES])
    assert (misses, repaired) == (ENTRIES, 0)
    assert misses + hits == 8 * ENTRIES + nested
    assert len(survey(root).entries) == ENTRIES
    assert survey(root).leftovers == ()


# Builds, and stops in the middle until it is killed; "begun" says that it is there.
HALF = """
import sys
from pathlib import Path
import numpy as np
from mmbench.data.cache import Cache
from tests.data.builds import digest

def build(folder):
    np.save(folder / "values.npy", np.zeros(1000))
    print("begun", flush=True)
    sys.stdin.read()

Cache(Path(sys.argv[1])).get("numbers", digest(int(sys.argv[2])), build)
"""


def killed_in_a_build(root: Path, number: int) -> None:
    with script(HALF, root, number) as process:
        assert line_of(process) == "begun"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert len(survey(root).leftovers) == 2  # its part, and the file of a lock that is free


def test_what_a_killed_build_left_is_no_entry_and_its_next_build_sweeps_it(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.get("numbers", digest(0), writes(0.0))  # so that it need not look through the folder now
    killed_in_a_build(tmp_path, 1)
    assert len(survey(tmp_path).entries) == 1
    entry, hit = cache.get("numbers", digest(1), writes(2.0))
    assert not hit
    assert entry.facts == {"value": 2.0}
    assert cache.tally.repaired == 0
    assert survey(tmp_path).leftovers == ()
    assert len(files_under(tmp_path)) == 2 * 3


def test_the_build_of_another_entry_sweeps_it_as_well(tmp_path: Path) -> None:
    killed_in_a_build(tmp_path, 1)
    Cache(tmp_path).get("numbers", digest(2), writes(2.0))
    assert survey(tmp_path).leftovers == ()
    assert not entries.entry_folder(tmp_path, "numbers", digest(1)).parent.exists()
    assert len(files_under(tmp_path)) == 3


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="the locks of Linux")
def test_who_waited_for_a_build_that_is_killed_builds_itself(tmp_path: Path) -> None:
    with (
        script(HALF, tmp_path, 1) as holder,
        script(SHARE, tmp_path, tmp_path / "log", 0, 2) as next_,
    ):
        assert line_of(holder) == "begun"
        assert line_of(next_) == "ready"
        assert next_.stdin is not None
        next_.stdin.write("go\n")
        next_.stdin.flush()
        wait_until_locked_out(next_, entries.entry_folder(tmp_path, "numbers", digest(1)))
        holder.kill()
        assert line_of(next_).split()[0] == "2"
    assert next_.returncode == 0
    assert survey(tmp_path).leftovers == ()


def wait_until_locked_out(process: "subprocess.Popen[str]", folder: Path) -> None:
    """Until the kernel lists the process as one that waits for the entry's lock."""
    inode = (folder.parent / f".{folder.name}.lock").stat().st_ino
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        # 7: -> FLOCK ADVISORY WRITE 4711 fd:00:123456 0 EOF
        for words in map(str.split, Path("/proc/locks").read_text().splitlines()):
            if words[1] == "->" and words[5] == str(process.pid) and words[6].endswith(f":{inode}"):
                return
    raise AssertionError("it never waited for the lock")


def test_neither_a_sweep_nor_a_removal_disturbs_a_build_under_way(tmp_path: Path) -> None:
    with script(HALF, tmp_path, 1) as holder:
        assert line_of(holder) == "begun"
        assert entries.sweep(survey(tmp_path)) == 0
        with pytest.raises(BlockingIOError):
            entries.remove(entries.entry_folder(tmp_path, "numbers", digest(1)))
        assert len(survey(tmp_path).leftovers) == 2
        holder.kill()
    assert entries.sweep(survey(tmp_path)) == 1
    assert files_under(tmp_path) == []


# A clean interpreter that forks builders and kills each at a random moment after a few builds.
KILL = """
import os, random, signal, sys, time
from pathlib import Path
from mmbench.data.cache import Cache
from mmbench.data.entries import survey
from tests.data.builds import digest, writes
root, kills, chance = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))

def build(say):
    cache = Cache(root, limit_bytes=100_000)
    for number in range(10**6):
        cache.get("numbers", digest(number % 7), writes(number % 7, count=1000))
        os.write(say, b".")

halves = 0
for attempt in range(kills):
    hear, say = os.pipe()
    child = os.fork()
    if not child:
        build(say)
    for _ in range(chance.randrange(1, 8)):
        assert os.read(hear, 1) == b"."
    time.sleep(chance.random() * 0.004)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the builder ended by itself"
    os.close(hear)
    os.close(say)
    halves += any(path.is_dir() for path in survey(root).leftovers)
print(halves)
"""


def test_kills_at_any_moment_leave_whole_entries_alone(tmp_path: Path) -> None:
    """Seven entries where four find room, so that builds and removals alternate."""
    with script(KILL, tmp_path, 40, 0) as killer:
        halves = int(line_of(killer))
    assert halves > 5, "the kills hit no build"
    found = survey(tmp_path)
    standing = [number for number in range(7) if digest(number) in str(found.entries)]
    assert 4 <= len(standing) <= 5  # the fifth, if the last kill came before it made room
    cache = Cache(tmp_path)
    for number in standing:
        entry, hit = cache.get("numbers", digest(number), never)
        assert hit
        assert entry.arrays["values"].tolist() == [float(number)] * 1000
    entries.sweep(found)
    assert survey(tmp_path).leftovers == ()
    assert len(files_under(tmp_path)) == 3 * len(standing)
