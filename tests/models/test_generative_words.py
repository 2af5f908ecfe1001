"""What a model that answers in words is shown, and what it may be asked."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from mmbench.cards import GenerationRules, Recipe
from mmbench.data.cache import Cache
from mmbench.errors import CardError, TrialError
from mmbench.models.generative import GenerativeAdapter
from mmbench.models.loading import load
from tests.models.generative_families import END, FAMILIES, PAD, READING, SEEING, START, TALKING
from tests.models.generative_samples import ANSWERS, QUESTIONS, card, inputs_of, rows


def test_prompts_are_masked_and_answers_end(writers: Any, tmp_path: Path) -> None:
    adapter = writers("llava")
    inputs = inputs_of(adapter, "llava", tmp_path, (1,))
    labels = inputs["labels"][0]
    learned = labels[labels != -100]
    decoded = adapter.tokenizer.decode(learned)
    assert decoded == "the dog </s>"
    assert int(learned[-1]) == END


@pytest.mark.parametrize("family", TALKING)
def test_a_question_stands_in_the_models_chat_template(
    family: str, writers: Any, tmp_path: Path
) -> None:
    adapter = writers(family)
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


def test_the_image_is_as_many_tokens_as_the_model_makes_of_it(writers: Any) -> None:
    counts = {family: writers(family).generator.image_tokens for family in READING}
    assert counts == {"llava": 16, "smolvlm": 4, "qwen2_5_vl": 16, "qwen3_vl": 16}


def test_answers_that_are_too_long_are_cut_and_counted(
    writer_folders: Mapping[str, Path], tmp_path: Path
) -> None:
    short = card("bert-decoder", writer_folders["bert-decoder"], max_new_tokens=4)
    adapter = cast(GenerativeAdapter, load(short))
    made = adapter.prepare(rows(), Cache(tmp_path))
    assert made.facts.truncated == 1  # seven words; "a red cat" and its end just fit
    assert made.answers is not None
    assert made.answers.lengths.tolist() == [4, 3, 4, 2]


def test_questions_that_are_too_long_are_cut_and_counted(
    writer_folders: Mapping[str, Path], tmp_path: Path
) -> None:
    whole = card("llava", writer_folders["llava"])
    assert whole.text is not None
    adapter = cast(GenerativeAdapter, load(replace(whole, text=replace(whole.text, max_tokens=4))))
    made = adapter.prepare(rows(questions=QUESTIONS), Cache(tmp_path))
    assert made.facts.truncated == 1
    prompt = made.prompts.rows()[1].tolist()
    assert adapter.tokenizer is not None
    assert adapter.tokenizer.decode(prompt[16:]) == "which colour is the"


def test_rows_to_predict_on_need_no_answers(writers: Any, tmp_path: Path) -> None:
    adapter = writers("bert-decoder")
    made = adapter.prepare(rows(answers=None), Cache(tmp_path))
    inputs = made.collate([0, 1])
    assert set(inputs) == {"pixels", "prompt_ids", "prompt_mask"}
    assert inputs["prompt_ids"].tolist() == [[START], [START]]


def test_texts_end_at_the_end_token(writers: Any) -> None:
    adapter = writers("bert-decoder")
    word = adapter.tokenizer.convert_tokens_to_ids
    ids = np.array([[word("red"), word("cat"), END, word("dog")], [END, PAD, PAD, PAD]])
    assert adapter.texts(ids) == ("red cat", "")


def test_prompts_of_different_lengths_are_padded_on_the_left(writers: Any, tmp_path: Path) -> None:
    adapter = writers("llava")
    inputs = inputs_of(adapter, "llava", tmp_path, (1, 2))
    ids, mask = inputs["prompt_ids"], inputs["prompt_mask"]
    assert mask.sum(1).tolist() == [22, 18]
    assert ids[1, :4].tolist() == [PAD] * 4
    assert mask[1].tolist() == [0] * 4 + [1] * 18


def test_a_card_that_asks_for_more_than_the_model_can_write_is_refused(
    writer_folders: Mapping[str, Path],
) -> None:
    whole = card("gpt2-decoder", writer_folders["gpt2-decoder"])
    with pytest.raises(CardError, match="writes at most 23 after its first token"):
        load(replace(whole, generation=GenerationRules(max_new_tokens=24)))


def test_a_prompt_that_leaves_no_room_for_an_answer_is_refused(
    writer_folders: Mapping[str, Path], tmp_path: Path
) -> None:
    folder = writer_folders["llava"]
    positions = cast(GenerativeAdapter, load(card("llava", folder))).generator.positions
    assert positions is not None
    room = positions - 22  # behind the longest question with its image
    fits = cast(GenerativeAdapter, load(card("llava", folder, max_new_tokens=room)))
    assert fits.prepare(rows(questions=QUESTIONS), Cache(tmp_path)).prompts.lengths.max() == 22
    lacks = cast(GenerativeAdapter, load(card("llava", folder, max_new_tokens=room + 1)))
    with pytest.raises(TrialError, match=rf"22 tokens and .* need {positions + 1} places"):
        lacks.prepare(rows(questions=QUESTIONS), Cache(tmp_path))


def test_rules_of_generation_go_with_what_the_card_gives(
    writer_folders: Mapping[str, Path],
) -> None:
    whole = card("gpt2-decoder", writer_folders["gpt2-decoder"])
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
    writers: Any,
) -> None:
    from tests.train.words import question_task

    adapter = writers("llava")
    task = replace(question_task(), prompts={"en": ("What is it?",)})
    recipe = Recipe(name="r", strategy="full", learning_rates=(0.1,), epochs=1)
    with pytest.raises(CardError, match=r"prompts.en lacks a place for a question"):
        adapter.for_task(task, recipe)


def test_every_family_that_sees_is_tested() -> None:
    assert set(SEEING) | {"whisper"} == set(FAMILIES)
