"""Continued pre-training: what is hidden, its loss against transformers' own, what it changes."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskedLM, BertConfig, BertForMaskedLM, CLIPModel

from mmbench.cards import FolderModel, ModelCard, Pretraining, Recipe, TaskCard
from mmbench.data.batches import Batch
from mmbench.data.cache import Cache
from mmbench.data.joint import JointRows, inputs_of
from mmbench.data.tasks import examples_from, load_task
from mmbench.errors import TrialError
from mmbench.models.base import Adapter
from mmbench.models.loading import load
from mmbench.train.contrastive import Contrastive
from mmbench.train.masked import (
    IGNORED,
    LABELS,
    MaskedRows,
    Masking,
    hide,
    masked_language,
    masking_of,
)
from mmbench.train.pretraining import pair_keys, weights_now
from tests.models.dual_samples import RULES as DUAL_RULES
from tests.models.dual_samples import dual_card, pairs, write
from tests.train.trials import run

MLM = Pretraining(objective="mlm", learning_rate=3e-3, epochs=3, batch_size=16, mask_share=0.3)
PROBE = Recipe(name="probe", strategy="probe", learning_rates=(1e-2,), epochs=2, evaluations=1)
MASKING = Masking(share=0.15, mask_id=4, entries=1000, special=frozenset({0, 2, 3}))


@pytest.fixture(scope="module")
def with_head(tiny_bert: ModelCard, tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """The tiny BERT's folder with a masked-language head of its own beside it."""
    folder = tmp_path_factory.mktemp("bert-mlm")
    source = cast(FolderModel, tiny_bert.source)
    config = BertConfig.from_pretrained(source.path)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        BertForMaskedLM(config).save_pretrained(folder)
    for file in Path(source.path).iterdir():
        if file.name.startswith(("token", "vocab", "special")):
            (folder / file.name).write_bytes(file.read_bytes())
    return replace(tiny_bert, source=FolderModel(via="folder", path=str(folder)))


def masked_batch(adapter: Adapter, tmp_path: Path) -> Batch:
    rows = adapter.prepare(
        examples_from({"text": ["a red dog ran", "the cat", "blue sea and sky"]}), Cache(tmp_path)
    )
    masking = masking_of(cast(Any, adapter).tokenizer, 0.4, "here")
    inputs = MaskedRows(rows, masking, seed=5).collate(range(3))
    assert (inputs[LABELS] != IGNORED).any()
    return Batch(
        inputs=inputs, targets=None, indices=[0, 1, 2], samples=3, tokens=1, padded_tokens=1
    )


def test_its_loss_is_that_of_transformers_own_model(with_head: ModelCard, tmp_path: Path) -> None:
    adapter = load(with_head)
    learner, note = masked_language(adapter)
    assert note is None
    batch = masked_batch(adapter, tmp_path)
    source = cast(FolderModel, with_head.source)
    theirs: Any = AutoModelForMaskedLM.from_pretrained(source.path)
    expected = theirs(
        input_ids=batch.inputs["input_ids"],
        attention_mask=batch.inputs["attention_mask"],
        labels=batch.inputs[LABELS],
    ).loss
    ours = learner.eval().loss(batch) / learner.count(batch)
    assert float(ours.detach()) == pytest.approx(float(expected.detach()), abs=1e-5)


def test_the_head_guesses_with_the_backbones_own_embeddings(with_head: ModelCard) -> None:
    adapter = load(with_head)
    learner, _ = masked_language(adapter)
    embeddings = cast(Any, adapter).backbone.get_input_embeddings().weight
    assert cast(Any, learner.head).predictions.decoder.weight is embeddings


def test_a_checkpoint_without_a_head_is_told(tiny_bert: ModelCard) -> None:
    _, note = masked_language(load(tiny_bert))
    assert note == "its head starts at random"


def test_tokens_are_hidden_as_bert_was_trained() -> None:
    """15 % are chosen; of these 80 % masked, 10 % another, 10 % as they were; no special one."""
    ids = torch.randint(5, 1000, (400, 100), generator=torch.Generator().manual_seed(0))
    ids[:, 0], ids[:, -10:] = 2, 0
    real = torch.ones_like(ids, dtype=torch.bool)
    real[:, -10:] = False
    seen, labels = hide(ids, real, MASKING, np.random.default_rng(0))
    chosen = labels != IGNORED
    assert torch.equal(labels[chosen], ids[chosen])
    assert not chosen[:, 0].any()
    assert not chosen[:, -10:].any()
    assert torch.equal(seen[~chosen], ids[~chosen])
    assert float(chosen[:, 1:-10].float().mean()) == pytest.approx(0.15, abs=0.01)
    masked, kept = seen[chosen] == 4, seen[chosen] == ids[chosen]
    assert float(masked.float().mean()) == pytest.approx(0.8, abs=0.02)
    assert float(kept.float().mean()) == pytest.approx(0.1, abs=0.02)


def test_a_tokenizer_without_a_mask_is_refused(tiny_bert: ModelCard) -> None:
    tokenizer = cast(Any, load(tiny_bert)).tokenizer
    tokenizer.mask_token = None
    with pytest.raises(TrialError, match="tiny: its tokenizer has no mask token"):
        masking_of(tokenizer, 0.15, "tiny")


