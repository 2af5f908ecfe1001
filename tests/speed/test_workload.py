"""What a timed step does: the loop's own training step, or the encoder's forward, on synthetic rows
that need no tokenizer and no network."""

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mmbench.cards import ModelCard, NoTokenizer, RandomModel, as_random
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.errors import TrialError
from mmbench.models.base import Adapter
from mmbench.models.loading import load
from mmbench.speed.workload import BATCHES, RECIPE, Work, build
from mmbench.train.optim import make_optimizer
from tests.models.samples import texts
from tests.speed.cards import case, dual_card, image_card, text_card

CPU = torch.device("cpu")
SCRATCH = ("clip-scratch", "chinese-clip-scratch", "bert-zh-scratch")


def weights(adapter: Adapter) -> torch.Tensor:
    return torch.cat([p.detach().flatten().clone() for p in adapter.parameters()])


@pytest.mark.parametrize("card", [text_card(), image_card(), dual_card()], ids=lambda c: c.name)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_training_step_changes_the_model_and_inference_does_not(
    card: ModelCard, precision: Any
) -> None:
    for mode, changes in (("train", True), ("infer", False)):
        workload = build(case(card, mode=mode, precision=precision), CPU)
        before = weights(workload.adapter)
        workload.step()
        assert torch.equal(before, weights(workload.adapter)) is not changes


def test_a_step_says_what_it_did() -> None:
    text, image, pairs = (case(card) for card in (text_card(), image_card(), dual_card()))
    assert build(text, CPU).step() == Work(samples=4, tokens=32, padded_tokens=32, images=0)
    assert build(image, CPU).step() == Work(samples=4, tokens=0, padded_tokens=0, images=4)
    assert build(pairs, CPU).step() == Work(samples=4, tokens=32, padded_tokens=32, images=4)


def test_padding_to_the_longest_counts_as_computed_but_not_as_tokens() -> None:
    """open_clip pads every text to its context of 16."""
    card = Catalog.standard().model("clip-scratch")
    work = build(case(card, mode="infer", tokens=10), CPU).step()
    assert (work.tokens, work.padded_tokens) == (40, 64)


def test_the_training_step_is_that_of_the_loop() -> None:
    """The same weights as with the parts put together by hand."""
    workload, own = build(case(), CPU), build(case(mode="infer"), CPU)
    learner = own.learner.train()
    optimizer = make_optimizer(learner.parameters(), RECIPE, RECIPE.learning_rates[0])
    for number in range(2):
        torch.manual_seed(number)
        workload.step()
        torch.manual_seed(number)
        (learner.loss(own.batches[number]) / 4).backward()  # type: ignore[no-untyped-call]
        assert RECIPE.clip_norm is not None
        torch.nn.utils.clip_grad_norm_(learner.parameters(), RECIPE.clip_norm)
        optimizer.step()
        optimizer.zero_grad()
    assert torch.equal(weights(workload.adapter), weights(own.adapter))


def test_several_batches_take_turns() -> None:
    workload = build(case(mode="infer"), CPU)
    seen: list[Any] = []
    workload.adapter.register_forward_hook(
        lambda module, inputs, output: seen.append(inputs[0]["input_ids"])
    )
    for _ in range(BATCHES + 1):
        workload.step()
    assert torch.equal(seen[0], seen[BATCHES])
    assert not any(torch.equal(seen[0], other) for other in seen[1:BATCHES])


def test_the_same_seed_gives_the_same_weights_and_rows() -> None:
    first, same, other = (build(case(), CPU, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(weights(first.adapter), weights(same.adapter))
    assert not torch.equal(weights(first.adapter), weights(other.adapter))
    ids = [workload.batches[0].inputs["input_ids"] for workload in (first, same, other)]
    assert torch.equal(ids[0], ids[1])
    assert not torch.equal(ids[0], ids[2])


def test_texts_end_where_clip_looks_and_hold_no_padding() -> None:
    rows = load(as_random(dual_card())).random_rows(20, seed=0, tokens=9)
    ids = rows.collate(list(range(20)))["text.input_ids"]
    assert ids.shape == (20, 9)
    assert (ids[:, -1] == 59).all()
    assert not (ids[:, :-1] == 59).any()


def test_padding_is_never_drawn() -> None:
    """Some models count positions from it."""
    card = text_card({"model_type": "bert", "vocab_size": 6, "hidden_size": 32, "pad_token_id": 1,
                      "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 32,
                      "max_position_embeddings": 32})  # fmt: skip
    ids = load(as_random(card)).random_rows(50, seed=0, tokens=10).collate([*range(50)])
    assert set(ids["input_ids"].flatten().tolist()) == {0, 2, 3, 4, 5}
    assert ids["attention_mask"].all()


@pytest.mark.parametrize("name", SCRATCH)
def test_a_random_start_needs_no_network_and_no_tokenizer(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr("mmbench.models.hub.snapshot_download", refuse)
    monkeypatch.setattr("mmbench.models.from_transformers.AutoTokenizer", None)
    card = Catalog.standard().model(name)
    source = as_random(card).source
    assert isinstance(source, RandomModel)
    assert source.tokenizer == NoTokenizer(via="none")
    build(case(card, mode="infer"), CPU).step()


def test_a_model_without_a_tokenizer_says_so_when_it_is_to_read(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match=r"only timed; a trial needs source\.tokenizer"):
        load(as_random(text_card())).prepare(texts("a text"), Cache(tmp_path))


@pytest.mark.parametrize("tokens", [1, 33])
def test_texts_that_the_model_does_not_take_are_refused(tokens: int) -> None:
    with pytest.raises(TrialError, match=f"tiny-bert: texts of {tokens} tokens; .* 2 to 32"):
        build(case(tokens=tokens), CPU)


def test_another_image_size_is_that_of_the_pixels() -> None:
    workload = build(case(image_card(), mode="infer", image_size=64), CPU)
    assert workload.batches[0].inputs["pixels"].shape == (4, 3, 64, 64)
    workload.step()


def test_an_adapter_without_synthetic_rows_is_named() -> None:
    class Own(Adapter):
        card = text_card()

    with pytest.raises(TrialError, match=r"tiny-bert: .* give Own a method random_rows"):
        Own().random_rows(  # type: ignore[abstract]
            1, seed=0, tokens=None
        )


@pytest.mark.gpu
@pytest.mark.parametrize("mode", ["train", "infer"])
@pytest.mark.parametrize("card", [image_card(), dual_card()], ids=lambda card: str(card.name))
def test_on_a_gpu_batches_and_weights_lie_there(card: ModelCard, mode: Any) -> None:
    device = torch.device("cuda")
    workload = build(replace(case(card), mode=mode, precision="bf16"), device)
    assert all(tensor.is_cuda for tensor in workload.batches[0].inputs.values())
    assert all(parameter.is_cuda for parameter in workload.learner.parameters())
    workload.step()


@pytest.mark.gpu
@pytest.mark.parametrize("mode", ["train", "infer"])
def test_on_a_gpu_no_step_of_ours_waits(mode: Any) -> None:
    """Of a model of images: text encoders of transformers look at their mask themselves."""
    device = torch.device("cuda")
    workload = build(replace(case(image_card()), mode=mode, precision="bf16"), device)
    workload.step()
    assert waits(torch.ones((), device=device).item), "torch tells of a wait"
    assert not waits(workload.step)


def waits(work: Callable[[], object]) -> bool:
    """Whether it waits for the GPU, at which torch stops it."""
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        work()
    except RuntimeError as error:
        if "called a synchronizing CUDA operation" not in str(error):
            raise
        return True
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return False
