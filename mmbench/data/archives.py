"""Data sets in the very form in which their authors publish them, one reader a form.

Each gives columns, and what stood in the files and is no row, by reason. DataError says which file
and line is not of the form.
"""

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mmbench.data.lines import numbered_lines
from mmbench.errors import DataError

Read = tuple[dict[str, list[Any]], dict[str, int]]

TEXTS, IMAGES = "_texts.jsonl", "_imgs.tsv"
TAGGED = re.compile(r"[^\s/:]+[/:][a-z]{1,3}")
"""A word with its part of speech, `男人/n` or `男人:n`."""

FEW = 20  # texts that are looked at


def beside(path: Path, layout: str) -> list[Path]:
    """Other files that the reader of `path` reads."""
    return [_images_of(path)] if layout == "chinese_clip" else []


# ------------------------------------------------------------------------------- CLUENER


def read_cluener(path: Path) -> Read:
    """CLUENER2020 (Xu et al. 2020, arXiv:2001.04351): spans → a tag a character, BIO.

    A line is `{"text": …, "label": {"name": {"叶老桂": [[9, 11]]}}}`; the end of a span is its last
    character, not the one behind it. characters, tags: lists of str, equally long, without white
    space, which no tokenizer keeps. A span that overlaps a longer one is left out and counted.
    """
    columns: dict[str, list[Any]] = {"characters": [], "tags": []}
    overlapping = 0
    for number, row in _objects(path):
        text, spans = row.get("text"), row.get("label")
        if not isinstance(text, str) or not isinstance(spans, dict):
            raise DataError(
                f"{path}:{number}: no text and label; the published test part hides its labels: "
                "take train.json and dev.json"
            )
        tags, left_out = _tags(text, spans, f"{path}:{number}")
        overlapping += left_out
        kept = [place for place, character in enumerate(text) if not character.isspace()]
        columns["characters"].append([text[place] for place in kept])
        columns["tags"].append([tags[place] for place in kept])
    return columns, {"span that overlaps a longer one": overlapping} if overlapping else {}


def _tags(text: str, spans: Mapping[str, Any], where: str) -> tuple[list[str], int]:
    """Longer spans first, and how many were left out."""
    tags, left_out = ["O"] * len(text), 0
    found = [
        (int(start), int(end), kind, said)
        for kind, entities in spans.items()
        for said, places in entities.items()
        for start, end in places
    ]
    for start, end, kind, said in sorted(found, key=lambda span: (span[0] - span[1], span[0])):
        if text[start : end + 1] != said:
            raise DataError(
                f"{where}: {said!r} is said to stand at {start} to {end}, where the text has "
                f"{text[start : end + 1]!r}; an end is the last character of its span"
            )
        if any(tag != "O" for tag in tags[start : end + 1]):
            left_out += 1
            continue
        tags[start : end + 1] = [f"B-{kind}", *[f"I-{kind}"] * (end - start)]
    return tags, left_out


# -------------------------------------------------------------------------- Chinese-CLIP


def read_chinese_clip(path: Path) -> Read:
    """`PART_texts.jsonl` of the authors of Chinese-CLIP (MUGE, Flickr30k-CN, COCO-CN), with
    `PART_imgs.tsv` beside it: an image a line, its number and its file in Base64.

    A text a line, `{"text_id": 8428, "text": …, "image_ids": [1076345]}`; a row for each of its
    images: image (bytes), text, text_id, image_id. A text without images, as in a test part whose
    answers are kept, is counted and gives no row. DataError where the captions carry parts of
    speech, as those of one mirror do.
    """
    images = _encoded_images(_images_of(path))
    columns: dict[str, list[Any]] = {"image": [], "text": [], "text_id": [], "image_id": []}
    without = 0
    for number, row in _objects(path):
        try:
            text, text_id, image_ids = row["text"], row["text_id"], row["image_ids"]
        except KeyError as error:
            raise DataError(f"{path}:{number}: no {error}; it has {', '.join(row)}") from None
        without += not image_ids
        for image_id in map(str, image_ids):
            if image_id not in images:
                raise DataError(f"{path}:{number}: image {image_id} is not in {_images_of(path)}")
            columns["image"].append(images[image_id])
            columns["text"].append(text)
            columns["text_id"].append(text_id)
            columns["image_id"].append(image_id)
    _refuse_parts_of_speech(columns["text"], path)
    return columns, {"text without an image": without} if without else {}


