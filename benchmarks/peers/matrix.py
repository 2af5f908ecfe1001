"""A small matrix: `mmbench run`, and the same trials as Trainer scripts, each in its own process.

Both are timed as a person would: from the command's start to its end, with empty caches, imports
and loading included. `mmbench run` also scores a baseline, gives intervals, times inference, and
writes records and a report; the scripts write an accuracy.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.peers import work
from benchmarks.peers.finetune import as_pairs
from benchmarks.peers.warm import ROOT, Outcome, Work
from mmbench.cards import PackageModel, RandomModel
from mmbench.data.cache import LOCATION
from mmbench.models.sources import locate
from mmbench.store import load

RECIPE = """\
name: peers-matrix
strategy: full
learning_rates: [{learning_rate}]
epochs: {epochs}
batch_size: {batch_size}
evaluations: 1
"""
TRAINER = Path(__file__).with_name("trainer.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """models, tasks: names, with commas between. seeds: how many, from 0 on."""

    models: str
    tasks: str
    seeds: int
    rows: int
    epochs: int
    batch_size: int
    learning_rate: float


def ours(settings: Settings) -> Work:
    """`mmbench run` with its worker, one process a model."""

    def run(round_: int) -> Outcome:
        with tempfile.TemporaryDirectory() as folder:
            recipe = Path(folder) / "peers-matrix.yaml"
            recipe.write_text(
                RECIPE.format(
                    learning_rate=settings.learning_rate,
                    epochs=settings.epochs,
                    batch_size=settings.batch_size,
                )
            )
            command = [sys.executable, "-m", "mmbench", "run", "--offline"]
            command += ["--models", settings.models, "--tasks", settings.tasks]
            command += ["--recipes", str(recipe), "--limit", str(settings.rows)]
            command += ["--seeds", ",".join(map(str, range(settings.seeds)))]
            command += ["--results", f"{folder}/results", "--reports", f"{folder}/reports"]
            began = time.perf_counter()
            done(command, cache=f"{folder}/cache")
            seconds = time.perf_counter() - began
            return Outcome(seconds=seconds, values=found(Path(folder) / "results", settings))

    return run


def found(results: Path, settings: Settings) -> dict[str, float]:
    """From the records: the mean accuracy, and the time within trials."""
    records = [load(path).record for path in results.rglob("record.json")]
    scores = [record.score("after", "test", "accuracy") for record in records]
    values = [score.value for score in scores if score is not None and score.value is not None]
    wanted = settings.seeds * len(cells(settings))
    if len(values) != wanted:
        raise RuntimeError(f"{len(values)} trials of {wanted} have an accuracy")
    return {
        "accuracy": fmean(values),
        "trial_seconds": sum(record.seconds for record in records),
    }


def scripts(settings: Settings) -> Work:
    """Trainer at its best settings, a process a trial; the data lie ready as JSON."""
    root = work.lasting_folder()
    for task in settings.tasks.split(","):
        _, data = work.task_rows(task, settings.rows)
        (root / f"{task}.json").write_text(json.dumps(as_pairs(data)))

    def run(round_: int) -> Outcome:
        trials = list(itertools.product(cells(settings), range(settings.seeds)))
        commands = [
            _command(settings, model, seed, data=root / f"{task}.json", out=root / f"{i}.out")
            for i, ((model, task), seed) in enumerate(trials)
        ]
        began = time.perf_counter()
        for command in commands:
            done(command, cache=None)
        seconds = time.perf_counter() - began
        outs = [json.loads((root / f"{i}.out").read_text()) for i in range(len(trials))]
        return Outcome(seconds=seconds, values={"accuracy": fmean(o["accuracy"] for o in outs)})

    return run


def cells(settings: Settings) -> list[tuple[str, str]]:
    return list(itertools.product(settings.models.split(","), settings.tasks.split(",")))


def _command(settings: Settings, model: str, seed: int, *, data: Path, out: Path) -> list[str]:
    card = work.text_model(model, 256)
    source = card.source.tokenizer if isinstance(card.source, RandomModel) else card.source
    assert isinstance(source, PackageModel), "the scripts are given a package's folder"
    command = [sys.executable, str(TRAINER), "--model", str(locate(source))]
    command += ["--scratch"] if isinstance(card.source, RandomModel) else []
    command += ["--data", str(data), "--seed", str(seed), "--out", str(out)]
    command += ["--epochs", str(settings.epochs), "--batch-size", str(settings.batch_size)]
    command += ["--learning-rate", str(settings.learning_rate), "--max-tokens", "256"]
    return command


def done(command: Sequence[str], *, cache: str | None) -> None:
    """Run it to its end, blocked. RuntimeError with its last words if it fails."""
    environment = os.environ | ({} if cache is None else {LOCATION: cache})
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(f"{command[1:4]} ended with {ended.returncode}: {ended.stderr[-2000:]}")
