"""How long `mmbench report` takes, and how much memory, from 1,000 to 10,000 records.

    python -m benchmarks.large_report --out results/reference/large_report.json

The records are one of the reference run's under other names: models × tasks × 5 seeds, predictions
beside them, whose paired tests are those of ties throughout. Each size is reported twice, by the
command itself in a process of its own: cold, with an empty cache of statistics, and warm. It ends
with status 1 if the largest takes more than LIMIT_SECONDS warm or LIMIT_BYTES.
"""

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil
import torch

from mmbench.codec import dump_json
from mmbench.meters.environment import fingerprint
from mmbench.records import Record
from mmbench.store import Store, Stored

REFERENCE = Path(__file__).parents[1] / "results" / "reference" / "quickstart"
CELL = "minilm-l6.emoji-keywords-group-en.full"
SIZES = ((20, 10, 5), (30, 20, 5), (50, 40, 5))  # models, tasks, seeds
LIMIT_SECONDS, LIMIT_BYTES = 20.0, 2**30
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """peak_bytes: resident, looked at every POLL_SECONDS."""

    records: int
    cache: str
    seconds: float
    peak_bytes: int


def main() -> None:
    parser = argparse.ArgumentParser(description="Time reports of many records.")
    parser.add_argument("--out", type=Path, help="the figures go here as JSON")
    out = parser.parse_args().out
    found: list[Took] = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder) / "results"
            records = write_records(results, *size)
            for cache in ("cold", "warm"):
                took = report(results, Path(folder), records, cache)
                found.append(took)
                print(
                    f"{took.records:6,} records, {cache}: {took.seconds:5.1f} s, "
                    f"{took.peak_bytes / 2**20:,.0f} MiB",
                    flush=True,
                )
    if out is not None:
        told = {
            "limit_seconds": LIMIT_SECONDS,
            "limit_bytes": LIMIT_BYTES,
            "fingerprint": asdict(fingerprint(torch.device("cpu"), "fp32")),
            "reports": [asdict(took) for took in found],
        }
        out.write_text(json.dumps(told, indent=1) + "\n")
    last = found[-1]
    if last.seconds > LIMIT_SECONDS or last.peak_bytes > LIMIT_BYTES:
        sys.exit(f"over the limit of {LIMIT_SECONDS:g} s warm and {LIMIT_BYTES / 2**20:g} MiB")


def write_records(results: Path, models: int, tasks: int, seeds: int) -> int:
    """One record under other names, with its predictions; returns how many."""
    (folder, *_) = sorted(REFERENCE.glob(f"{CELL}*"))
    (one, *_) = Store(folder).select()
    everything = list(itertools.product(range(tasks), range(models), range(seeds)))
    for task, model, seed in everything:
        _write(one, results, task=task, model=model, seed=seed)
    return len(everything)


def renamed(record: Record, *, task: int, model: int, seed: int) -> Record:
    """The record as that of another model on another task."""
    trial = replace(
        record.trial,
        model=replace(record.trial.model, name=f"model-{model}"),
        task=replace(record.trial.task, name=f"task-{task}"),
        seed=seed,
    )
    return replace(record, key=trial.key, trial=trial)


def _write(one: Stored, results: Path, *, task: int, model: int, seed: int) -> None:
    folder = results / f"{model}.{task}.{seed}" / "run"
    folder.mkdir(parents=True)
    record = renamed(one.record, task=task, model=model, seed=seed)
    (folder / "record.json").write_bytes(dump_json(record))
    shutil.copy(one.folder / one.record.artefacts["predictions"].path, folder)


def report(results: Path, folder: Path, records: int, cache: str) -> Took:
    """One language, Markdown and HTML."""
    command = ["-m", "mmbench", "report", str(results), "--out", str(folder / "report")]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command, "--lang", "en"],
        env=os.environ | {"MMBENCH_CACHE": str(folder / "cache")},
        stdout=subprocess.DEVNULL,
    )
    watched, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        peak = max(peak, _resident(watched))
        time.sleep(POLL_SECONDS)
    if process.returncode:
        sys.exit(f"mmbench report ended with status {process.returncode}")
    seconds = time.perf_counter() - began
    return Took(records=records, cache=cache, seconds=seconds, peak_bytes=peak)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:  # it has ended since it was asked
        return 0


if __name__ == "__main__":
    main()
