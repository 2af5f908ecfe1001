"""Processes that are killed, and processes that write together: nothing finished is lost."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import mmbench
from mmbench.atomic import TEMPORARY
from mmbench.store import CLAIM, RECORD, Store

ROOT = Path(mmbench.__file__).parents[1]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def script(code: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


HOLD = """
import sys
from pathlib import Path
from mmbench.store import Store
from tests.specimens import TRIAL
with Store(Path(sys.argv[1])).claim(TRIAL) as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_the_sweep_leaves_what_another_process_is_running(store: Store) -> None:
    with script(HOLD, store.root) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        assert store.sweep() == 0
        assert (folder / CLAIM).exists()
        holder.kill()
        holder.wait()
    assert store.sweep() == 1
    assert not folder.exists()


# A clean interpreter that forks writers and kills them: 500 starts of Python would take minutes.
KILL = """
import json, os, random, signal, sys, time
from dataclasses import replace
from pathlib import Path
from mmbench.codec import dump_json, load_record
from mmbench.store import Store
from tests.specimens import TRIAL, record

root, kills, chance = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
load_record(dump_json(record()), root)  # what is built once is built before the first fork

def write(number, say):
    store = Store(root)
    store.sweep()
    while True:
        number += 1
        trial = replace(TRIAL, seed=number)
        with store.claim(trial) as folder:
            (folder / "predictions.parquet").write_bytes(b"p" * 4096)
            store.put(replace(record(trial), warnings=("w" * 50_000,)), folder)
        os.write(say, f"{number}\\n".encode())  # from here on it may not be lost

finished = []
for attempt in range(kills):
    hear, say = os.pipe()
    child = os.fork()
    if not child:
        write(attempt * 10_000, say)
    os.close(say)
    time.sleep(chance.random() * 0.04)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the writer ended by itself"
    with open(hear) as heard:
        finished += [int(line) for line in heard]
print(json.dumps(finished))
"""


def survive_kills(store: Store, kills: int, seed: int) -> None:
    """SIGKILL a writer again and again; what it said was finished must be there, whole."""
    out, _ = script(KILL, store.root, kills, seed).communicate()
    finished: list[int] = json.loads(out)
    found = [stored.record for stored in store.select()]  # reading checks every one of them
    seeds = Counter(one.trial.seed for one in found)
    assert set(finished) <= set(seeds)
    assert max(seeds.values()) == 1
    assert len(found) <= len(finished) + kills  # one a kill may be put and not yet told of
    store.sweep()
    assert len(list(store.root.glob("*/*"))) == len(found)
    assert not [path for path in store.root.rglob("*") if path.name.endswith(TEMPORARY)]
    assert len(finished) > kills, "the writers were not given the time to finish much"


def test_kills_lose_and_corrupt_nothing(store: Store) -> None:
    survive_kills(store, kills=40, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_many_kills_lose_and_corrupt_nothing(store: Store, seed: int) -> None:
    survive_kills(store, kills=100, seed=seed)


TOGETHER = """
import sys
from dataclasses import replace
from pathlib import Path
from mmbench.store import Store
from tests.specimens import TRIAL, record
store = Store(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(50):
    store.sweep()  # as every run does when it begins: none may take another's folder
    trial = replace(TRIAL, seed=number)
    with store.claim(trial) as folder:
        store.put(record(trial), folder)
"""


def test_processes_that_write_together_lose_nothing(store: Store) -> None:
    writers = [script(TOGETHER, store.root) for _ in range(4)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0] * 4
    seeds = Counter(stored.record.trial.seed for stored in store.select())
    assert seeds == dict.fromkeys(range(50), 4)
    assert store.sweep() == 0
    names = {path.name for path in store.root.glob("*/*/*")}
    assert names == {RECORD}
