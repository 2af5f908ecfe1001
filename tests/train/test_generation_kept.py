"""Models that write by strategy: what is trained, kept, and gone on from."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq
import pytest
import torch

from mmbench import inference
from mmbench.answers import Generated
from mmbench.api import finetune
from mmbench.cards import ModelCard, Recipe, TaskCard
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.tasks import load_task
from mmbench.models.generative import GenerativeAdapter
from mmbench.models.loading import load
from mmbench.records import Trial
from mmbench.store import Stored
from mmbench.train import strategy
from mmbench.train.generation import Generative
from mmbench.trial import resolve, run_trial
from mmbench.workbench import Bench
from tests.train.trials import run
from tests.train.writers import FULL, PROBE

pytestmark = pytest.mark.usefixtures("quick_timing")
HEAD = replace(PROBE, name="head", strategy="head", epochs=2)


def changed(card: ModelCard, recipe: Recipe, examples: Examples, folder: Path) -> Mapping[str, Any]:
    """By name, whether a step of training changed the weight."""
    adapter = load(card)
    assert isinstance(adapter, GenerativeAdapter)
    adapter.learn_vocabulary(examples)
    frozen = recipe.strategy in ("head", "probe")
    learner = Generative(adapter, encoder_frozen=frozen)
    strategy.freeze(learner, recipe)
    strategy.training_mode(learner, recipe)
    inputs = adapter.prepare(examples, Cache(folder)).collate(range(len(examples)))
    start = {name: p.detach().clone() for name, p in adapter.generator.named_parameters()}
    trained = [p for p in learner.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1)
    learner.sums(inputs).sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return {
        name: not torch.equal(p, start[name]) for name, p in adapter.generator.named_parameters()
    }


def test_a_head_leaves_the_encoder_as_it_was_and_trains_the_decoder(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    found = changed(captioner, HEAD, load_task(captions).splits["train"], tmp_path)
    assert not any(moved for name, moved in found.items() if name.startswith("seeing."))
    assert all(
        moved
        for name, moved in found.items()
        if "crossattention" in name and "query" not in name and "bias" not in name
    )
    assert any(name.startswith("seeing.") for name in found)


def test_a_probe_does_not_write_into_the_model_that_the_next_trial_gets(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    bench = Bench(device=torch.device("cpu"), cache=Cache(tmp_path / "cache"))
    trial = resolve(
        Trial(
            model=captioner,
            task=captions,
            recipe=replace(PROBE, epochs=2, evaluations=1),
            seed=0,
        )
    )
    digests = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        digests.append(run_trial(trial, folder, bench).logits_digest)
    assert digests[0] == digests[1]


@pytest.mark.parametrize("recipe", [PROBE, replace(FULL, epochs=4)])
def test_a_kept_captioner_writes_the_same(
    recipe: Recipe, captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    record = run(captioner, captions, recipe, tmp_path, keep="best")
    test = load_task(captions).splits["test"]
    table = pq.read_table(tmp_path / "predictions.parquet").to_pylist()
    wanted = {row["id"]: row["predicted"] for row in table if row["split"] == "test"}
    answers = inference.predict(
        Stored(record=record, folder=tmp_path), images=cast(Any, test.inputs["image"])
    )
    assert all(isinstance(answer, Generated) for answer in answers)
    said = [cast(Generated, answer).text for answer in answers]
    assert said == [wanted[row] for row in test.ids]


def test_training_goes_on_from_a_kept_captioner(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    """With a rate so low that nothing changes, it writes what the first one wrote."""
    first = finetune(
        captioner,
        captions,
        recipe=replace(PROBE, epochs=10),
        results=tmp_path,
        keep="best",
        device="cpu",
    )
    idle = replace(PROBE, learning_rates=(1e-9,), epochs=1, evaluations=1)
    second = finetune(
        captioner, captions, recipe=idle, results=tmp_path, init_from=first, device="cpu"
    )
    assert [stage.note for stage in second.record.stages] == ["the head is taken over"]
    said = [
        pq.read_table(stored.folder / "predictions.parquet")["predicted"].to_pylist()
        for stored in (first, second)
    ]
    assert said[0] == said[1]
    assert len(set(said[0])) > 1
