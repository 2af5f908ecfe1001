"""What a record says of its own timing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import ModelCard, Recipe, TaskCard
from mmbench.meters.clock import Window
from mmbench.meters.energy import EnergyMeter
from mmbench.meters.environment import ClockWatch
from mmbench.meters.rates import warmup_of
from mmbench.progress import Silent
from mmbench.train import costs
from tests.train.trials import run

pytestmark = pytest.mark.usefixtures("quick_timing")

FULL = Recipe(
    name="full-tiny",
    strategy="full",
    learning_rates=(3e-3,),
    epochs=2,
    batch_size=16,
    evaluations=2,
)


def test_a_record_says_how_long_an_answer_takes_with_its_preparing_apart(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    record = run(tiny_bert, colours, FULL, tmp_path / "run")
    medians = {}
    for name in ("latency", "preparing", "latency_with_preparing"):
        found = record.measurement(f"{name}_p50_seconds")
        assert found is not None
        assert found.value is not None
        medians[name] = found.value
    assert medians["latency_with_preparing"] >= max(medians["latency"], medians["preparing"])
    tail = record.measurement("latency_p99_seconds")
    assert tail is not None
    assert tail.value is None
    assert "p99 needs 1000 samples" in (tail.note or "")


def test_a_record_accounts_for_the_time_of_its_training(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    record = run(tiny_bert, colours, FULL, tmp_path / "run")
    values = {}
    for name in (
        "train_seconds",
        "setup_seconds",
        "warmup_seconds",
        "paused_seconds",
        "unaccounted_share",
    ):
        found = record.measurement(name)
        assert found is not None
        assert found.value is not None
        values[name] = found.value
    assert record.measurement("compile_seconds") is None
    apart = values["setup_seconds"] + values["warmup_seconds"] + values["paused_seconds"]
    assert apart <= values["train_seconds"]
    assert values["unaccounted_share"] < 0.05


def test_a_head_on_features_has_no_rate_of_tokens_or_images(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    probe = replace(FULL, name="probe-tiny", strategy="probe")
    names = {m.name for m in run(tiny_bert, colours, probe, tmp_path / "run").measurements}
    assert {n for n in names if n.startswith("head_")} == {"head_samples_per_second"}
    assert {"feature_tokens_per_second", "inference_padded_tokens_per_second"} <= names
    assert not any("images" in name for name in names)


def test_a_record_tells_what_a_step_keeps_in_memory(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    record = run(tiny_bert, colours, FULL, tmp_path / "run")
    found = {m.name: m.value for m in record.measurements if m.unit == "bytes"}
    trainable = next(m.value for m in record.measurements if m.name == "trainable_parameters")
    assert trainable is not None
    pooler = 32 * 32 + 32  # of BERT, whose output is not used: no gradient reaches it
    reached = 4 * (trainable - pooler)
    assert found["gradient_bytes"] == reached
    # AdamW's two moments, and a counter of steps for each tensor
    assert 2 * reached < (found["optimizer_bytes"] or 0) < 2 * reached * 1.01
    assert (found["model_bytes"] or 0) >= 4 * trainable
    assert (found["activation_bytes"] or 0) > 0


def test_of_a_head_on_features_no_memory_is_told_apart(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    probe = replace(FULL, name="probe-tiny", strategy="probe")
    names = {m.name for m in run(tiny_bert, colours, probe, tmp_path / "run").measurements}
    assert not names & {"model_bytes", "gradient_bytes", "optimizer_bytes", "activation_bytes"}


def test_the_machine_is_calibrated_before_and_after(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    record = run(tiny_bert, colours, FULL, tmp_path / "run")
    for kernel in ("matrix_product", "memory_copy"):
        found = record.measurement(f"calibration_{kernel}_seconds")
        assert found is not None
        assert len(found.values) == 2


def test_a_record_says_what_answering_raw_inputs_gives(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    found = run(tiny_bert, colours, FULL, tmp_path / "run").measurement(
        "inference_with_preparing_samples_per_second"
    )
    assert found is not None
    assert found.value is not None
    assert min(found.values) <= found.value <= max(found.values)


def test_a_warm_up_that_never_settled_makes_a_trial_unstable() -> None:
    window = Window(
        seconds=1.0,
        steps=1,
        samples=1,
        tokens=0,
        padded_tokens=0,
        data_wait_seconds=0.0,
        transfer_seconds=0.0,
    )
    slower = [replace(window, seconds=1.2**i) for i in range(20)]
    assert warmup_of(slower).settled is False
    said = costs._unstable(slower, "training")
    assert said[0].startswith("unstable: the warm-up of training never settled; ")
    assert costs._unstable([window] * 20, "training") == []


def test_energy_and_clocks_are_looked_at_during_a_fit(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever a fit tells something, so that a counter of energy cannot wrap twice unseen."""
    seen: list[str] = []

    def looked(name: str) -> Callable[[object], None]:
        return lambda _: seen.append(name)

    def told(self: Silent, *_: object) -> None:
        seen.append("told")

    monkeypatch.setattr(EnergyMeter, "look", looked("energy"))
    monkeypatch.setattr(ClockWatch, "look", looked("clocks"))
    for name in ("phase", "training", "validated"):
        monkeypatch.setattr(Silent, name, told)
    run(tiny_bert, colours, FULL, tmp_path / "run")
    for place in (i for i, name in enumerate(seen) if name == "told"):
        assert seen[place - 2 : place] == ["energy", "clocks"]
    assert seen.count("told") > 4  # two validations, and what comes before and after


def test_an_answers_arithmetic_is_that_of_its_layers_and_its_head(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    found = run(tiny_bert, colours, FULL, tmp_path / "run").measurement(
        "inference_flops_per_sample"
    )
    assert found is not None
    assert found.note == "counted on 16 rows, padding included"

    def encoder(tokens: int) -> int:
        """Two layers of width 32: four products of 32 × 32 and two of 32 × 64 a token, and all
        pairs of tokens twice."""
        return 2 * (2 * (4 * 32**2 + 2 * 32 * 64) * tokens + 4 * tokens**2 * 32)

    pooler, head = 2 * 32**2, 2 * 32 * 3  # upstream's, which runs too; three colours
    # the longest row, letter by letter: [CLS] a brick of sort ggggggg [SEP]
    assert found.value == encoder(1 + 1 + 5 + 2 + 4 + 7 + 1) + pooler + head
