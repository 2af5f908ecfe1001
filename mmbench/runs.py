"""A run: which trials of a plan are to be done, and doing them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from mmbench.compare.setups import differing
from mmbench.errors import MmbenchError
from mmbench.executors.choose import ExecutorName, make_executor
from mmbench.meters import environment
from mmbench.meters.begun import Begun
from mmbench.plan import Plan, Refusal
from mmbench.progress import Silent, Watcher
from mmbench.records import BEHAVIOUR, Failure, Fingerprint, Trial
from mmbench.store import Store, Stored
from mmbench.train.device import choose_device, true_float32
from mmbench.trial import UNRESOLVED, Bench, Keep, resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a run will do. `differing` says in what else reused records differ from this machine
    and code: what differs → how many records."""

    plan: Plan
    todo: tuple[Trial, ...]
    reused: tuple[Stored, ...]
    differing: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """`stored` holds every record of the run: reused, new, failed and refused."""

    stored: tuple[Stored, ...]
    reused: int
    ok: int
    failed: int
    refused: int


def prepare_run(
    planned: Plan,
    *,
    results: Path,
    device: str = "auto",
    keep: Keep = "none",
    fresh: bool = False,
) -> Work:
    """Name the weights and data of a plan's trials, and look up what is already done.

    A trial is done if an `ok` record has its key, the kind of device, the precision and our
    behaviour version. `fresh` runs everything again.
    With keep="best", a record whose model was not kept does not count as done.
    """
    true_float32()  # as trials do, so that their fingerprints say the same
    store, kind = Store(results), choose_device(device)
    digests: dict[tuple[str, str], Mapping[str, str]] = {}
    todo: list[Trial] = []
    reused: list[Stored] = []
    differing: Counter[str] = Counter()
    for trial in planned.trials:
        pair = (trial.model.name, trial.task.name)
        if pair not in digests:
            digests[pair] = _digests(trial)
        resolved = replace(trial, digests=digests[pair])
        here = environment.fingerprint(kind, trial.recipe.precision)
        done = None if fresh else _done(store, resolved, here, keep)
        if done is None:
            todo.append(resolved)
        else:
            reused.append(done)
            differing.update(_differences(done.record.fingerprint, here))
    return Work(plan=planned, todo=tuple(todo), reused=tuple(reused), differing=differing)


def run_suite(
    work: Work,
    *,
    results: Path,
    device: str = "auto",
    keep: Keep = "none",
    watcher: Watcher | None = None,
    executor: ExecutorName = "worker",
    trial_minutes: float | None = None,
) -> RunSummary:
    """Run what is to be done; every record is on disk before the next trial begins.

    A trial that takes longer than `trial_minutes` is stopped and has failed. PlanError if the
    executor cannot stop one.
    """
    watcher = watcher or Silent()
    store = Store(results)
    bench = Bench(device=choose_device(device), keep=keep, watcher=watcher)
    chosen = make_executor(executor, bench, trial_minutes=trial_minutes)
    store.sweep()
    new: list[Stored] = []
    try:
        for number, trial in enumerate(work.todo, start=1):
            watcher.started(trial, number, len(work.todo))
            # files may have changed since the run was planned, hours ago perhaps
            current = replace(trial, digests=_digests(trial))
            with store.claim(current) as folder:
                record = chosen.run(current, folder)
                new.append(store.put(record, folder))
            watcher.ended(record)
    finally:
        chosen.close()
    refused = [_put_refusal(store, refusal, bench.device) for refusal in work.plan.refused]
    ok = sum(stored.record.status == "ok" for stored in new)
    return RunSummary(
        stored=(*work.reused, *new, *refused),
        reused=len(work.reused),
        ok=ok,
        failed=len(new) - ok,
        refused=len(refused),
    )


def _digests(trial: Trial) -> Mapping[str, str]:
    """Of what the trial reads, as it is now. What cannot be had, the trial itself will name."""
    try:
        return resolve(trial).digests
    except MmbenchError:
        return {"model": UNRESOLVED, "task": UNRESOLVED}


def _done(store: Store, trial: Trial, here: Fingerprint, keep: Keep) -> Stored | None:
    """The last record that makes running the trial again needless."""
    for stored in reversed(store.find(trial)):
        print_ = stored.record.fingerprint
        same = (print_.device, print_.precision, print_.behaviour) == (
            here.device,
            here.precision,
            BEHAVIOUR,
        )
        kept = keep == "none" or "model" in stored.record.artefacts
        if stored.record.status == "ok" and same and kept:
            return stored
    return None


def _differences(there: Fingerprint, here: Fingerprint) -> list[str]:
    """By name. What an older record does not tell is not known to differ."""
    code = ["code"] if there.code != here.code else []
    return code + [found.name for found in differing(there, here) if found.known]


def _put_refusal(store: Store, refusal: Refusal, device: torch.device) -> Stored:
    """A refused cell is a record too, so that reports show it; it is written once."""
    earlier = [s for s in store.find(refusal.trial) if s.record.status == "refused"]
    if earlier:
        return earlier[-1]
    failure = Failure(kind="refused", message=refusal.reason, traceback="")
    record = Begun(trial=refusal.trial, device=device).record("refused", failure)
    with store.claim(refusal.trial) as folder:
        return store.put(replace(record, seconds=0.0), folder)