@pytest.mark.usefixtures("quick_timing")
def test_a_trial_tells_the_loss_before_and_after(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    recipe = replace(PROBE, pretraining=MLM)
    record = run(tiny_bert, colours, recipe, tmp_path)
    plain = run(tiny_bert, colours, PROBE, tmp_path)
    (stage,) = record.stages
    assert stage.name == "pretraining"
    assert stage.loss_before is not None
    assert stage.loss_after is not None
    # of 57 entries, at random: log 57 = 4.04 nats
    assert stage.loss_before == pytest.approx(np.log(57), abs=0.3)
    assert stage.loss_after < stage.loss_before - 0.3
    assert [point.epoch for point in stage.curve] == [1, 2, 3]
    assert stage.samples == {f.split: f.examples for f in record.data}["train"]
    # the probe's features are those of the changed weights, in spite of the cache
    assert record.logits_digest != plain.logits_digest
    assert record.key != plain.key
    assert run(tiny_bert, colours, PROBE, tmp_path).logits_digest == plain.logits_digest


@pytest.mark.usefixtures("quick_timing")
def test_few_shots_are_pre_trained_on_all_inputs(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    record = run(tiny_bert, colours, replace(PROBE, pretraining=MLM, shots=5), tmp_path)
    (stage,) = record.stages
    assert stage.samples == len(load_task(colours).splits["train"])
    assert {f.split: f.examples for f in record.data}["train"] == 15


def test_weights_are_named_by_their_content(tiny_bert: ModelCard) -> None:
    adapter = load(tiny_bert)
    first = weights_now(adapter)
    assert weights_now(load(tiny_bert)) == first
    with torch.no_grad():
        next(adapter.parameters()).view(-1)[0] += 1e-6
    assert weights_now(adapter) != first


def test_pairs_that_share_an_image_or_a_text_are_no_negatives() -> None:
    class Rows:
        digest = "x"

    rows = JointRows(
        cast(Any, Rows()),
        cast(Any, Rows()),
        np.array([0, 1, 1, 2, 3]),
        np.array([0, 0, 1, 2, 3]),
    )
    keys = pair_keys(rows)
    assert keys[0] == keys[1] == keys[2]
    assert len({keys[0], keys[3], keys[4]}) == 3


def test_the_contrastive_loss_is_clips_own(tmp_path: Path) -> None:
    from mmbench.heads.contrast import ContrastHead
    from mmbench.models.base import PairedAdapter

    folder = write("clip", tmp_path / "clip")
    adapter = load(dual_card(folder, DUAL_RULES["clip"]))
    assert isinstance(adapter, PairedAdapter)
    chosen = pairs(8).take([0, 1, 3, 4])
    rows = adapter.prepare(chosen, Cache(tmp_path / "cache"))
    assert isinstance(rows, JointRows)
    inputs = rows.collate(range(4))
    learner = Contrastive(
        adapter, ContrastHead(adapter.widths, None, start=None), similarity=adapter.similarity
    )
    batch = Batch(
        inputs=inputs,
        targets=torch.from_numpy(pair_keys(rows)),
        indices=[0, 1, 2, 3],
        samples=4,
        tokens=1,
        padded_tokens=1,
    )
    from mmbench.models.pixels import normalised

    text = inputs_of("text", inputs)
    pixels = normalised(
        inputs_of("image", inputs)["pixels"], cast(Any, adapter).mean, cast(Any, adapter).std
    )
    theirs: Any = CLIPModel.from_pretrained(folder)
    expected = theirs(
        input_ids=text["input_ids"],
        attention_mask=text["attention_mask"],
        pixel_values=pixels,
        return_loss=True,
    ).loss
    assert float(learner.loss(batch).detach()) / 4 == pytest.approx(
        float(expected.detach()), abs=1e-5
    )


@pytest.mark.usefixtures("quick_timing")
def test_a_dual_encoder_is_pre_trained_on_the_pairs_of_its_task(tmp_path: Path) -> None:
    from tests.train.pictures import retrieval_task, write_flags

    card = dual_card(write("chinese_clip", tmp_path / "model"), DUAL_RULES["chinese_clip"])
    contrastive = Pretraining(
        objective="contrastive", learning_rate=3e-3, epochs=4, batch_size=12, micro_batch=6
    )
    task = retrieval_task(write_flags(tmp_path))
    record = run(card, task, replace(PROBE, pretraining=contrastive), tmp_path / "run")
    plain = run(card, task, PROBE, tmp_path / "run")
    (stage,) = record.stages
    assert stage.loss_before is not None
    assert stage.loss_after is not None
    assert stage.loss_after < stage.loss_before
    assert stage.note is None
    for split in ("validation", "test"):  # of the model as it came, whatever follows
        before = record.score("before", split, "mean_recall")
        assert before is not None
        other = plain.score("before", split, "mean_recall")
        assert other is not None
        assert before.value == other.value
    assert record.logits_digest != plain.logits_digest


def test_a_head_of_several_modules_is_refused(tiny_bert: ModelCard, tmp_path: Path) -> None:
    """DistilBERT's: transform, norm and projector stand beside each other."""
    from transformers import DistilBertConfig, DistilBertModel

    config = DistilBertConfig(
        vocab_size=64, dim=16, hidden_dim=32, n_layers=1, n_heads=2, max_position_embeddings=32
    )
    DistilBertModel(config).save_pretrained(tmp_path)
    source = cast(FolderModel, tiny_bert.source)
    for file in Path(source.path).iterdir():
        if file.name.startswith(("token", "vocab", "special")):
            (tmp_path / file.name).write_bytes(file.read_bytes())
    card = replace(tiny_bert, source=FolderModel(via="folder", path=str(tmp_path)))
    adapter = load(replace(card, text=replace(card.text, pooling="mean")))  # type: ignore[type-var]
    with pytest.raises(TrialError, match="of several modules, which is not supported"):
        masked_language(adapter)
