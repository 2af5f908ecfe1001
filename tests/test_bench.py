"""What a bench keeps between trials changes none of them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mmbench import workbench
from mmbench.cards import FolderModel, ModelCard, RandomModel, Recipe, TaskCard
from mmbench.data.cache import Cache
from mmbench.models.base import Adapter
from mmbench.models.loading import load
from mmbench.records import Record, Trial
from mmbench.train.answering import TIMED_EARLIER
from mmbench.trial import LOADED_EARLIER, resolve, run_trial
from mmbench.workbench import Bench

pytestmark = pytest.mark.usefixtures("quick_timing")

FULL = Recipe(
    name="full-tiny",
    strategy="full",
    learning_rates=(3e-3,),
    epochs=1,
    batch_size=16,
    evaluations=1,
)
PROBE = replace(FULL, name="probe-tiny", strategy="probe", learning_rates=(0.01,))


def bench_at(tmp_path: Path) -> Bench:
    return Bench(device=torch.device("cpu"), cache=Cache(tmp_path / "cache"))


def run(bench: Bench, trial: Trial, folder: Path) -> Record:
    folder.mkdir(parents=True, exist_ok=True)
    record = run_trial(resolve(trial), folder, bench)
    assert record.failure is None, record.failure.traceback
    return record


@pytest.mark.parametrize("most", [2**31, 0], ids=["copied", "loaded again"])
def test_every_trial_starts_from_pristine_weights(
    tiny_bert: ModelCard,
    colours: TaskCard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
) -> None:
    """Alone, after others of the same model, and again: the same digest."""
    monkeypatch.setattr(workbench, "MOST_COPIED_BYTES", most)
    probe, full = (
        Trial(model=tiny_bert, task=colours, recipe=recipe, seed=0) for recipe in (PROBE, FULL)
    )
    alone = [run(bench_at(tmp_path / n), t, tmp_path / n) for n, t in (("p", probe), ("f", full))]
    bench = bench_at(tmp_path / "shared")
    order = [full, probe, full, probe, replace(full, seed=1), full]
    records = [run(bench, trial, tmp_path / str(i)) for i, trial in enumerate(order)]
    expected = {r.trial.recipe.name: r.logits_digest for r in alone}
    for record in (r for r in records if r.trial.seed == 0):
        assert record.logits_digest == expected[record.trial.recipe.name]
    assert records[4].logits_digest != expected["full-tiny"]


def test_weights_are_loaded_once_for_trials_of_one_model(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def counting(card: ModelCard, *, seed: int = 0) -> Adapter:
        loaded.append(card.name)
        return load(card, seed=seed)

    monkeypatch.setattr(workbench, "load", counting)
    bench = bench_at(tmp_path)
    trial = Trial(model=tiny_bert, task=colours, recipe=PROBE, seed=0)
    first = run(bench, trial, tmp_path / "a")
    second = run(bench, replace(trial, seed=1), tmp_path / "b")
    assert loaded == [tiny_bert.name]
    one, other = first.measurement("load_seconds"), second.measurement("load_seconds")
    assert one is not None
    assert other is not None
    assert one.value == other.value
    assert (one.note, other.note) == (None, LOADED_EARLIER)


def test_a_random_start_is_drawn_again_for_every_seed(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    """One seed's random weights must not pass for another's."""
    assert isinstance(tiny_bert.source, FolderModel)
    config = {
        "model_type": "bert",
        "vocab_size": 57,
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    }
    scratch = replace(
        tiny_bert,
        country=None,
        organisation=None,
        source=RandomModel(via="random", config=config, tokenizer=tiny_bert.source),
    )
    trial = Trial(model=scratch, task=colours, recipe=PROBE, seed=0)
    bench = bench_at(tmp_path / "shared")
    both = [run(bench, replace(trial, seed=s), tmp_path / f"s{s}") for s in (0, 1)]
    alone = run(bench_at(tmp_path / "own"), replace(trial, seed=1), tmp_path / "alone")
    assert both[1].logits_digest == alone.logits_digest != both[0].logits_digest


def test_what_earlier_trials_saved_is_told(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    bench = bench_at(tmp_path)
    trial = Trial(model=tiny_bert, task=colours, recipe=PROBE, seed=0)
    first = run(bench, trial, tmp_path / "a").measurement("reused_seconds")
    second = run(bench, replace(trial, seed=1), tmp_path / "b")
    saved, loading = second.measurement("reused_seconds"), second.measurement("load_seconds")
    assert first is not None
    assert saved is not None
    assert loading is not None
    assert first.value == 0
    timed = second.measurement("answering_seconds")
    assert timed is not None
    earlier = (loading.value or 0) + (timed.value or 0)
    assert saved.value == pytest.approx(bench.cache.tally.saved_seconds + earlier)
    assert bench.cache.tally.saved_seconds > 0


def test_a_cell_is_timed_once_and_the_other_seeds_say_so(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    bench = bench_at(tmp_path)
    first, second, other = (
        run(bench, Trial(model=tiny_bert, task=colours, recipe=recipe, seed=seed), tmp_path / name)
        for name, recipe, seed in (("a", PROBE, 0), ("b", PROBE, 1), ("c", FULL, 1))
    )
    for name in ("inference_samples_per_second", "latency_p50_seconds", "answering_seconds"):
        timed, told, again = (r.measurement(name) for r in (first, second, other))
        assert timed is not None
        assert told is not None
        assert again is not None
        assert timed.note != TIMED_EARLIER
        assert (told.value, told.note) == (timed.value, TIMED_EARLIER)
        assert again.note != TIMED_EARLIER, "another recipe is another cell"
    saved = second.measurement("reused_seconds")
    took = second.measurement("answering_seconds")
    assert saved is not None
    assert took is not None
    assert (saved.value or 0.0) >= (took.value or 0.0)
