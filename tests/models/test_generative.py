"""Models that answer in words: their losses are upstream's, and padding changes nothing."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from mmbench.cards import GenerationRules, Recipe
from mmbench.data.batches import Batch
from mmbench.data.cache import Cache
from mmbench.errors import CardError, TrialError
from mmbench.models.generative import GenerativeAdapter
from mmbench.models.loading import load
from mmbench.train import strategy
from mmbench.train.generation import Generative
from tests.models.generative_samples import (
    ANSWERS,
    END,
    FAMILIES,
    PAD,
    QUESTIONS,
    READING,
    SEEING,
    START,
    TALKING,
    card,
    heard,
    rows,
    write,
)

CLOSE = 1e-5


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    root = tmp_path_factory.mktemp("writers")
    return {family: write(family, root / family) for family in FAMILIES}


@pytest.fixture
def adapters(folders: Mapping[str, Path]) -> Any:
    def made(family: str) -> GenerativeAdapter:
        return cast(GenerativeAdapter, load(card(family, folders[family])))

    return made


def inputs_of(
    adapter: GenerativeAdapter, family: str, folder: Path, indices: tuple[int, ...] = (0, 1, 2, 3)
) -> dict[str, Tensor]:
    return dict(prepared(adapter, family, folder).collate(indices))


def prepared(adapter: GenerativeAdapter, family: str, folder: Path) -> Any:
    examples = heard() if family == "whisper" else rows(questions=_questions(family))
    return adapter.prepare(examples, Cache(folder))


def _questions(family: str) -> tuple[str, ...] | None:
    return QUESTIONS if family in READING else None


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
    family: str, adapters: Any, tmp_path: Path
) -> None:
    adapter = adapters(family)
    inputs = inputs_of(adapter, family, tmp_path)
    total, count = loss_of(adapter, inputs)
    assert count == sum(len(answer.split()) + 1 for answer in ANSWERS)
    assert total / count == pytest.approx(upstream_loss(adapter, inputs), abs=CLOSE)


@pytest.mark.parametrize("family", FAMILIES)
def test_neither_padding_nor_neighbours_change_the_loss(
    family: str, adapters: Any, tmp_path: Path
) -> None:
    adapter = adapters(family)
    together, count = loss_of(adapter, inputs_of(adapter, family, tmp_path))
    alone = [loss_of(adapter, inputs_of(adapter, family, tmp_path, (row,))) for row in range(4)]
    assert count == sum(tokens for _, tokens in alone)
    assert together == pytest.approx(sum(loss for loss, _ in alone), rel=CLOSE)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_generated_depends_on_the_row_alone(
    family: str, adapters: Any, tmp_path: Path
) -> None:
    adapter = adapters(family)
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
    family: str, adapters: Any, tmp_path: Path
) -> None:
    """Without a cache of keys, and without `generate`."""
    adapter = adapters(family)
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
    family: str, adapters: Any, tmp_path: Path
) -> None:
    adapter = adapters(family)
    adapter.save(tmp_path / "model")
    again = load(card(family, tmp_path / "model"))
    assert isinstance(again, GenerativeAdapter)
    inputs = inputs_of(again, family, tmp_path)
    assert loss_of(again, inputs) == loss_of(adapter, inputs_of(adapter, family, tmp_path))
    library = type(adapter.generator.model).from_pretrained(tmp_path / "model")
    for name, weight in adapter.generator.model.named_parameters():
        assert torch.equal(weight, library.get_parameter(name)), name


@pytest.mark.parametrize("family", ["bert-decoder", "blip", "whisper"])
def test_features_stand_for_the_encoder(family: str, adapters: Any, tmp_path: Path) -> None:
    adapter = adapters(family)
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
    family: str, adapters: Any
) -> None:
    with pytest.raises(TrialError, match="take strategy head, lora or full in place of probe"):
        adapters(family).check_remembers()


# ----------------------------------------------------------------------------- strategies

TARGETS = {
    "bert-decoder": ("q_proj", "v_proj", "query", "value"),
    "gpt2-decoder": ("q_proj", "v_proj", "c_attn"),
    "blip": ("query", "value"),
}


def moved_by(
    adapter: GenerativeAdapter, recipe: Recipe, inputs: Mapping[str, Tensor]
) -> Mapping[str, bool]:
    """By name, whether one step changed the weight of the plain model."""
    start = {name: p.detach().clone() for name, p in adapter.generator.named_parameters()}
    learner = Generative(adapter)
    strategy.freeze(learner, recipe)
    strategy.training_mode(learner, recipe)
    trained = [p for p in learner.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1)
    for _ in range(2):  # LoRA's A has no gradient while B is zero
        optimizer.zero_grad()
        learner.sums(inputs).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    strategy.settle(learner)
    found = dict(adapter.generator.named_parameters())
    assert set(found) == set(start)
    return {name: not torch.equal(found[name], weight) for name, weight in start.items()}


@pytest.mark.parametrize("family", FAMILIES)
def test_lora_changes_the_layers_that_the_card_names_and_nothing_else(
    family: str, adapters: Any, tmp_path: Path
) -> None:
    adapter = adapters(family)
    targets = TARGETS.get(family, ("q_proj", "v_proj"))
    adapter.card = replace(adapter.card, lora_targets=targets)
    recipe = Recipe(
        name="r", strategy="lora", learning_rates=(0.1,), epochs=1, lora_rank=2, lora_alpha=4.0
    )
    moved = moved_by(adapter, recipe, inputs_of(adapter, family, tmp_path))
    changed = {name for name, was in moved.items() if was}
    assert changed
    assert all(name.removesuffix(".weight").endswith(targets) for name in changed)


@pytest.mark.parametrize("family", FAMILIES)
def test_partial_leaves_the_lower_blocks_of_encoder_and_decoder_as_they_were(
    family: str, adapters: Any, tmp_path: Path
) -> None:
    adapter = adapters(family)
    depths = adapter.layers().depths
    recipe = Recipe(name="r", strategy="partial", learning_rates=(0.1,), epochs=1, blocks=1)
    moved = moved_by(adapter, recipe, inputs_of(adapter, family, tmp_path))
    assert len(adapter.layers().stacks) == 2
    assert any(moved.values())
    assert not any(was for name, was in moved.items() if depths[f"generator.{name}"] > 1)


# ---------------------------------------------------------------------------------- words


def test_prompts_are_masked_and_answers_end(adapters: Any, tmp_path: Path) -> None:
    adapter = adapters("llava")
    inputs = inputs_of(adapter, "llava", tmp_path, (1,))
    labels = inputs["labels"][0]
    learned = labels[labels != -100]
    decoded = adapter.tokenizer.decode(learned)
    assert decoded == "the dog </s>"
    assert int(learned[-1]) == END


@pytest.mark.parametrize("family", TALKING)
def test_a_question_stands_in_the_models_chat_template(
    family: str, adapters: Any, tmp_path: Path
) -> None:
    adapter = adapters(family)
    inputs = inputs_of(adapter, family, tmp_path, (1,))
    tokenizer = adapter.tokenizer
    asked = [{"type": "image"}, {"type": "text", "text": QUESTIONS[1]}]
    whole = tokenizer.apply_chat_template(
        [
            {"role": "user", "content": asked},
            {"role": "assistant", "content": [{"type": "text", "text": ANSWERS[1]}]},
        ],
        tokenize=False,
    )
    around = "<fake_token_around_image>" if family == "smolvlm" else ""
    image = around + "<image>" * adapter.generator.image_tokens + around
    wanted = tokenizer(whole.replace("<image>", image), add_special_tokens=False)["input_ids"]
    assert inputs["input_ids"][0].tolist() == wanted


def test_the_image_is_as_many_tokens_as_the_model_makes_of_it(adapters: Any) -> None:
    counts = {family: adapters(family).generator.image_tokens for family in READING}
    assert counts == {"llava": 16, "smolvlm": 4, "qwen2_5_vl": 16, "qwen3_vl": 16}


def test_answers_that_are_too_long_are_cut_and_counted(
    folders: Mapping[str, Path], tmp_path: Path
) -> None:
    short = card("bert-decoder", folders["bert-decoder"], max_new_tokens=4)
    adapter = cast(GenerativeAdapter, load(short))
    made = adapter.prepare(rows(), Cache(tmp_path))
    assert made.facts.truncated == 1  # seven words; "a red cat" and its end just fit
    assert made.answers is not None
    assert made.answers.lengths.tolist() == [4, 3, 4, 2]


def test_questions_that_are_too_long_are_cut_and_counted(
    folders: Mapping[str, Path], tmp_path: Path
) -> None:
    whole = card("llava", folders["llava"])
    assert whole.text is not None
    adapter = cast(GenerativeAdapter, load(replace(whole, text=replace(whole.text, max_tokens=4))))
    made = adapter.prepare(rows(questions=QUESTIONS), Cache(tmp_path))
    assert made.facts.truncated == 1
    prompt = made.prompts.rows()[1].tolist()
    assert adapter.tokenizer is not None
    assert adapter.tokenizer.decode(prompt[16:]) == "which colour is the"


def test_rows_to_predict_on_need_no_answers(adapters: Any, tmp_path: Path) -> None:
    adapter = adapters("bert-decoder")
    made = adapter.prepare(rows(answers=None), Cache(tmp_path))
    inputs = made.collate([0, 1])
    assert set(inputs) == {"pixels", "prompt_ids", "prompt_mask"}
    assert inputs["prompt_ids"].tolist() == [[START], [START]]


def test_texts_end_at_the_end_token(adapters: Any) -> None:
    adapter = adapters("bert-decoder")
    word = adapter.tokenizer.convert_tokens_to_ids
    ids = np.array([[word("red"), word("cat"), END, word("dog")], [END, PAD, PAD, PAD]])
    assert adapter.texts(ids) == ("red cat", "")


def test_prompts_of_different_lengths_are_padded_on_the_left(adapters: Any, tmp_path: Path) -> None:
    adapter = adapters("llava")
    inputs = inputs_of(adapter, "llava", tmp_path, (1, 2))
    ids, mask = inputs["prompt_ids"], inputs["prompt_mask"]
    assert mask.sum(1).tolist() == [22, 18]
    assert ids[1, :4].tolist() == [PAD] * 4
    assert mask[1].tolist() == [0] * 4 + [1] * 18


# ------------------------------------------------------------------------------- refusals


def test_a_card_that_asks_for_more_than_the_model_can_write_is_refused(
    folders: Mapping[str, Path],
) -> None:
    whole = card("gpt2-decoder", folders["gpt2-decoder"])
    with pytest.raises(CardError, match="writes at most 23 after its first token"):
        load(replace(whole, generation=GenerationRules(max_new_tokens=24)))


def test_rules_of_generation_go_with_what_the_card_gives(folders: Mapping[str, Path]) -> None:
    whole = card("gpt2-decoder", folders["gpt2-decoder"])
    with pytest.raises(CardError, match="go with gives: \\[generates\\]"):
        replace(whole, generation=None)


def test_a_model_that_generates_nothing_is_refused(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    config = BertConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(CardError, match="a bert generates no text here"):
        load(card("bert-decoder", tmp_path))


def test_a_prompt_without_a_place_for_the_question_is_refused(
    adapters: Any,
) -> None:
    from tests.train.words import question_task

    adapter = adapters("llava")
    task = replace(question_task(), prompts={"en": ("What is it?",)})
    recipe = Recipe(name="r", strategy="full", learning_rates=(0.1,), epochs=1)
    with pytest.raises(CardError, match=r"prompts.en lacks a place for a question"):
        adapter.for_task(task, recipe)


def test_every_family_that_sees_is_tested() -> None:
    assert set(SEEING) | {"whisper"} == set(FAMILIES)