def _images_of(path: Path) -> Path:
    if not path.name.endswith(TEXTS):
        raise DataError(
            f"{path}: format chinese_clip reads PART{TEXTS}, with PART{IMAGES} beside it"
        )
    return path.with_name(path.name.removesuffix(TEXTS) + IMAGES)


def _encoded_images(path: Path) -> dict[str, bytes]:
    if not path.is_file():
        raise DataError(f"{path}: no such file; the images of the captions lie in it")
    found = {}
    with path.open(encoding="ascii", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            image_id, _, encoded = line.rstrip("\n").partition("\t")
            # some are written in the alphabet that is safe in addresses
            plain = encoded.translate(str.maketrans("-_", "+/"))
            try:
                found[image_id] = base64.b64decode(plain, validate=True)
            except (binascii.Error, ValueError):
                raise DataError(f"{path}:{number}: image {image_id[:20]} is no Base64") from None
    return found


def _refuse_parts_of_speech(texts: list[str], path: Path) -> None:
    some = [text.split() for text in texts[:FEW]]
    tagged = [words for words in some if len(words) > 1 and all(map(TAGGED.fullmatch, words))]
    if len(tagged) * 2 > len(some):
        raise DataError(
            f"{path}: captions carry parts of speech ({' '.join(tagged[0][:3])} …), as those of "
            "one mirror do; take the authors' own archive, whose texts are plain"
        )


# ---------------------------------------------------------------------------- Karpathy's


def read_karpathy(path: Path) -> Read:
    """`dataset_flickr30k.json`, `dataset_coco.json`: the split of Karpathy and Fei-Fei 2015
    (arXiv:1412.2306), a row a caption.

    image: the file in the folder that the JSON names (`filepath`, COCO's), or else in `images`
    beside it. text: as it was written. split: train, restval (COCO's), val, test. image_id.
    """
    try:
        whole = json.loads(path.read_bytes())
        listed = whole["images"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: is no list of images with captions: {error!r}") from None
    columns: dict[str, list[Any]] = {"image": [], "text": [], "split": [], "image_id": []}
    for place, image in enumerate(listed):
        try:
            name = f"{image.get('filepath', 'images')}/{image['filename']}"
            captions = [sentence["raw"].strip() for sentence in image["sentences"]]
            split, number = image["split"], image["imgid"]
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path}: image {place} (from 0) lacks {error}") from None
        for caption in captions:
            columns["image"].append(name)
            columns["text"].append(caption)
            columns["split"].append(split)
            columns["image_id"].append(number)
    return columns, {}


# ------------------------------------------------------------------------------- AISHELL


def read_aishell(path: Path) -> Read:
    """`transcript/aishell_transcript_v0.8.txt` of AISHELL-1 (Bu et al. 2017, arXiv:1709.05522), and
    the folders `wav/train`, `wav/dev` and `wav/test` beside `transcript`.

    A line is the name of a recording and what was said, in words parted by spaces. audio: the file
    relative to the archive's folder. text: the words without the spaces, which are a tokenizer's
    and not Chinese. part, speaker: the folders. Recordings and transcripts that lack the other are
    counted and give no row.
    """
    said: dict[str, str] = {}
    for number, line in numbered_lines(path):
        name, _, words = line.strip().partition(" ")
        if not words:
            raise DataError(f"{path}:{number}: {line[:40]!r} is no recording with what was said")
        said[name] = "".join(words.split())
    root = path.parent.parent
    columns: dict[str, list[Any]] = {"audio": [], "text": [], "part": [], "speaker": [], "id": []}
    skipped: Counter[str] = Counter()
    for file in sorted((root / "wav").glob("*/*/*.wav")):
        if file.stem not in said:
            skipped["recording without a transcript"] += 1
            continue
        columns["audio"].append(file.relative_to(root).as_posix())
        columns["text"].append(said.pop(file.stem))
        columns["part"].append(file.parent.parent.name)
        columns["speaker"].append(file.parent.name)
        columns["id"].append(file.stem)
    if not columns["id"]:
        raise DataError(f"{root / 'wav'}: no recordings; unpack those of every speaker there")
    if said:
        skipped["transcript without a recording"] = len(said)
    return columns, dict(skipped)


ARCHIVES: Mapping[str, Callable[[Path], Read]] = {
    "cluener": read_cluener,
    "chinese_clip": read_chinese_clip,
    "karpathy": read_karpathy,
}
"""Those whose files lie in or under the folder of the one that the card names."""


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}:{number}: no JSON: {error}") from None
        if not isinstance(found, dict):
            raise DataError(f"{path}:{number}: no object")
        yield number, found
