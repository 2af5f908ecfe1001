"""One trial, from its cards to its record."""

import hashlib
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import torch

from mmbench.data.cache import Cache, default_cache_root
from mmbench.data.examples import TaskData
from mmbench.data.identity import data_digest
from mmbench.data.tasks import load_task
from mmbench.errors import MmbenchError, TrialError
from mmbench.meters import environment
from mmbench.meters.memory import peak_memory
from mmbench.models.identity import weights_digest
from mmbench.models.loading import load
from mmbench.progress import Silent, Watcher
from mmbench.records import (
    Artefact,
    Failure,
    GridPoint,
    Record,
    SplitFacts,
    Trial,
    digest_of,
)
from mmbench.train.costs import costs
from mmbench.train.device import seed_everything, seed_for, true_float32
from mmbench.train.finetune import Finetuned, Grid, Setting, finetune
from mmbench.train.kept import save_kept
from mmbench.train.outcome import judge, write_predictions

Keep = Literal["best", "none"]
UNRESOLVED = "unresolved"
OTHER_WORK = 0.1


@dataclass(slots=True, kw_only=True)
class Bench:
    """Where trials run, one after the other. The data of the last task are kept for the next."""

    device: torch.device
    cache: Cache = field(default_factory=lambda: Cache(default_cache_root()))
    keep: Keep = "none"
    watcher: Watcher = field(default_factory=Silent)
    _loaded: tuple[str, TaskData] | None = None

    def task_data(self, trial: Trial) -> TaskData:
        wanted = digest_of([trial.task_behaviour, trial.digests["task"], trial.limit])
        if self._loaded is None or self._loaded[0] != wanted:
            self._loaded = (wanted, load_task(trial.task, limit=trial.limit))
        return self._loaded[1]


def resolve(trial: Trial) -> Trial:
    """The trial with the digests of its weights and data; MmbenchError where one is not had."""
    return replace(
        trial,
        digests={
            "model": weights_digest(trial.model),
            "task": data_digest(trial.task.source, image_column=trial.task.inputs.get("image")),
        },
    )


def run_trial(trial: Trial, folder: Path, bench: Bench) -> Record:
    """Run it and give its record; what goes wrong in it becomes a record that says `failed`.

    `folder` takes what is too large for the record: predictions, and the model if it is kept.
    """
    began = time.perf_counter()
    meter = environment.LoadMeter()
    record = Record(
        key=trial.key,
        trial=trial,
        fingerprint=environment.fingerprint(bench.device, trial.recipe.precision),
        environment=environment.environment(bench.device, meter),
        status="failed",
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=0.0,
    )
    try:
        if UNRESOLVED in trial.digests.values():
            resolve(trial)  # raises what hid the digest when the trial was begun
            raise TrialError("weights or data could not be named a moment ago; run it again")
        true_float32()
        for stage in _stages(record, folder, bench):
            record = stage  # so that what is known stays known if a later stage fails
    except Exception as error:  # noqa: BLE001 - the one place where a crash becomes a record
        record = replace(record, status="failed", failure=failure_of(error))
    machine = environment.environment(bench.device, meter)
    return replace(
        record,
        environment=machine,
        seconds=time.perf_counter() - began,
        warnings=(*record.warnings, *other_work_of(machine.other_cores_busy, machine.cores)),
    )


def failure_of(error: Exception) -> Failure:
    """What went wrong: our own errors in their words, others with their type."""
    message = str(error) or type(error).__name__
    if not isinstance(error, MmbenchError):
        message = f"{type(error).__name__}: {message}"
    return Failure(
        kind=type(error).__name__,
        message=message,
        traceback="".join(traceback.format_exception(error)),
    )


def _stages(record: Record, folder: Path, bench: Bench) -> Iterator[Record]:
    """The record when the scores are known, and again when everything is."""
    trial, watcher = record.trial, bench.watcher
    with peak_memory(bench.device) as peak:
        watcher.phase("reading data")
        data = bench.task_data(trial)
        watcher.phase("loading the model")
        seed_everything(trial.seed, "trial")
        adapter = load(trial.model, seed=seed_for(trial.seed, "weights"))
        setting = Setting(
            recipe=trial.recipe,
            metrics=trial.task.metrics,
            seed=trial.seed,
            identity=_identity(trial),
            fingerprint=record.fingerprint,
            device=bench.device,
            cache=bench.cache,
            watcher=watcher,
        )
        finetuned = finetune(adapter, data, setting)
        outcome = judge(finetuned, data, setting)
    record = replace(
        record,
        labels=data.labels,
        scores=outcome.scores,
        classes=outcome.classes,
        measurements=peak.measurements,
        grid=_grid(finetuned.grid, trial.task.primary),
        curve=tuple(point for fit in finetuned.grid.fits for point in fit.curve),
        data=_facts(finetuned, data),
        dropped=data.dropped,
        logits_digest=outcome.digest,
        warnings=tuple(
            f"learning rate {fit.learning_rate:g} diverged: {fit.reason}"
            for fit in finetuned.grid.diverged
        ),
    )
    yield record
    watcher.phase("timing")
    measurements = (*costs(finetuned, setting), *peak.measurements)
    artefacts = {"predictions": write_predictions(outcome, data, folder)}
    if bench.keep == "best":
        watcher.phase("keeping the model")
        save_kept(adapter, finetuned.learner.head, data, trial.recipe, trial.task, folder / "model")
        artefacts["model"] = _weights(folder, "model/model.safetensors")
        artefacts["head"] = _weights(folder, "model/head.safetensors")
    yield replace(record, status="ok", measurements=measurements, artefacts=artefacts)


def other_work_of(busy: float | None, cores: int) -> list[str]:
    """A warning if other processes kept more than a tenth of the cores busy."""
    if busy is None or busy <= OTHER_WORK * cores:
        return []
    return [
        f"other processes kept {busy:.1f} of {cores} cores busy: do not compare the speeds; "
        "run it again alone"
    ]


def _identity(trial: Trial) -> str:
    """What the features of this trial's backbone depend on besides its inputs."""
    seed = trial.seed if trial.model.start == "scratch" else None
    return digest_of([trial.model_behaviour, trial.digests["model"], seed])


def _weights(folder: Path, path: str) -> Artefact:
    content = (folder / path).read_bytes()
    return Artefact(path=path, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


def _grid(grid: Grid, primary: str) -> tuple[GridPoint, ...]:
    """Every learning rate, those that diverged last."""
    ended = [
        GridPoint(
            learning_rate=fit.learning_rate,
            validation=fit.best.validation[primary],
            best_step=fit.best.step,
            steps=fit.steps,
            seconds=fit.seconds,
            stopped_early=fit.stopped_early,
            chosen=fit is grid.chosen,
        )
        for fit in grid.fits
    ]
    diverged = [
        GridPoint(
            learning_rate=fit.learning_rate,
            validation=None,
            diverged=fit.reason,
            best_step=0,
            steps=0,
            seconds=fit.seconds,
            stopped_early=False,
            chosen=False,
        )
        for fit in grid.diverged
    ]
    return (*ended, *diverged)


def _facts(finetuned: Finetuned, data: TaskData) -> tuple[SplitFacts, ...]:
    facts = []
    for split, examples in data.splits.items():
        prepared = finetuned.prepared[split].facts
        facts.append(
            SplitFacts(
                split=split,
                examples=len(examples),
                groups=None if examples.groups is None else len(set(examples.groups)),
                truncated=prepared.truncated,
                unknown_token_share=prepared.unknown_token_share,
                tokens=prepared.tokens,
            )
        )
    return tuple(facts)
