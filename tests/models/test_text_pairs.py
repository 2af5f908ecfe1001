"""Pairs of texts are cut as their tokenizer does it, and read as their model does by itself."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from mmbench.cards import TextRules
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.errors import TrialError
from mmbench.models import tokens
from mmbench.models.cutting import FastTokenizer
from mmbench.models.loading import load
from mmbench.models.pair_tokens import PairRows, tokenise_pairs
from mmbench.models.text import TextAdapter
from mmbench.models.tokens import TokenRows, cut
from tests.models.samples import text_card, word_tokenizer

PAIRS = (
    ("a cat", "the dog"),
    ("the big red dog ran on the mat", "a cat"),
    ("a", "the small cat sat on the big red mat"),
    ("the big red dog ran", "a small cat sat on"),
    ("a zebra", "A CAT"),
)
RULES = TextRules(max_tokens=9, pooling="mean")


def pairs(*rows: tuple[str, str]) -> Examples:
    first, second = zip(*rows, strict=True)
    return Examples(
        ids=tuple(f"p{i}" for i in range(len(rows))), inputs={"text": first, "text_pair": second}
    )


def rows_of(prepared: PairRows | TokenRows) -> list[list[int]]:
    own = prepared.tokens if isinstance(prepared, PairRows) else prepared
    return [own.ids[start:end].tolist() for start, end in pairwise(own.offsets)]


def cut_pairs(
    cache: Cache, *, segments: bool = True, rules: TextRules = RULES
) -> PairRows | TokenRows:
    tokenizer = FastTokenizer(word_tokenizer())
    return tokenise_pairs(tokenizer, rules, pairs(*PAIRS), cache, segments=segments)


def test_ids_and_segments_are_the_tokenizers_own(cache: Cache, bert_folder: Path) -> None:
    theirs = AutoTokenizer.from_pretrained(bert_folder)
    wanted = [
        theirs(a, b, truncation="longest_first", max_length=9, return_token_type_ids=True)
        for a, b in PAIRS
    ]
    ours = cut_pairs(cache)
    assert isinstance(ours, PairRows)
    assert rows_of(ours) == [row["input_ids"] for row in wanted]
    batch = ours.collate([1, 0])
    for place, index in enumerate([1, 0]):
        types = wanted[index]["token_type_ids"]
        assert batch["token_type_ids"][place, : len(types)].tolist() == types
        assert batch["token_type_ids"][place, len(types) :].abs().sum() == 0
    assert 1 in batch["token_type_ids"]


def test_pairs_that_are_cut_are_counted(cache: Cache) -> None:
    whole = [word_tokenizer()(a, b)["input_ids"] for a, b in PAIRS]
    longer = sum(len(row) > RULES.max_tokens for row in whole)
    ours = cut_pairs(cache)
    assert ours.facts.truncated == longer == 3
    assert ours.lengths.max() == RULES.max_tokens


def test_the_longer_text_is_cut_first(cache: Cache) -> None:
    """Of 8 + 2 words six have room: none of the two is lost."""
    ours = rows_of(cut_pairs(cache))[1]
    assert ours[-3:] == word_tokenizer()("a cat")["input_ids"][1:]


def test_many_batches_give_the_same_as_one(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = cut_pairs(cache)
    monkeypatch.setattr(tokens, "BATCH", 2)
    pieces = cut_pairs(Cache(cache.root / "other"))
    assert rows_of(whole) == rows_of(pieces)
    assert whole.facts == pieces.facts
    left, right = whole.collate(range(5)), pieces.collate(range(5))
    assert torch.equal(left["token_type_ids"], right["token_type_ids"])


def test_another_second_text_is_another_entry(cache: Cache) -> None:
    tokenizer = FastTokenizer(word_tokenizer())
    one, other, swapped = (
        tokenise_pairs(tokenizer, RULES, pairs(pair), cache, segments=True)
        for pair in (("a", "cat"), ("a", "dog"), ("cat", "a"))
    )
    assert len({one.digest, other.digest, swapped.digest}) == 3


def test_capitals_are_folded_in_both_texts(cache: Cache) -> None:
    rules = TextRules(max_tokens=9, pooling="mean", lower_case=True)
    tokenizer = FastTokenizer(word_tokenizer())
    low, high = (
        tokenise_pairs(tokenizer, rules, pairs(pair), cache, segments=False)
        for pair in (("a cat", "the dog"), ("A Cat", "THE dog"))
    )
    assert rows_of(low) == rows_of(high)


def test_features_are_those_of_the_models_own_forward(cache: Cache, bert_folder: Path) -> None:
    adapter = load(text_card(bert_folder, rules=TextRules(max_tokens=24, pooling="cls")))
    rows = adapter.prepare(pairs(*PAIRS), cache)
    assert isinstance(rows, PairRows)
    with torch.inference_mode():
        ours = adapter(rows.collate(range(len(PAIRS)))).pooled
    model, tokenizer = (
        AutoModel.from_pretrained(bert_folder).eval(),
        AutoTokenizer.from_pretrained(bert_folder),
    )
    for (a, b), row in zip(PAIRS, ours, strict=True):
        inputs = tokenizer(a, b, return_tensors="pt", return_token_type_ids=True)
        with torch.inference_mode():
            theirs = model(**inputs).last_hidden_state[0, 0]
            blind = model(
                **{**inputs, "token_type_ids": torch.zeros_like(inputs["token_type_ids"])}
            )
        torch.testing.assert_close(row, theirs, atol=1e-5, rtol=1e-5)
        assert not torch.allclose(row, blind.last_hidden_state[0, 0], atol=1e-3)


def test_a_model_of_one_segment_is_given_none(cache: Cache, bert_folder: Path) -> None:
    adapter = load(text_card(bert_folder))
    assert isinstance(adapter, TextAdapter)
    adapter.backbone.config.type_vocab_size = 1
    rows = adapter.prepare(pairs(*PAIRS), cache)
    assert isinstance(rows, TokenRows)
    assert set(rows.collate([0])) == {"input_ids", "attention_mask"}


def test_a_model_that_reads_one_text_refuses_pairs(cache: Cache) -> None:
    with pytest.raises(TrialError, match="reads one text at a time"):
        cut(FastTokenizer(word_tokenizer()), RULES, pairs(*PAIRS), cache)
