"""Whole trials by every strategy: they learn, count what they train, keep what is asked."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mmbench.api import evaluate
from mmbench.cards import ModelCard, ProbeFirst, Recipe, TaskCard
from mmbench.records import Record, Trial
from mmbench.store import Stored
from mmbench.train.stages import as_probe
from tests.models.dual_samples import RULES, dual_card, write
from tests.train.pictures import retrieval_task, write_flags
from tests.train.trials import run

pytestmark = pytest.mark.usefixtures("quick_timing")

LAYER = 4 * (32 * 32 + 32) + 2 * 2 * 32 + (32 * 64 + 64) + (64 * 32 + 32)
HEAD = 3 * 33
POOLER = 32 * 32 + 32
TRAINED = {
    "partial": LAYER + POOLER + HEAD,
    "bitfit": 2 * (5 * 32 + 64 + 2 * 2 * 32) + 2 * 32 + 32 + HEAD,
    "lora": 2 * 2 * 4 * (32 + 32) + HEAD,
}
WAYS: dict[str, dict[str, object]] = {
    "partial": {"blocks": 1},
    "bitfit": {},
    "lora": {"lora_rank": 4, "lora_alpha": 8.0},
}


def recipe(strategy: str, **changes: object) -> Recipe:
    values: dict[str, object] = {
        "name": f"{strategy}-tiny",
        "strategy": strategy,
        "learning_rates": (3e-3, 1e-2),
        "epochs": 8,
        "batch_size": 16,
        "dropout": 0.0,
        "evaluations": 4,
    }
    return Recipe(**(values | WAYS.get(strategy, {}) | changes))  # type: ignore[arg-type]


@pytest.fixture
def card(tiny_bert: ModelCard) -> ModelCard:
    return replace(tiny_bert, lora_targets=("query", "value"))


def value(record: Record, stage: str, split: str = "test") -> float:
    score = record.score(stage, split, "accuracy")  # type: ignore[arg-type]
    assert score is not None
    assert score.value is not None
    return score.value


@pytest.mark.parametrize("strategy", WAYS)
def test_it_learns_and_counts_what_it_trains(
    strategy: str, card: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    record = run(card, colours, recipe(strategy), tmp_path)
    assert value(record, "after") > value(record, "majority") + 0.2
    found = {m.name: m.value for m in record.measurements}
    assert found["trainable_parameters"] == TRAINED[strategy]
    assert (found["parameters"] or 0) > TRAINED[strategy]


@pytest.mark.parametrize("strategy", WAYS)
def test_the_same_trial_gives_the_same_logits(
    strategy: str, card: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    short = recipe(strategy, epochs=1, evaluations=1, learning_rates=(1e-3,))
    first, again = (run(card, colours, short, tmp_path / n) for n in ("one", "two"))
    assert first.logits_digest == again.logits_digest


@pytest.mark.parametrize("strategy", ["partial", "bitfit", "lora", "full"])
def test_dual_encoders_keep_their_space_under_every_strategy(strategy: str, tmp_path: Path) -> None:
    """Without training they are as before: the first step's loss needs no new projections."""
    source = write("chinese_clip", tmp_path / "model")
    card = replace(
        dual_card(source, RULES["chinese_clip"]),
        lora_targets=("query", "value", "q_proj", "v_proj"),
    )
    chosen = recipe(strategy, learning_rates=(1e-9,), epochs=1, evaluations=1)
    record = run(card, retrieval_task(write_flags(tmp_path)), chosen, tmp_path / "run")
    for split in ("validation", "test"):
        before = record.score("before", split, "mean_recall")
        after = record.score("after", split, "mean_recall")
        assert before is not None
        assert after is not None
        assert after.value == before.value


def test_two_stages_start_from_the_probes_head(
    card: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    first = ProbeFirst(learning_rates=(1e-2,), epochs=10, batch_size=16, evaluations=5)
    both = recipe("full", learning_rates=(1e-9,), epochs=1, evaluations=1, probe_first=first)
    record = run(card, colours, both, tmp_path / "both")
    probe = run(card, colours, as_probe(both), tmp_path / "probe")
    (stage,) = record.stages
    assert stage.name == "probe"
    assert stage.trainable_parameters == HEAD
    assert [point.validation for point in stage.grid] == [p.validation for p in probe.grid]
    # at a rate that changes nothing the second stage answers as the probe did
    assert value(record, "after") == value(probe, "after")
    found = {m.name: m.value for m in record.measurements}
    assert found["trainable_parameters"] == found["parameters"]


def test_a_kept_two_stage_model_answers_as_it_did(
    card: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    first = ProbeFirst(learning_rates=(1e-2,), epochs=5, batch_size=16, evaluations=1)
    both = recipe("lora", probe_first=first, epochs=2)
    record = run(card, colours, both, tmp_path / "run", keep="best")
    scores = evaluate(Stored(tmp_path / "run", record), device="cpu")
    again = {(s.split, s.metric): s.value for s in scores}
    assert again["test", "accuracy"] == value(record, "after")


@pytest.mark.parametrize("strategy", ["full", "lora", "probe"])
def test_all_keeps_the_model_of_every_rate_and_the_best_once(
    strategy: str, card: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    rates = recipe(strategy, learning_rates=(1e-3, 3e-3, 1e-2), epochs=2, evaluations=2)
    record = run(card, colours, rates, tmp_path, keep="all")
    (chosen,) = [point for point in record.grid if point.chosen]
    others = {f"{p.learning_rate:g}" for p in record.grid if not p.chosen}
    assert {folder.name for folder in (tmp_path / "rates").iterdir()} == others
    assert f"{chosen.learning_rate:g}" not in others
    for point in record.grid:
        if point.chosen:
            continue
        folder = tmp_path / "rates" / f"{point.learning_rate:g}"
        (folder / "model").symlink_to(folder)  # as a record's folder holds it
        scores = evaluate(Stored(folder, record), device="cpu")
        found = {(s.split, s.metric): s.value for s in scores}
        assert found["validation", "accuracy"] == pytest.approx(point.validation, abs=0.05)
    names = {name for name in record.artefacts if name.startswith("rates/")}
    assert names == {f"rates/{r}/{f}.safetensors" for r in others for f in ("head", "model")}


def test_lora_targets_are_part_of_its_key_alone(card: ModelCard, colours: TaskCard) -> None:
    def key(strategy: str, targets: tuple[str, ...]) -> str:
        model = replace(card, lora_targets=targets)
        return Trial(model=model, task=colours, recipe=recipe(strategy), seed=0).key

    assert key("lora", ("query",)) != key("lora", ("query", "value"))
    assert key("full", ("query",)) == key("full", ("query", "value"))


def test_frozen_weights_are_kept_as_the_backbone_had_them(
    card: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    from safetensors.torch import load_file
    from transformers import AutoModel

    run(card, colours, recipe("partial", epochs=1), tmp_path, keep="best")
    kept = load_file(tmp_path / "model" / "model.safetensors")
    own = AutoModel.from_pretrained(card.source.path).state_dict()  # type: ignore[union-attr]
    same = {name for name, tensor in kept.items() if torch.equal(tensor, own[name])}
    changed = set(kept) - same
    assert changed
    assert all(name.startswith(("encoder.layer.1.", "pooler.")) for name in changed)
