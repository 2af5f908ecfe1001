"""Models that answer in words: their losses are upstream's, and padding changes nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mmbench.data.batches import Batch
from mmbench.errors import CardError, TrialError
from mmbench.models.florence import Florence
from mmbench.models.generative import GenerativeAdapter
from mmbench.models.loading import load
from mmbench.train.generation import Generative
from tests.models.generative_families import END, FAMILIES, READING
from tests.models.generative_samples import ANSWERS, card, inputs_of

CLOSE = 1e-5


def loss_of(adapter: GenerativeAdapter, inputs: Mapping[str, Tensor]) -> tuple[float, int]:
    learner = Generative(adapter).eval()
    batch = Batch(
        inputs=inputs,
        targets=None,
        indices=[],
        samples=len(inputs["labels"]),
        tokens=0,
        padded_tokens=0,
    )
    with torch.no_grad():
        return float(learner.loss(batch)), learner.count(batch)


def upstream_loss(adapter: GenerativeAdapter, inputs: Mapping[str, Tensor]) -> float:
    """The mean that the model's own forward gives, its arguments made here."""
    model, labels = adapter.generator.model, inputs["labels"]
    with torch.no_grad():
        if "input_features" in inputs:
            return float(
                model(input_features=inputs["input_features"], labels=_answers(inputs)).loss
            )
        pixels = inputs["pixels"].float() / 255 * 2 - 1
        kind = model.config.model_type
        if kind == "vision-encoder-decoder":
            return float(model(pixel_values=pixels, labels=_answers(inputs)).loss)
        arguments: dict[str, Any] = {"pixel_values": pixels}
        if kind == "florence2":
            return float(
                model(
                    input_ids=_as_florence_asks(adapter, len(pixels)),
                    decoder_input_ids=inputs["input_ids"][:, :-1],
                    labels=_answers(inputs).contiguous(),
                    **arguments,
                ).loss
            )
        if kind == "smolvlm":
            arguments = {"pixel_values": pixels[:, None]}
        if kind.startswith("qwen"):
            arguments = _as_qwen_processes(model, inputs["pixels"])
            arguments["mm_token_type_ids"] = (inputs["input_ids"] == 4).int()
        ids, mask = inputs["input_ids"], inputs["attention_mask"]
        return float(model(input_ids=ids, attention_mask=mask, labels=labels, **arguments).loss)


def _answers(inputs: Mapping[str, Tensor]) -> Tensor:
    """Labels without the prompt of one start token, as an encoder–decoder takes them."""
    return inputs["labels"][:, 1:]


