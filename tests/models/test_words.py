"""Words keep their place among the tokens; texts are cut into words and put together again."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import BPE
from transformers import PreTrainedTokenizerFast

from mmbench.cards import RandomModel, TextRules, TrainedTokenizer
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.ragged import IGNORED
from mmbench.data.words import text_of, words_of
from mmbench.errors import CardError, DataError, TrialError
from mmbench.models import tokens
from mmbench.models.cutting import FastTokenizer
from mmbench.models.loading import load
from mmbench.models.text import TextAdapter
from mmbench.models.tokens import cut
from mmbench.models.vocabulary import train_tokenizer
from mmbench.models.word_tokens import NOWHERE, WordRows, tokenise_words
from tests.models.samples import text_card, word_tokenizer

RULES = TextRules(max_tokens=8, pooling="mean")
ROWS = (
    ("a", "cat,dog", "sat"),
    ("the",),
    ("the", "big", "red", "dog", "ran", "on", "the", "mat"),
    ("a", "\u200b", "cat"),
)


def words(*rows: tuple[str, ...]) -> Examples:
    return Examples(ids=tuple(f"w{i}" for i in range(len(rows))), inputs={"text": rows})


def trained() -> FastTokenizer:
    texts = ["a cat dog sat the big red ran on mat 中国人 hello,world"] * 3
    return FastTokenizer(train_tokenizer(texts, vocabulary=200))


def test_a_word_begins_where_its_first_piece_stands(cache: Cache) -> None:
    rows = tokenise_words(trained(), RULES, words(*ROWS), cache)
    starts = rows.collate(range(4))["word_starts"]
    assert starts[0].tolist()[:3] == [1, 2, 5]  # [CLS] a cat , dog sat [SEP]
    assert starts[1].tolist() == [1] + [IGNORED] * 7
    assert starts[3].tolist()[:3] == [1, NOWHERE, 2]  # what has no width has no token


def test_the_ids_are_the_tokenizers_own(cache: Cache) -> None:
    tokenizer = trained()
    rows = tokenise_words(tokenizer, RULES, words(*ROWS), cache)
    for index, row in enumerate(ROWS):
        theirs = tokenizer.inner(
            list(row), is_split_into_words=True, truncation=True, max_length=8
        )["input_ids"]
        found = rows.collate([index])["input_ids"][0].tolist()
        assert found == theirs


def test_words_beyond_the_limit_are_nowhere_and_their_rows_counted(cache: Cache) -> None:
    rows = tokenise_words(trained(), RULES, words(*ROWS), cache)
    starts = rows.collate([2])["word_starts"][0]
    assert starts.tolist() == [1, 2, 3, 4, 5, 6, NOWHERE, NOWHERE]
    assert rows.facts.truncated == 1


def test_many_batches_give_the_same_as_one(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tokenise_words(trained(), RULES, words(*ROWS), cache)
    monkeypatch.setattr(tokens, "BATCH", 2)
    pieces = tokenise_words(trained(), RULES, words(*ROWS), Cache(cache.root / "other"))
    for name, value in whole.collate(range(4)).items():
        assert torch.equal(value, pieces.collate(range(4))[name])


def test_other_borders_of_the_same_letters_are_another_entry(cache: Cache) -> None:
    one = tokenise_words(trained(), RULES, words(("a", "cat")), cache)
    other = tokenise_words(trained(), RULES, words(("a cat",)), cache)
    assert one.digest != other.digest


def test_capitals_are_folded_where_the_card_says_so(cache: Cache) -> None:
    tokenizer = FastTokenizer(train_tokenizer(["cat"] * 3, vocabulary=20, lower_case=False))
    folding = replace(RULES, lower_case=True)
    row = words(("CAT",))
    known = tokenise_words(tokenizer, folding, row, cache).facts.unknown_token_share
    unknown = tokenise_words(tokenizer, RULES, row, cache).facts.unknown_token_share
    assert (known, unknown) == (0.0, 1.0)


def test_a_row_of_which_nothing_is_read_is_refused_by_name(cache: Cache) -> None:
    with pytest.raises(DataError, match=r"1 rows have no word that gives a token: w1"):
        tokenise_words(trained(), RULES, words(("a",), ("\u200b", "\u200b")), cache)


def test_bytes_that_cut_otherwise_behind_a_space_are_refused(cache: Cache) -> None:
    backend = Tokenizer(BPE({"a": 0, "[PAD]": 1}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=backend, pad_token="[PAD]"
    )
    with pytest.raises(CardError, match="add_prefix_space"):
        tokenise_words(FastTokenizer(tokenizer), RULES, words(("a",)), cache)


def test_a_model_that_reads_whole_texts_refuses_words(cache: Cache) -> None:
    with pytest.raises(TrialError, match="reads whole texts"):
        cut(FastTokenizer(word_tokenizer()), RULES, words(("a", "cat")), cache)


def test_token_features_are_those_of_the_text_with_spaces(cache: Cache, bert_folder: Path) -> None:
    """Of words that a space parts anyway the model sees the same."""
    adapter = load(text_card(bert_folder))
    rows = adapter.prepare(words(("the", "big", "cat"), ("a", "dog")), cache)
    assert isinstance(rows, WordRows)
    plain = adapter.prepare(
        Examples(ids=("0", "1"), inputs={"text": ("the big cat", "a dog")}), cache
    )
    with torch.inference_mode():
        ours, theirs = (adapter(each.collate([0, 1])).tokens for each in (rows, plain))
    assert ours is not None
    assert theirs is not None
    assert torch.equal(ours, theirs)


def test_a_vocabulary_is_trained_on_words_too() -> None:
    adapter = load(Catalog.standard().model("bert-zh-scratch"))
    assert isinstance(adapter, TextAdapter)
    adapter.learn_vocabulary(words(("中", "国", "人"), ("中", "国")))
    assert adapter.tokenizer is not None
    assert adapter.tokenizer.tokenize("中国人") == ["中", "国", "人"]


def test_a_vocabulary_is_trained_on_both_texts_of_a_pair() -> None:
    adapter = load(Catalog.standard().model("bert-zh-scratch"))
    assert isinstance(adapter, TextAdapter)
    adapter.learn_vocabulary(Examples(ids=("0",), inputs={"text": ("猫",), "text_pair": ("狗",)}))
    assert adapter.tokenizer is not None
    assert adapter.tokenizer.tokenize("猫狗") == ["猫", "狗"]


def test_pieces_that_are_trained_for_writing_are_refused() -> None:
    card = Catalog.standard().model("bert-zh-scratch")
    assert isinstance(card.source, RandomModel)
    tokenizer = TrainedTokenizer(via="trained", vocabulary=6000, pieces="bpe")
    with pytest.raises(CardError, match="trains word pieces"):
        load(replace(card, source=replace(card.source, tokenizer=tokenizer)))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("他在北京。", ("他", "在", "北", "京", "。")),
        ("Anna lives in Paris.", ("Anna", "lives", "in", "Paris.")),
        ("买了iPhone 15，很好", ("买", "了", "iPhone", "15", "，", "很", "好")),
        ("東京タワー", ("東", "京", "タ", "ワ", "ー")),
        ("  a\u3000b\n", ("a", "b")),
    ],
)
def test_a_text_is_cut_at_spaces_and_around_characters_that_need_none(
    text: str, wanted: tuple[str, ...]
) -> None:
    assert words_of(text) == wanted


def test_words_are_put_together_as_their_script_is_written() -> None:
    assert text_of(("北", "京")) == "北京"
    assert text_of(("1", "9", "年")) == "19年"
    assert text_of(("New", "York")) == "New York"
