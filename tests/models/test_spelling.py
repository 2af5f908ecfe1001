"""Vocabularies of models that write give back the very text, and are the same every time."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.resources import files

import pyarrow.parquet
import pytest

from mmbench.models.spelling import train_spelling

TEXTS = (
    "flag: Côte d’Ivoire",
    "A red  apple",
    "red apples",
    "(small) red apple!",
    "笑脸",
    "笑哭了",
)


def names(language: str) -> list[str]:
    path = files("mmbench") / "data" / "bundled" / "emoji_images.parquet"
    table = pyarrow.parquet.read_table(str(path), columns=[f"name_{language}"])
    return list(table[0].to_pylist())


def back(texts: Sequence[str], vocabulary: int) -> list[str]:
    tokenizer = train_spelling(texts, vocabulary=vocabulary)
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    return [str(tokenizer.decode(row, skip_special_tokens=True)) for row in ids]


def digest(texts: Sequence[str], vocabulary: int) -> str:
    content = train_spelling(texts, vocabulary=vocabulary).backend_tokenizer.to_str()
    return hashlib.sha256(content.encode()).hexdigest()


def test_a_text_comes_back_with_its_capitals_spaces_and_signs() -> None:
    assert back(TEXTS, 200) == list(TEXTS)


@pytest.mark.parametrize(("language", "vocabulary"), [("en", 1200), ("zh", 2400)])
def test_every_name_of_the_bundled_pictures_comes_back(language: str, vocabulary: int) -> None:
    known = sorted(set(names(language)))
    assert len(known) > 1000
    assert back(known, vocabulary) == known


def test_neither_order_nor_repetition_of_hashes_changes_the_vocabulary() -> None:
    assert digest(TEXTS, 120) == digest(TEXTS[::-1], 120)
    program = (
        "from tests.models.test_spelling import TEXTS, digest; print(digest(TEXTS, 120), end='')"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert found == {digest(TEXTS, 120)}


def test_it_has_no_more_entries_than_the_model_embeds_and_the_frequent_characters_first() -> None:
    texts = ["ab" * 5, *(chr(0x4E00 + i) for i in range(300))]
    tokenizer = train_spelling(texts, vocabulary=100)
    assert len(tokenizer) <= 100
    assert {"a", "b", "▁"} <= set(tokenizer.get_vocab())
    rare = tokenizer(chr(0x4E00 + 299), add_special_tokens=False)["input_ids"]
    assert tokenizer.unk_token_id in rare


def test_special_tokens_have_the_places_that_cards_give_them() -> None:
    tokenizer = train_spelling(TEXTS, vocabulary=100)
    assert tokenizer.convert_ids_to_tokens([0, 1, 2, 3]) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    assert (tokenizer.pad_token_id, tokenizer.unk_token_id) == (0, 1)


def test_an_answer_ends_by_its_own_token() -> None:
    """Of a random start of Qwen3-VL no config says which; the real one has a file that does."""
    made = train_spelling(["a red dog", "ein Hund"], vocabulary=100)
    assert made.eos_token_id == made.sep_token_id == 3
    assert made("a red dog")["input_ids"][-1] != made.eos_token_id
