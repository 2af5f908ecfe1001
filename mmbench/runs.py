"""A run: which trials of a plan are to be done, and doing them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from mmbench.compare.setups import differing
from mmbench.errors import MmbenchError
from mmbench.executors.choose import ExecutorName, make_executor
from mmbench.fingerprint import Fingerprint
from mmbench.meters import environment
from mmbench.meters.begun import Begun
from mmbench.parents import Place, place_of
from mmbench.plan import Plan, Refusal
from mmbench.progress import Silent, Watcher
from mmbench.records import BEHAVIOUR, Failure, Record, Trial
from mmbench.store import Store, Stored
from mmbench.train.device import choose_device, true_float32
from mmbench.train.kept import RATES
from mmbench.train.search import JOURNAL
from mmbench.trial import UNRESOLVED, resolve
from mmbench.workbench import Bench, Keep

NOBODY: Place = ("", "", "", 0, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a run will do. `differing` says in what else reused records differ from this machine
    and code: what differs → how many records. fresh: nothing of earlier runs is gone on from."""

    plan: Plan
    todo: tuple[Trial, ...]
    reused: tuple[Stored, ...]
    differing: Mapping[str, int]
    fresh: bool = False


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
    A record whose model was not kept does not count as done where the model is wanted: by `keep`,
    or by a trial that starts from it and is itself to be done.
    """
    true_float32()  # as trials do, so that their fingerprints say the same
    store, kind = Store(results), choose_device(device)
    digests: dict[tuple[str, str], Mapping[str, str]] = {}
    resolved: list[Trial] = []
    keys: dict[Place, str] = {}
    for trial in planned.trials:  # parents come first
        pair = (trial.model.name, trial.task.name)
        if pair not in digests:
            digests[pair] = _digests(trial)
        named = replace(trial, digests=digests[pair])
        parent = planned.parents.get(place_of(trial))
        if parent is not None:
            named = replace(named, parents=(keys[parent],))
        keys[place_of(trial)] = named.key
        resolved.append(named)
    todo: list[Trial] = []
    reused: list[Stored] = []
    differing: Counter[str] = Counter()
    wanted: set[Place | None] = set()
    for trial in reversed(resolved):  # children say whether their parent's model is wanted
        here = environment.fingerprint(kind, trial.recipe.precision)
        needed: Keep = "best" if keep == "none" and place_of(trial) in wanted else keep
        done = None if fresh else _done(store, trial, here, needed)
        if done is None:
            todo.insert(0, trial)
            wanted.add(planned.parents.get(place_of(trial)))
        else:
            reused.insert(0, done)
            differing.update(_differences(done.record.fingerprint, here))
    return Work(
        plan=planned, todo=tuple(todo), reused=tuple(reused), differing=differing, fresh=fresh
    )


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
    known = {place_of(stored.record.trial): stored for stored in work.reused}
    awaited = {work.plan.parents.get(place_of(trial)) for trial in work.todo}
    try:
        for number, trial in enumerate(work.todo, start=1):
            watcher.started(trial, number, len(work.todo))
            # files may have changed since the run was planned, hours ago perhaps
            current = replace(trial, digests=_digests(trial))
            parent = known.get(work.plan.parents.get(place_of(trial), NOBODY))
            if parent is not None:
                current = _started_from(parent, current)
            needed: Keep = "best" if keep == "none" and place_of(trial) in awaited else keep
            with store.claim(current) as folder:
                if work.fresh:
                    (folder.parent / JOURNAL).unlink(missing_ok=True)
                if parent is not None and parent.record.status != "ok":
                    record = _orphaned(current, parent, bench.device)
                else:
                    record = chosen.run(current, folder, keep=needed)
                known[place_of(trial)] = store.put(record, folder)
                new.append(known[place_of(trial)])
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


def _started_from(parent: Stored, trial: Trial) -> Trial:
    """The trial, starting from the model, or with the setting, of a parent that has run."""
    if parent.record.trial.search:
        found = next((tried.setting for tried in parent.record.tried if tried.chosen), {})
        return replace(trial, parents=(parent.record.key,), tuned=found)
    start = str((parent.folder / "model").absolute())
    return replace(trial, parents=(parent.record.key,), start=start)


def _orphaned(trial: Trial, parent: Stored, device: torch.device) -> Record:
    """The record of a trial whose parent has failed: it has nothing to start from."""
    failed = parent.record
    why = failed.failure.message if failed.failure is not None else failed.status
    message = f"the trial that it starts from has failed ({failed.trial.name}): {why}"
    failure = Failure(kind="ParentFailed", message=message, traceback="")
    return replace(Begun(trial=trial, device=device).record("failed", failure), seconds=0.0)


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
        kept = trial.search or _has_kept(stored.record, keep)
        if stored.record.status == "ok" and same and kept:
            return stored
    return None


def _has_kept(record: Record, keep: Keep) -> bool:
    """Whether the models that are wanted are there; of `all`, that of each rate but the chosen."""
    if keep == "none":
        return True
    others = sum(not point.chosen and point.diverged is None for point in record.grid)
    folders = {name.split("/")[1] for name in record.artefacts if name.startswith(f"{RATES}/")}
    return "model" in record.artefacts and (keep == "best" or len(folders) >= others)


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
