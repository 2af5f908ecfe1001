"""Where a trial runs, and after which others, changes nothing of its result."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import ModelCard, Recipe, TaskCard
from mmbench.data.cache import Cache
from mmbench.executors.choose import ExecutorName, make_executor
from mmbench.records import Record, Trial
from mmbench.trial import resolve
from mmbench.workbench import Bench

RECIPE = Recipe(
    name="full-tiny",
    strategy="full",
    learning_rates=(1e-3, 3e-3),
    epochs=2,
    batch_size=16,
    dropout=0.1,
    evaluations=2,
)


@pytest.fixture
def trial(tiny_bert: ModelCard, colours: TaskCard) -> Trial:
    return resolve(Trial(model=tiny_bert, task=colours, recipe=RECIPE, seed=0))


def run(trials: list[Trial], executor: ExecutorName, bench: Bench, tmp_path: Path) -> list[Record]:
    """Each executor has an empty cache: nothing is handed from one to the next."""
    cache = Cache(tmp_path / f"cache-{executor}")
    chosen = make_executor(executor, replace(bench, cache=cache))
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    try:
        records = [chosen.run(trial, folder) for trial in trials]
    finally:
        chosen.close()
    for record in records:
        assert record.failure is None, record.failure.traceback
    return records


def others(trial: Trial, seeds: tuple[int, ...]) -> list[Trial]:
    """What might leave something behind: other seeds, recipes, limits and strategies."""
    short = replace(RECIPE, learning_rates=(1e-3,), epochs=1)
    probe = replace(short, strategy="probe", learning_rates=(1e-2,), name="probe-tiny")
    return [
        replace(trial, recipe=recipe, seed=seed, limit=60)
        for recipe in (probe, short, replace(short, dropout=0.5))
        for seed in seeds
    ]


def agree(one: Record, other: Record) -> None:
    assert one.logits_digest is not None
    assert one.logits_digest == other.logits_digest
    assert one.scores == other.scores
    assert one.fingerprint == other.fingerprint


def test_a_worker_gives_after_other_trials_what_this_process_gives(
    trial: Trial, bench: Bench, tmp_path: Path
) -> None:
    (inline,) = run([trial], "inline", bench, tmp_path)
    *neighbours, last = run([*others(trial, (1,)), trial], "worker", bench, tmp_path)
    agree(inline, last)
    assert inline.logits_digest not in {record.logits_digest for record in neighbours}
    assert inline.measurement("import_seconds") is None


@pytest.mark.slow
def test_inline_worker_and_fresh_agree_alone_and_after_nine_others(
    trial: Trial, bench: Bench, tmp_path: Path
) -> None:
    (inline,) = run([trial], "inline", bench, tmp_path)
    (fresh,) = run([trial], "fresh", bench, tmp_path)
    first, *_, last = run([trial, *others(trial, (1, 2, 3)), trial], "worker", bench, tmp_path)
    for record in (fresh, first, last):
        agree(inline, record)
