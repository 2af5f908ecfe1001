"""One trial, from its cards to its record."""

import hashlib
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mmbench.atomic import write_atomically
from mmbench.data.cache import Tally
from mmbench.data.identity import data_digest, media_columns
from mmbench.errors import MmbenchError, TrialError
from mmbench.meters import environment
from mmbench.meters.begun import Begun
from mmbench.meters.memory import peak_memory
from mmbench.meters.noise import other_work, throttled
from mmbench.meters.seen import Seen
from mmbench.models.identity import weights_digest
from mmbench.progress import Watcher
from mmbench.records import (
    Artefact,
    Failure,
    Measurement,
    Record,
    Trial,
)
from mmbench.train.answering import TIMED_EARLIER
from mmbench.train.costs import costs
from mmbench.train.device import seed_everything, true_float32
from mmbench.train.facts import split_facts
from mmbench.train.finetune import Finetuned, finetune
from mmbench.train.grid import grid_points
from mmbench.train.kept import MODEL, RATES, drop_chosen, rate_keeper, read_start, save_kept
from mmbench.train.outcome import Outcome, judge, write_predictions
from mmbench.tuning.trial import drawn, searched, setting_of
from mmbench.workbench import Bench, Keep

UNRESOLVED = "unresolved"
TOKENIZER = "tokenizer.json"
LOADED_EARLIER = "measured when the weights were loaded for an earlier trial"


def resolve(trial: Trial) -> Trial:
    """The trial with the digests of its weights and data; MmbenchError where one is not had."""
    return replace(
        trial,
        digests={
            "model": weights_digest(trial.model),
            "task": data_digest(trial.task.source, media_columns=media_columns(trial.task)),
        },
    )


def run_trial(trial: Trial, folder: Path, bench: Bench, *, keep: Keep | None = None) -> Record:
    """Run it and give its record; what goes wrong in it becomes a record that says `failed`.

    `folder` takes what is too large for the record: predictions, and the model if it is kept, which
    `keep` says for this trial alone (by default as the bench does).
    """
    keep = keep or bench.keep
    true_float32()  # before the fingerprint, which tells it
    begun = Begun(trial=trial, device=bench.device)
    seen, tally = Seen(bench.watcher, bench.device), replace(bench.cache.tally)
    record = begun.record("failed")
    try:
        if UNRESOLVED in trial.digests.values():
            resolve(trial)  # raises what hid the digest when the trial was begun
            raise TrialError("weights or data could not be named a moment ago; run it again")
        stages = (
            searched(record, folder, bench, seen)
            if trial.search
            else _stages(record, folder, bench, seen, keep)
        )
        for stage in stages:
            seen.look()
            record = stage  # so that what is known stays known if a later stage fails
    except Exception as error:  # noqa: BLE001 - the one place where a crash becomes a record
        record = replace(record, status="failed", failure=failure_of(error))
    machine = environment.environment(bench.device, begun.meter, seen.clocks)
    return replace(
        record,
        environment=machine,
        seconds=begun.seconds,
        measurements=(
            *record.measurements,
            _reused(bench, tally, record),
            *seen.energy.measurements(),
        ),
        warnings=(
            *record.warnings,
            *throttled(machine.throttling or ()),
            *other_work(machine.other_cores_busy, machine.cores),
        ),
    )


def _reused(bench: Bench, before: Tally, record: Record) -> Measurement:
    """What earlier trials saved this one: `seconds` + this is what it would have taken alone in a
    warm process, with nothing in the cache."""
    tally, loading = bench.cache.tally, record.measurement("load_seconds")
    saved = tally.saved_seconds - before.saved_seconds
    saved -= tally.waited_seconds - before.waited_seconds
    if loading is not None and loading.note == LOADED_EARLIER:
        saved += loading.value or 0.0
    timed = record.measurement("answering_seconds")
    if timed is not None and timed.note == TIMED_EARLIER:
        saved += timed.value or 0.0
    return Measurement(name="reused_seconds", unit="s", value=max(0.0, saved))


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


def _stages(
    record: Record, folder: Path, bench: Bench, watcher: Watcher, keep: Keep
) -> Iterator[Record]:
    """The record when the scores are known, when the costs are, and when everything is."""
    trial = record.trial
    calibration = bench.calibrator.before()
    with peak_memory(bench.device) as peak:
        watcher.phase("reading data")
        whole = bench.task_data(trial)
        data, few = drawn(whole, trial)
        watcher.phase("loading the model")
        seed_everything(trial.seed, "trial")
        adapter, fresh = bench.adapter(trial)
        setting = setting_of(record, adapter, bench, watcher)
        finetuned = finetune(
            adapter,
            data,
            setting,
            unlabelled=whole.splits.get("train"),
            start=None if trial.start is None else read_start(Path(trial.start)),
            after_rate=rate_keeper(folder) if keep == "all" else None,
        )
        outcome = judge(finetuned, data)
    grid = finetuned.grid
    loading = Measurement(
        name="load_seconds",
        unit="s",
        value=bench.loaded_seconds,
        note=None if fresh else LOADED_EARLIER,
    )
    record = replace(
        record,
        labels=data.labels,
        scores=outcome.scores,
        classes=outcome.classes,
        parts=outcome.parts,
        part_labels=data.parts,
        without=outcome.without,
        measurements=(*peak.measurements, loading),
        stages=finetuned.stages,
        grid=() if grid is None else grid_points(grid, trial.task.primary),
        curve=() if grid is None else tuple(point for fit in grid.fits for point in fit.curve),
        data=split_facts(finetuned, data),
        dropped=data.dropped,
        logits_digest=outcome.digest,
        warnings=(
            *few,
            *(
                f"learning rate {fit.learning_rate:g} diverged: {fit.reason}"
                for fit in (() if grid is None else grid.diverged)
            ),
        ),
    )
    yield record
    watcher.phase("timing")
    cost = costs(finetuned, setting, bench.timed_answering(trial))
    bench.keep_answering(trial, cost.answering)
    record = replace(
        record,
        measurements=(*cost.measurements, *record.measurements),
        warnings=(*record.warnings, *cost.warnings),
    )
    yield record  # at which the device is looked at while it is still warm
    drift = bench.calibrator.drift_since(calibration)
    yield replace(
        record,
        status="ok",
        measurements=(*record.measurements, *drift.measurements),
        warnings=(*record.warnings, *drift.warnings),
        artefacts=_artefacts(finetuned, outcome, folder, watcher, keep),
    )


def _artefacts(
    finetuned: Finetuned, outcome: Outcome, folder: Path, watcher: Watcher, keep: Keep
) -> dict[str, Artefact]:
    artefacts = {"predictions": write_predictions(outcome, finetuned.objective, finetuned, folder)}
    if finetuned.vocabulary is not None:
        write_atomically(folder / TOKENIZER, finetuned.vocabulary)
        artefacts["tokenizer"] = _artefact(folder, TOKENIZER)
    if keep == "none":
        return artefacts
    watcher.phase("keeping the model")
    save_kept(finetuned, folder / MODEL)
    artefacts["model"] = _artefact(folder, f"{MODEL}/mmbench.json")
    drop_chosen(finetuned, folder)
    for root in (folder / MODEL, folder / RATES):
        for path in sorted(root.rglob("*.safetensors")):  # a pair has several
            place = path.relative_to(folder).as_posix()
            artefacts[place] = _artefact(folder, place)
    return artefacts


def _artefact(folder: Path, path: str) -> Artefact:
    with open(folder / path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Artefact(path=path, sha256=digest, bytes=(folder / path).stat().st_size)