def _as_florence_asks(adapter: GenerativeAdapter, count: int) -> Tensor:
    """As its processor writes it: a token for each place of the image, then the words of the task,
    which are unknown to the twelve words of this tokenizer but for two."""
    assert adapter.tokenizer is not None
    asked = adapter.tokenizer("What does the image describe?", add_special_tokens=False)
    places = 1 + (32 // 8) ** 2
    return torch.tensor([[*[4] * places, *asked["input_ids"], END]] * count)


def _as_qwen_processes(model: Any, pixels: Tensor) -> dict[str, Tensor]:
    from transformers import Qwen2VLImageProcessor

    vision = model.config.vision_config
    made = Qwen2VLImageProcessor(
        do_resize=False,
        patch_size=vision.patch_size,
        merge_size=vision.spatial_merge_size,
        temporal_patch_size=vision.temporal_patch_size,
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    )(list(pixels), return_tensors="pt")
    return {name: made[name] for name in ("pixel_values", "image_grid_thw")}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_loss_is_that_of_the_models_own_forward(
    family: str, writers: Any, tmp_path: Path
) -> None:
    adapter = writers(family)
    inputs = inputs_of(adapter, family, tmp_path)
    total, count = loss_of(adapter, inputs)
    assert count == sum(len(answer.split()) + 1 for answer in ANSWERS)
    assert total / count == pytest.approx(upstream_loss(adapter, inputs), abs=CLOSE)


@pytest.mark.parametrize("family", FAMILIES)
def test_neither_padding_nor_neighbours_change_the_loss(
    family: str, writers: Any, tmp_path: Path
) -> None:
    adapter = writers(family)
    together, count = loss_of(adapter, inputs_of(adapter, family, tmp_path))
    alone = [loss_of(adapter, inputs_of(adapter, family, tmp_path, (row,))) for row in range(4)]
    assert count == sum(tokens for _, tokens in alone)
    assert together == pytest.approx(sum(loss for loss, _ in alone), rel=CLOSE)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_generated_depends_on_the_row_alone(
    family: str, writers: Any, tmp_path: Path
) -> None:
    adapter = writers(family)
    with torch.no_grad():
        together = adapter.generate(inputs_of(adapter, family, tmp_path))
        alone = [adapter.generate(inputs_of(adapter, family, tmp_path, (row,))) for row in range(4)]
        again = adapter.generate(inputs_of(adapter, family, tmp_path))
    assert together.shape == (4, 10)
    assert torch.equal(together, torch.cat(alone))
    assert torch.equal(together, again)
    assert len({tuple(row) for row in together.tolist()}) > 1, "rows are told apart"


@pytest.mark.parametrize("family", FAMILIES)
def test_each_generated_token_is_the_likeliest_after_those_before_it(
    family: str, writers: Any, tmp_path: Path
) -> None:
    """Without a cache of keys, and without `generate`."""
    adapter = writers(family)
    inputs = inputs_of(adapter, family, tmp_path, (2,))
    with torch.no_grad():
        found = adapter.generate(inputs)[0].tolist()
        ids = inputs["prompt_ids"]
        for token in found[: found.index(END) + 1] if END in found else found:
            mask = torch.ones_like(ids)
            likeliest = adapter.generator.logits(adapter.memory(inputs), ids, mask)[0, -1].argmax()
            assert int(likeliest) == token
            ids = torch.cat([ids, torch.tensor([[token]])], dim=1)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_model_is_the_same_in_its_own_library(
    family: str, writers: Any, tmp_path: Path
) -> None:
    adapter = writers(family)
    adapter.save(tmp_path / "model")
    again = load(card(family, tmp_path / "model"))
    assert isinstance(again, GenerativeAdapter)
    inputs = inputs_of(again, family, tmp_path)
    assert loss_of(again, inputs) == loss_of(adapter, inputs_of(adapter, family, tmp_path))
    library = type(adapter.generator.model).from_pretrained(tmp_path / "model")
    for name, weight in adapter.generator.model.named_parameters():
        assert torch.equal(weight, library.get_parameter(name)), name


@pytest.mark.parametrize("family", ["bert-decoder", "blip", "whisper"])
def test_features_stand_for_the_encoder(family: str, writers: Any, tmp_path: Path) -> None:
    adapter = writers(family)
    inputs = inputs_of(adapter, family, tmp_path)
    with torch.no_grad():
        features = adapter.memory(inputs).flatten(1)
    kept = {name: v for name, v in inputs.items() if name not in ("pixels", "input_features")}
    kept["features"] = features
    assert loss_of(adapter, kept) == loss_of(adapter, inputs)
    with torch.no_grad():
        assert torch.equal(adapter.generate(kept), adapter.generate(inputs))


@pytest.mark.parametrize("family", READING)
def test_a_model_that_reads_images_among_its_tokens_keeps_no_features(
    family: str, writers: Any
) -> None:
    with pytest.raises(TrialError, match="take strategy head, lora or full in place of probe"):
        writers(family).check_remembers()


def test_a_florence_that_never_ends_an_answer_is_refused(writers: Any) -> None:
    model = writers("florence2").generator.model
    model.config.text_config.eos_token_id = None
    with pytest.raises(CardError, match="tiny: text_config needs decoder_start_token_id"):
        Florence(model, "tiny")
