"""A vocabulary that is trained is BERT's in its rules, and the same wherever it is trained."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from transformers import BertTokenizer, PreTrainedTokenizerFast

from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.data.tasks import load_task
from mmbench.models import from_transformers
from mmbench.models.loading import load
from mmbench.models.vocabulary import PAD_ID, SPECIAL, train_tokenizer
from tests.models.samples import WORDS

TEXTS = tuple(
    f"{a} {b} {a}{c} Café-{c}s！书很好看，{'值得'[n % 2]}一读 {n % 7}."
    for n, (a, b, c) in enumerate(zip(WORDS * 3, WORDS[3:] * 4, WORDS[5:] * 5, strict=False))
)
UNSEEN = (
    "The RED dogs' houses?",
    "naïve café",
    "书[SEP]很\u200b好 \u3000 看",
    "𠀀🙂 ﬁ",
    "x" * 101,
    "",
)


def content(tokenizer: PreTrainedTokenizerFast) -> bytes:
    text: str = tokenizer.backend_tokenizer.to_str()
    return text.encode()


def entries(tokenizer: PreTrainedTokenizerFast) -> list[str]:
    """In the order of their ids, which leave nothing out."""
    known = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    assert [index for _, index in known] == list(range(len(known)))
    return [entry for entry, _ in known]


def ids(tokenizer: object, text: str) -> list[int]:
    found: list[int] = tokenizer(text)["input_ids"]  # type: ignore[operator]
    return found


# ------------------------------------------------------------------------------- what it holds


def test_the_special_tokens_come_first_and_are_named() -> None:
    tokenizer = train_tokenizer(TEXTS, vocabulary=200)
    assert entries(tokenizer)[:5] == list(SPECIAL)
    named = (
        tokenizer.pad_token_id,
        tokenizer.unk_token_id,
        tokenizer.cls_token_id,
        tokenizer.sep_token_id,
        tokenizer.mask_token_id,
    )
    assert named == (PAD_ID, 1, 2, 3, 4)
    assert sorted(tokenizer.all_special_ids) == [0, 1, 2, 3, 4]
    assert ids(tokenizer, "a")[0] == 2
    assert ids(tokenizer, "a")[-1] == 3


@pytest.mark.parametrize("vocabulary", [30, 60, 90, 130])
def test_pieces_are_merged_as_by_a_count_of_all_pairs(vocabulary: int) -> None:
    assert entries(train_tokenizer(TEXTS, vocabulary=vocabulary)) == by_hand(vocabulary)


def by_hand(vocabulary: int) -> list[str]:
    """Byte-pair merging with the words in a list: the most frequent pair, the first of equals."""
    words: Counter[tuple[str, ...]] = Counter()
    known: Counter[str] = Counter()
    for text in TEXTS:
        for word in split(text):
            words[(word[0], *(f"##{letter}" for letter in word[1:]))] += 1
            known.update(word)
    room = vocabulary - len(SPECIAL)
    kept: set[str] = set()
    for letter in sorted(known, key=lambda letter: (-known[letter], letter)):
        forms = {letter} | {piece for word in words for piece in word if piece == f"##{letter}"}
        if len(kept) + len(forms) > room:
            break
        kept |= forms
    found = [*SPECIAL, *sorted(kept)]
    while len(found) < vocabulary:
        pairs: Counter[tuple[str, str]] = Counter()
        for pieces, count in words.items():
            for pair in pairwise(pieces):
                if set(pair) <= set(found):
                    pairs[pair] += count
        if not pairs or max(pairs.values()) < 2:
            break
        best = min(pairs, key=lambda p: (-pairs[p], found.index(p[0]), found.index(p[1])))
        merged = best[0] + best[1].removeprefix("##")
        if merged not in found:
            found.append(merged)
        again: Counter[tuple[str, ...]] = Counter()
        for pieces, count in words.items():
            again[merge(pieces, best, merged)] += count
        words = again
    return found


def merge(word: tuple[str, ...], pair: tuple[str, str], merged: str) -> tuple[str, ...]:
    pieces: list[str] = []
    for piece in word:
        if pieces and (pieces[-1], piece) == pair:
            pieces[-1] = merged
        else:
            pieces.append(piece)
    return tuple(pieces)


def split(text: str) -> list[str]:
    """BERT's words of our own texts: no accent but é, no sign that is not listed here."""
    text = text.lower().replace("é", "e")
    return "".join(c if c.isascii() and c.isalnum() else f" {c} " for c in text).split()


