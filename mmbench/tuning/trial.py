"""What a trial trains with, and the trial that is a search."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from mmbench.cards import Recipe
from mmbench.data.examples import TaskData
from mmbench.digests import digest_of
from mmbench.models.base import Adapter
from mmbench.progress import Watcher
from mmbench.records import Measurement, Record, Trial
from mmbench.train.device import seed_everything
from mmbench.train.finetune import finetune
from mmbench.train.identities import identities
from mmbench.train.search import JOURNAL, Kept, search
from mmbench.train.setting import Setting
from mmbench.train.shots import draw_shots
from mmbench.train.stopping import Scored
from mmbench.workbench import Bench

READ = ("train", "validation")
FAILED = {"diverged": "diverged", "out_of_memory": "ran out of memory"}


def setting_of(record: Record, adapter: Adapter, bench: Bench, watcher: Watcher) -> Setting:
    """Of the record's trial on this bench, with the setting that a search found, if any."""
    trial = record.trial
    return Setting(
        task=trial.task,
        recipe=trial.trained,
        seed=trial.seed,
        identities=identities(trial, adapter),
        fingerprint=record.fingerprint,
        device=bench.device,
        cache=bench.cache,
        watcher=watcher,
        inference_seconds=bench.inference_seconds,
    )


def searched(record: Record, folder: Path, bench: Bench, watcher: Watcher) -> Iterator[Record]:
    """The record of a search: every setting that was tried, one of them chosen.

    It is given the training and the validation split and no other. The journal lies beside the
    folders of the trial's runs, so that the next run finds it.
    """
    trial = record.trial
    watcher.phase("reading data")
    whole = bench.task_data(trial)
    held = {name: whole.splits[name] for name in READ if name in whole.splits}
    data, few = drawn(replace(whole, splits=held), trial)

    def attempt(recipe: Recipe, scored: Scored) -> None:
        seed_everything(trial.seed, "trial")
        adapter, _ = bench.adapter(trial)
        setting = setting_of(record, adapter, bench, watcher)
        finetune(adapter, data, replace(setting, recipe=recipe, scored=scored))

    of = digest_of([trial.key, record.fingerprint.digest, version("optuna")])
    tried = search(
        trial.recipe,
        attempt,
        rows=len(data.splits["train"]),
        seed=trial.seed,
        watcher=watcher,
        journal=Kept(file=folder.parent / JOURNAL, of=of),
    )
    failed = [
        f"tuning: setting {each.number + 1} {FAILED[each.outcome]}: {each.reason}"
        for each in tried
        if each.outcome in FAILED
    ]
    spent = Measurement(name="search_seconds", unit="s", value=sum(each.seconds for each in tried))
    yield replace(
        record,
        status="ok",
        labels=data.labels,
        tried=tried,
        dropped=data.dropped,
        measurements=(*record.measurements, spent),
        warnings=(*few, *failed),
    )


def drawn(data: TaskData, trial: Trial) -> tuple[TaskData, Sequence[str]]:
    """The task with as many training rows a class as the recipe asks for, and what to say of it."""
    shots = trial.recipe.shots
    if shots is None or "train" not in data.splits:
        return data, []
    found = draw_shots(data, shots, trial.seed)
    if not found.short:
        return found.data, []
    return found.data, [
        f"{found.short} of {len(data.labels)} classes have fewer than {shots} training rows: "
        "all of these were taken"
    ]
