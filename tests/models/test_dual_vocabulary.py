"""A random start whose words are those of its task: no rows before them, and none lost after."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mmbench.cards import FolderModel, ModelCard, RandomModel, TrainedTokenizer
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.joint import JointRows, inputs_of
from mmbench.errors import CardError, TrialError
from mmbench.models.base import PairedAdapter
from mmbench.models.loading import load
from tests.models.dual_samples import RULES, dual_card, pairs, with_text, write

NAMES = ("clip-scratch", "chinese-clip-scratch")


def card_of(name: str, **changes: object) -> ModelCard:
    card = Catalog.standard().model(name)
    return with_text(card, **changes) if changes else card


def paired(card: ModelCard) -> PairedAdapter:
    adapter = load(card)
    assert isinstance(adapter, PairedAdapter)
    return adapter


@pytest.mark.parametrize("name", NAMES)
def test_texts_cannot_be_prepared_before_the_words_are_learnt(name: str, cache: Cache) -> None:
    adapter = paired(card_of(name))
    pictures = Examples(ids=pairs().ids, inputs={"image": pairs().inputs["image"]})
    assert len(adapter.prepare(pictures, cache)) == 8
    assert adapter.learn_vocabulary(pictures) is None  # no texts, so no words are needed
    with pytest.raises(TrialError, match=r"tokenizer is trained .* call learn_vocabulary first"):
        adapter.prepare(pairs(), cache)
    assert adapter.learn_vocabulary(pairs()) is not None
    assert len(adapter.prepare(pairs(), cache)) == 8


@pytest.mark.parametrize("name", NAMES)
def test_the_words_are_kept_with_the_record_and_with_the_model(
    name: str, cache: Cache, tmp_path: Path
) -> None:
    adapter, card = paired(card_of(name)), card_of(name)
    content = adapter.learn_vocabulary(pairs())
    assert content is not None
    assert content == paired(card).learn_vocabulary(pairs())
    rows = adapter.prepare(pairs(), cache)
    assert isinstance(rows, JointRows)
    assert rows.facts.unknown_token_share == 0
    adapter.save(tmp_path)
    assert (tmp_path / "tokenizer.json").is_file()
    again = paired(replace(card, source=folder(tmp_path)))
    assert again.learn_vocabulary(pairs()) is None
    batch, other = rows.collate(range(8)), again.prepare(pairs(), cache).collate(range(8))
    assert all(torch.equal(batch[key], other[key]) for key in batch)
    with torch.no_grad():
        one = adapter.encode("text", inputs_of("text", batch))
        assert torch.equal(one, again.encode("text", inputs_of("text", other)))
    assert len(torch.unique(one, dim=0)) > 5  # the end of a text is found: no two vectors are one


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_read_no_text_is_kept_without_words(
    name: str, cache: Cache, tmp_path: Path
) -> None:
    card = card_of(name)
    load(card).save(tmp_path)
    again = paired(replace(card, source=folder(tmp_path)))
    pictures = Examples(ids=pairs().ids, inputs={"image": pairs().inputs["image"]})
    assert len(again.prepare(pictures, cache)) == 8
    with pytest.raises(TrialError, match=r"no tokenizer lies beside its weights .* reads no text"):
        again.prepare(pairs(), cache)


def folder(path: Path) -> FolderModel:
    return FolderModel(via="folder", path=str(path))


def test_capitals_go_where_the_card_says_so(cache: Cache) -> None:
    for lower_case, same in ((True, True), (False, False)):
        adapter = paired(card_of("chinese-clip-scratch", lower_case=lower_case))
        words = pairs().inputs["image"][:2], ("red dog", "RED DOG")
        rows = Examples(ids=("a", "b"), inputs={"image": words[0], "text": words[1]})
        adapter.learn_vocabulary(pairs())
        ids = adapter.prepare(rows, cache).collate([0, 1])["text.input_ids"]
        assert torch.equal(ids[0], ids[1]) == same


def test_more_words_than_the_model_embeds_are_refused() -> None:
    card = card_of("chinese-clip-scratch")
    assert isinstance(card.source, RandomModel)
    config = {**card.source.config}
    config["text_config"] = {**config["text_config"], "vocab_size": 20}
    card = replace(card, source=replace(card.source, config=config))
    with pytest.raises(CardError, match=r"vocabulary is 2000, the model embeds only 20; set"):
        load(card)


def test_an_end_that_the_model_does_not_look_for_is_refused() -> None:
    card = card_of("clip-scratch")
    assert isinstance(card.source, RandomModel)
    config = {**card.source.config}
    config["text_cfg"] = {**config["text_cfg"], "eos_id": 2}
    card = replace(card, source=replace(card.source, config=config))
    with pytest.raises(CardError, match=r"at the id, 2, but the tokenizer ends texts by 3"):
        paired(card).learn_vocabulary(pairs())


def test_a_model_with_a_tokenizer_learns_no_words(tmp_path: Path) -> None:
    adapter = load(dual_card(write("chinese_clip", tmp_path), RULES["chinese_clip"]))
    assert adapter.learn_vocabulary(pairs()) is None


def test_a_tokenizer_may_be_borrowed_for_a_random_start(tmp_path: Path, cache: Cache) -> None:
    card = card_of("chinese-clip-scratch")
    assert isinstance(card.source, RandomModel)
    assert isinstance(card.source.tokenizer, TrainedTokenizer)
    words = folder(write("chinese_clip", tmp_path))
    borrowed = replace(card, source=replace(card.source, tokenizer=words))
    adapter = paired(borrowed)
    assert adapter.learn_vocabulary(pairs()) is None
    assert len(adapter.prepare(pairs(), cache)) == 8