def test_of_too_many_characters_the_frequent_ones_stay_and_nothing_is_merged() -> None:
    texts = ["甲甲甲乙乙丙丙丁", "丁甲"]
    assert entries(train_tokenizer(texts, vocabulary=8))[5:] == ["丁", "丙", "甲"]  # 丁 before 乙
    assert entries(train_tokenizer(texts, vocabulary=100))[5:] == ["丁", "丙", "乙", "甲"]


def test_what_stands_once_is_not_merged() -> None:
    found = entries(train_tokenizer(["twice once", "twice"], vocabulary=100))
    assert "twice" in found
    assert not [entry for entry in found if len(entry.removeprefix("##")) > 1 and "o" in entry]


def test_every_character_of_the_training_texts_is_known_if_there_is_room() -> None:
    tokenizer = train_tokenizer(TEXTS, vocabulary=200)
    assert not any(tokenizer.unk_token_id in ids(tokenizer, text) for text in TEXTS)
    assert tokenizer.unk_token_id in ids(tokenizer, "未")


# -------------------------------------------------------------------------------- its rules


@pytest.mark.parametrize("lower_case", [True, False])
def test_texts_are_cut_as_berts_own_tokenizer_cuts_them(lower_case: bool) -> None:
    ours = train_tokenizer(TEXTS, vocabulary=120, lower_case=lower_case)
    theirs = BertTokenizer(vocab=ours.get_vocab(), do_lower_case=lower_case)
    for text in (*TEXTS, *UNSEEN):
        assert ids(ours, text) == ids(theirs, text)
        assert ours.decode(ids(ours, text)) == theirs.decode(ids(theirs, text))
    assert ("C" in ours.get_vocab()) != lower_case


def test_each_chinese_character_is_a_token() -> None:
    tokenizer = train_tokenizer(TEXTS, vocabulary=200)
    assert tokenizer.tokenize("很好看") == ["很", "好", "看"]


def test_it_is_the_same_after_it_was_saved(tmp_path: Path) -> None:
    tokenizer = train_tokenizer(TEXTS, vocabulary=120, lower_case=False)
    tokenizer.save_pretrained(tmp_path)
    again = from_transformers.tokenizer(tmp_path)
    assert content(again) == content(tokenizer)
    assert again.pad_token_id == PAD_ID


# --------------------------------------------------------------------------------- the same


def test_neither_order_nor_threads_nor_hashes_change_a_byte() -> None:
    here = hashlib.sha256(content(train_tokenizer(TEXTS, vocabulary=130))).hexdigest()
    code = (
        "import hashlib\n"
        "from mmbench.models.vocabulary import train_tokenizer\n"
        f"tokenizer = train_tokenizer({TEXTS[::-1]!r}, vocabulary=130)\n"
        "content = tokenizer.backend_tokenizer.to_str().encode()\n"
        "print(hashlib.sha256(content).hexdigest())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "RAYON_NUM_THREADS": "4", "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [here]


def test_the_bundled_random_start_reads_chinese(tmp_path: Path) -> None:
    catalog, cache = Catalog.standard(), Cache(tmp_path)
    card = catalog.model("bert-zh-scratch")
    adapter = load(card)
    assert sum(p.numel() for p in adapter.parameters()) == card.parameters
    splits = load_task(catalog.task("emoji-keywords-group-zh")).splits
    assert adapter.learn_vocabulary(splits["train"]) is not None
    seen, unseen = (adapter.prepare(splits[name], cache).facts for name in ("train", "test"))
    assert seen.unknown_token_share == 0.0
    assert unseen.unknown_token_share is not None
    assert 0.0 < unseen.unknown_token_share < 0.1
