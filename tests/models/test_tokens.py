"""Token ids are the tokenizer's own; the cache and the facts hold."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from mmbench.cards import TextRules
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.errors import DataError, TrialError
from mmbench.models import tokens
from mmbench.models.from_transformers import tokenizer as load_tokenizer
from mmbench.models.sources import locate
from mmbench.models.tokens import TokenRows, tokenise
from tests.models.samples import texts, word_tokenizer

RULES = TextRules(max_tokens=6, pooling="mean")
LONG = "the big red dog ran on the mat"


def rows_of(prepared: TokenRows) -> list[list[int]]:
    pairs = zip(prepared.offsets, prepared.offsets[1:], strict=False)
    return [prepared.ids[start:end].tolist() for start, end in pairs]


def minilm() -> PreTrainedTokenizerFast:
    source = Catalog.standard().model("minilm-l6").source
    assert source.via == "package"
    return load_tokenizer(locate(source))


def test_ids_equal_the_tokenizers_own_truncation(cache: Cache) -> None:
    sentences = ["word " * n + end for n in range(0, 40, 3) for end in ("", "!", "日本語")]
    ours = minilm()
    rules = TextRules(max_tokens=16, pooling="mean")
    prepared = tokenise(ours, rules, texts(*sentences), cache)
    source = Catalog.standard().model("minilm-l6").source
    assert source.via == "package"
    theirs = AutoTokenizer.from_pretrained(locate(source))
    expected = [theirs(s, truncation=True, max_length=16)["input_ids"] for s in sentences]
    assert rows_of(prepared) == expected
    untruncated = [theirs(s, verbose=False)["input_ids"] for s in sentences]
    assert prepared.facts.truncated == sum(len(ids) > 16 for ids in untruncated) > 0
    assert prepared.facts.tokens == sum(map(len, expected)) == len(prepared.ids)


def test_many_batches_give_the_same_as_one(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = texts(*(f"{'cat ' * (i % 9)}dog" for i in range(50)))
    whole = tokenise(word_tokenizer(), RULES, sentences, cache)
    monkeypatch.setattr(tokens, "BATCH", 7)
    pieces = tokenise(word_tokenizer(), RULES, sentences, Cache(cache.root / "other"))
    assert rows_of(whole) == rows_of(pieces)
    assert whole.facts == pieces.facts


def test_a_batch_is_padded_to_its_longest_row(cache: Cache) -> None:
    prepared = tokenise(word_tokenizer(), RULES, texts("a cat", "", LONG), cache)
    assert prepared.lengths.tolist() == [4, 2, 6]
    batch = prepared.collate([1, 0])
    assert batch["input_ids"].tolist() == [[2, 3, 0, 0], [2, 5, 7, 3]]
    assert batch["attention_mask"].tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]


def test_facts_count_truncated_real_and_unknown_tokens(cache: Cache) -> None:
    prepared = tokenise(word_tokenizer(), RULES, texts("a zebra", LONG, ""), cache)
    assert prepared.facts.truncated == 1
    assert prepared.facts.tokens == 4 + 6 + 2
    assert prepared.facts.unknown_token_share == 1 / (2 + 4)


def test_an_english_vocabulary_does_not_know_all_chinese_characters(cache: Cache) -> None:
    tokenizer, rules = minilm(), TextRules(max_tokens=32, pooling="mean")
    chinese = tokenise(tokenizer, rules, texts("鲸鱼喷着水柱", "饺子与鞭炮"), cache)
    english = tokenise(tokenizer, rules, texts("a spouting whale"), cache)
    assert chinese.facts.unknown_token_share is not None
    assert chinese.facts.unknown_token_share > 0.3
    assert english.facts.unknown_token_share == 0


def test_the_same_texts_come_from_the_cache(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tokenise(word_tokenizer(), RULES, texts("a cat", LONG), cache)
    monkeypatch.setattr(tokens, "_build", None)  # a second build would fail
    again = tokenise(word_tokenizer(), RULES, texts("a cat", LONG), cache)
    assert np.array_equal(first.ids, again.ids)
    assert np.array_equal(first.offsets, again.offsets)
    assert (first.digest, first.facts) == (again.digest, again.facts)


def test_the_digest_changes_with_whatever_changes_rows_or_features(cache: Cache) -> None:
    def digest(
        *rows: str, rules: TextRules = RULES, vocabulary: PreTrainedTokenizerFast | None = None
    ) -> str:
        return tokenise(vocabulary or word_tokenizer(), rules, texts(*rows), cache).digest

    other = word_tokenizer()
    other.add_tokens(["zebra"])
    digests = [
        digest("a cat", "dog"),
        digest("a cat", "dogs"),
        digest("a ", "catdog"),
        digest("dog", "a cat"),
        digest("a cat", "dog", rules=replace(RULES, max_tokens=5)),
        digest("a cat", "dog", rules=replace(RULES, pooling="cls")),
        digest("a cat", "dog", vocabulary=other),
    ]
    assert len(set(digests)) == len(digests)


def test_an_earlier_call_of_the_tokenizer_changes_no_digest(cache: Cache) -> None:
    used = word_tokenizer()
    used(["a cat"], truncation=True, max_length=3, padding="max_length")
    fresh = tokenise(word_tokenizer(), RULES, texts("a cat"), cache)
    assert tokenise(used, RULES, texts("a cat"), cache).digest == fresh.digest


def test_no_rows_are_no_tokens(cache: Cache) -> None:
    prepared = tokenise(word_tokenizer(), RULES, texts(), cache)
    assert len(prepared) == 0
    assert prepared.facts.tokens == 0
    assert prepared.facts.unknown_token_share is None


def test_a_text_that_is_no_unicode_is_named(cache: Cache) -> None:
    with pytest.raises(DataError, match="the text of t1 is no valid Unicode"):
        tokenise(word_tokenizer(), RULES, texts("a", "\ud800"), cache)


def test_a_text_without_any_token_is_named(cache: Cache) -> None:
    bare = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=Tokenizer(WordLevel({"a": 0}, unk_token="a"))
    )
    with pytest.raises(DataError, match=r"1 texts give no token at all, e\.g\. t1"):
        tokenise(bare, RULES, texts("a", ""), cache)


def test_a_folder_without_tokenizer_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(TrialError, match="no tokenizer files here"):
        load_tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(TrialError, match="no tokenizer can be loaded"):
        load_tokenizer(tmp_path)
