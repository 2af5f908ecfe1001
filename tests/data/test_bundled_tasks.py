"""The task cards of every kind on bundled data load, with the rows that their descriptions name."""

from functools import cache

import numpy as np
import pytest

from mmbench.cards import TaskCard
from mmbench.catalog import Catalog
from mmbench.data.examples import TaskData
from mmbench.data.ragged import Ragged
from mmbench.data.tasks import load_task


@cache
def card(name: str) -> TaskCard:
    return Catalog.standard().task(name)


@cache
def task(name: str) -> TaskData:
    return load_task(card(name))


def sizes(name: str) -> dict[str, int]:
    return {split: len(examples) for split, examples in task(name).splits.items()}


PICTURES = {"train": 2749, "validation": 308, "test": 754, "test_unseen": 329}
SHIFT = {"test_shift": 1278}
FACES = {"train": 148, "validation": 24, "test": 48, "test_unseen": 24}
DIGITS = {"train": 360, "validation": 120, "test": 120, "test_shift": 80}
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
STRINGS = {"train": 300, "validation": 36, "test": 60, "test_shift": 40}
SIZES = {
    "emoji-keywords-multilabel": PICTURES | SHIFT,
    "emoji-names-pair": {"train": 5500, "validation": 308, "test": 754, "test_hard": 754},
    "emoji-fusion-en": PICTURES,
    "emoji-fusion-zh": PICTURES,
    "emoji-sentiment-en": FACES,
    "emoji-sentiment-zh": FACES,
    "emoji-multitask": PICTURES | SHIFT,
    "emoji-caption-en": PICTURES | SHIFT,
    "emoji-caption-zh": PICTURES | SHIFT,
    "emoji-vqa-en": PICTURES,
    "emoji-vqa-zh": PICTURES,
    "strokes-zh": {"train": 2659, "validation": 349, "test": 747},
    "spoken-digits-en": DIGITS,
    "spoken-digits-zh": DIGITS,
    "spoken-strings-en": STRINGS,
    "spoken-strings-zh": STRINGS,
}


@pytest.mark.parametrize("name", SIZES)
def test_every_split_has_the_documented_rows_and_none_is_dropped(name: str) -> None:
    assert sizes(name) == SIZES[name]
    assert not task(name).dropped


@pytest.mark.parametrize("name", SIZES)
def test_no_group_is_in_two_splits_but_where_the_card_exempts_it(name: str) -> None:
    if card(name).group is None:
        return
    seen: dict[str, str] = {}
    for split, examples in task(name).splits.items():
        if split in ("test_unseen", "test_hard") or split in card(name).group_exempt:
            continue
        assert examples.groups is not None
        for group in examples.groups:
            assert seen.setdefault(group, split) == split


def test_tasks_in_two_languages_have_the_same_ids_and_targets_of_the_same_form() -> None:
    for name in ("emoji-fusion", "emoji-sentiment", "emoji-caption", "emoji-vqa"):
        english, chinese = (task(f"{name}-{language}").splits for language in ("en", "zh"))
        assert {s: e.ids for s, e in english.items()} == {s: e.ids for s, e in chinese.items()}


def test_multilabel_targets_are_the_keywords_and_some_rows_have_none() -> None:
    examples = task("emoji-keywords-multilabel").splits["test"]
    assert isinstance(examples.targets, np.ndarray)
    assert examples.targets.shape == (754, 40)
    assert (examples.targets.sum(axis=0) > 0).all()
    assert (examples.targets.sum(axis=1) == 0).any()


def test_pairs_are_two_texts_and_balanced_in_every_split() -> None:
    for examples in task("emoji-names-pair").splits.values():
        assert set(examples.inputs) == {"text", "text_pair"}
        assert isinstance(examples.targets, np.ndarray)
        assert examples.targets.mean() == 0.5


def test_multitask_has_a_class_of_each_part() -> None:
    known = task("emoji-multitask")
    examples = known.splits["test"]
    assert isinstance(examples.targets, np.ndarray)
    assert examples.targets.shape == (754, 2)
    assert [len(own) for own in known.parts.values()] == [9, 90]


def test_strokes_are_numbers_from_1_to_24() -> None:
    targets = [examples.targets for examples in task("strokes-zh").splits.values()]
    together = np.concatenate([t for t in targets if isinstance(t, np.ndarray)])
    assert (together.min(), together.max()) == (1, 24)
    assert together.dtype == np.float32
    assert together.mean() == pytest.approx(9.7656, abs=1e-3)


def test_what_is_transcribed_is_what_the_digits_say() -> None:
    english = task("spoken-strings-en").splits["test"]
    chinese = task("spoken-strings-zh").splits["test"]
    assert english.ids == chinese.ids
    assert isinstance(english.targets, tuple)
    assert isinstance(chinese.targets, tuple)
    for name, en, zh in zip(english.ids, english.targets, chinese.targets, strict=True):
        digits = [int(digit) for digit in name.partition("-")[0]]
        assert en == " ".join(WORDS[digit] for digit in digits)
        assert zh == "".join("零一二三四五六七八九"[digit] for digit in digits)


def test_people_daily_is_split_in_the_order_of_its_lines_with_a_tag_a_character() -> None:
    known = task("people-daily-ner")
    last = 0
    for split in ("train", "validation", "test"):
        examples = known.splits[split]
        assert examples.groups is not None
        lines = [int(group) for group in examples.groups]
        assert lines == sorted(lines)
        assert lines[0] > last
        last = lines[-1]
        assert isinstance(examples.targets, Ragged)
        lengths = [len(words) for words in examples.inputs["text"] if isinstance(words, tuple)]
        assert np.diff(examples.targets.offsets).tolist() == lengths
    assert set(known.dropped) == {"duplicate", "conflicting target"}
    assert not set(known.splits["train"].inputs["text"]) & set(known.splits["test"].inputs["text"])
