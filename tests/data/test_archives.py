"""Data sets as their authors publish them: small files of the real form, and broken ones."""

import base64
import json
import wave
from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import FileData, TaskCard
from mmbench.catalog import Catalog
from mmbench.data.archives import read_aishell, read_chinese_clip, read_cluener, read_karpathy
from mmbench.data.identity import data_digest
from mmbench.data.sources import read_parts
from mmbench.data.tasks import load_task
from mmbench.errors import DataError

CATALOG = Catalog.standard()
PNG = b"\x89PNG of "


def lines(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return path


# ------------------------------------------------------------------------------- CLUENER

NEWS = {
    "text": "浙商银行企业信贷部叶老桂博士 则从",
    "label": {"name": {"叶老桂": [[9, 11]]}, "company": {"浙商银行": [[0, 3]]}},
}
"""The first line of CLUENER's training part, shortened, with a space put in."""


def test_the_end_of_a_span_is_its_last_character(tmp_path: Path) -> None:
    columns, skipped = read_cluener(lines(tmp_path / "train.json", NEWS))
    assert "".join(columns["characters"][0]) == "浙商银行企业信贷部叶老桂博士则从"
    tags = columns["tags"][0]
    assert tags[:5] == ["B-company", "I-company", "I-company", "I-company", "O"]
    assert tags[9:13] == ["B-name", "I-name", "I-name", "O"]
    assert len(tags) == len(columns["characters"][0])
    assert skipped == {}


def test_spans_with_exclusive_ends_are_refused(tmp_path: Path) -> None:
    wrong = {"text": NEWS["text"], "label": {"name": {"叶老桂": [[9, 12]]}}}
    with pytest.raises(DataError, match=r"train\.json:1: '叶老桂' .* has '叶老桂博'"):
        read_cluener(lines(tmp_path / "train.json", wrong))


def test_a_test_part_that_hides_its_labels_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the published test part hides its labels"):
        read_cluener(lines(tmp_path / "test.json", {"id": 0, "text": "彭小军认为"}))


def test_of_spans_that_overlap_the_longer_stays(tmp_path: Path) -> None:
    row = {
        "text": "北京大学",
        "label": {"address": {"北京": [[0, 1]]}, "organization": {"北京大学": [[0, 3]]}},
    }
    columns, skipped = read_cluener(lines(tmp_path / "train.json", row))
    assert columns["tags"][0] == ["B-organization", *["I-organization"] * 3]
    assert skipped == {"span that overlaps a longer one": 1}


def test_the_card_of_cluener_reads_the_form(tmp_path: Path) -> None:
    labels = CATALOG.task("cluener").target.labels or ()
    kinds = [str(label.value)[2:] for label in labels if str(label.value).startswith("B-")]
    rows = [
        {
            "text": f"第{i}条甲乙",
            "label": {kind: {"甲乙": [[len(f"第{i}条"), len(f"第{i}条") + 1]]}},
        }
        for i in range(60)
        for kind in kinds
    ]
    files = {part: str(lines(tmp_path / f"{part}.json", *rows)) for part in ("train", "dev")}
    data = load_task(with_files("cluener", files))
    assert len(data.labels) == 21
    assert len(data.splits["test"]) == 600


def with_files(name: str, files: dict[str, str]) -> TaskCard:
    card = CATALOG.task(name)
    assert isinstance(card.source, FileData)
    return replace(card, source=replace(card.source, files=files))


# -------------------------------------------------------------------------- Chinese-CLIP


def archive(folder: Path, part: str, count: int = 30, first: int = 0) -> str:
    """A part with two texts an image; a text of the last two images as well."""
    numbers = range(first, first + count)
    images = [f"{i}\t{base64.b64encode(PNG + str(i).encode()).decode()}" for i in numbers]
    folder.mkdir(exist_ok=True)
    (folder / f"{part}_imgs.tsv").write_text("\n".join(images))
    texts = [
        {"text_id": 2 * i + j, "text": f"{part} 商品 {i} {'甲乙'[j]}", "image_ids": [i]}
        for i in numbers
        for j in range(2)
    ]
    both = {"text_id": 999, "text": f"{part} 两者", "image_ids": [numbers[-2], numbers[-1]]}
    return str(lines(folder / f"{part}_texts.jsonl", *texts, both))


def test_texts_meet_their_images(tmp_path: Path) -> None:
    columns, skipped = read_chinese_clip(Path(archive(tmp_path, "valid", 3)))
    assert columns["text"][:2] == ["valid 商品 0 甲", "valid 商品 0 乙"]
    assert columns["image"][0] == columns["image"][1] == PNG + b"0"
    assert columns["image_id"][-2:] == ["1", "2"]  # a text of two images is two rows
    assert columns["text"][-2:] == ["valid 两者"] * 2
    assert skipped == {}


def test_answers_that_are_kept_are_counted(tmp_path: Path) -> None:
    (tmp_path / "test_imgs.tsv").write_text("")
    path = lines(tmp_path / "test_texts.jsonl", {"text_id": 1, "text": "裙子", "image_ids": []})
    columns, skipped = read_chinese_clip(path)
    assert (columns["text"], skipped) == ([], {"text without an image": 1})


def test_captions_with_parts_of_speech_are_refused(tmp_path: Path) -> None:
    """As those of Flickr30K-CN in one mirror."""
    path = Path(archive(tmp_path, "test", 4))
    for mark in "/:":
        tagged = [f"一个{mark}m 男人{mark}n 在{mark}p 看{mark}v 书{mark}n"] * 4
        rows = [{"text_id": i, "text": t, "image_ids": [i]} for i, t in enumerate(tagged)]
        with pytest.raises(DataError, match=f"carry parts of speech .一个{mark}m 男人{mark}n"):
            read_chinese_clip(lines(path, *rows))
    times = [{"text_id": i, "text": f"12:3{i} 在 车站 ab:c", "image_ids": [i]} for i in range(4)]
    assert len(read_chinese_clip(lines(path, *times))[0]["text"]) == 4


def test_an_archive_that_is_not_whole_is_named(tmp_path: Path) -> None:
    path = Path(archive(tmp_path, "valid", 3))
    with pytest.raises(DataError, match=r"reads PART_texts\.jsonl"):
        read_chinese_clip(lines(tmp_path / "valid.jsonl"))
    (tmp_path / "valid_imgs.tsv").write_text("0\tAAAA")
    with pytest.raises(DataError, match=r":3: image 1 is not in .*valid_imgs\.tsv"):
        read_chinese_clip(path)
    (tmp_path / "valid_imgs.tsv").write_text("0\t:::")
    with pytest.raises(DataError, match="image 0 is no Base64"):
        read_chinese_clip(path)
    (tmp_path / "valid_imgs.tsv").unlink()
    with pytest.raises(DataError, match="the images of the captions lie in it"):
        read_chinese_clip(path)


def test_the_digest_counts_the_images_that_lie_beside(tmp_path: Path) -> None:
    files = {"valid": archive(tmp_path, "valid", 3)}
    source = FileData(via="files", format="chinese_clip", files=files)
    before = data_digest(source, media_columns=("image",))
    path = tmp_path / "valid_imgs.tsv"
    path.write_text(path.read_text().replace(base64.b64encode(PNG + b"0").decode(), "AAAA"))
    assert data_digest(source, media_columns=("image",)) != before


@pytest.mark.parametrize("name", ["muge", "flickr30k-cn", "coco-cn"])
def test_the_cards_of_these_archives_read_the_form(name: str, tmp_path: Path) -> None:
    card = CATALOG.task(name)
    parts = {rule.part for rule in card.splits.values() if rule.part is not None}
    files = {p: archive(tmp_path, p, 100, 100 * i) for i, p in enumerate(sorted(parts))}
    data = load_task(with_files(name, files))
    assert set(data.splits) == {"train", "validation", "test"}
    assert len(data.splits["test"]) == 202
    assert (card.source.files.keys() & {"test"} == set()) == (name == "muge")


# ---------------------------------------------------------------------------- Karpathy's


def karpathy(path: Path, *, coco: bool) -> Path:
    """As dataset_flickr30k.json and dataset_coco.json are: five captions an image."""
    images = []
    for i in range(40):
        split = "test" if i % 5 == 0 else "val" if i % 5 == 1 else "train"
        name = f"{i}.jpg"
        image = {"filename": name, "imgid": i, "split": split}
        if coco:
            image |= {"filepath": "val2014", "cocoid": 9 * i}
            image["split"] = "restval" if i % 5 == 4 else split
        image["sentences"] = [{"raw": f"Caption {i} of {j}. ", "tokens": []} for j in range(5)]
        images.append(image)
        folder = path.parent / ("val2014" if coco else "images")
        folder.mkdir(exist_ok=True, parents=True)
        (folder / name).write_bytes(PNG + str(i).encode())
    path.write_text(json.dumps({"images": images, "dataset": "made"}))
    return path


def test_every_caption_is_a_row_of_its_image(tmp_path: Path) -> None:
    columns, _ = read_karpathy(karpathy(tmp_path / "dataset_flickr30k.json", coco=False))
    assert len(columns["text"]) == 200
    assert (columns["image"][7], columns["text"][7]) == ("images/1.jpg", "Caption 1 of 2.")
    broken = tmp_path / "other.json"
    broken.write_text(json.dumps({"images": [{"filename": "a"}]}))
    with pytest.raises(DataError, match=r"image 0 \(from 0\) lacks 'sentences'"):
        read_karpathy(broken)
    broken.write_text("[]")
    with pytest.raises(DataError, match="is no list of images with captions"):
        read_karpathy(broken)


@pytest.mark.parametrize("name", ["flickr30k", "coco-caption"])
def test_the_cards_of_that_split_read_it(name: str, tmp_path: Path) -> None:
    path = karpathy(tmp_path / "dataset.json", coco=name == "coco-caption")
    data = load_task(with_files(name, {"all": str(path)}))
    assert {split: len(rows) for split, rows in data.splits.items()} == {
        "train": 120,
        "validation": 40,
        "test": 40,
    }
    card = with_files(name, {"all": str(path)})
    before = data_digest(card.source, media_columns=("image",))
    next((tmp_path / "images").glob("3.jpg"), tmp_path / "val2014" / "3.jpg").write_bytes(b"else")
    assert data_digest(card.source, media_columns=("image",)) != before


# ------------------------------------------------------------------------------- AISHELL


def aishell(root: Path) -> Path:
    said = []
    for part, speaker in (("train", "S0002"), ("dev", "S0724"), ("test", "S0764")):
        folder = root / "wav" / part / speaker
        folder.mkdir(parents=True)
        for i in range(4):
            name = f"BAC009{speaker}W{i:04}"
            with wave.open(str(folder / f"{name}.wav"), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(16_000)
                file.writeframes(b"\0\0" * 160)
            if i:
                said.append(f"{name} 而 对 楼市 第 {'一二三'[i - 1]}")
    path = root / "transcript" / "aishell_transcript_v0.8.txt"
    path.parent.mkdir()
    path.write_text("\n".join([*said, "BAC009S0999W0001 没有 录音"]), "utf-8")
    return path


def test_recordings_meet_what_was_said(tmp_path: Path) -> None:
    path = aishell(tmp_path / "data_aishell")
    columns, skipped = read_aishell(path)
    assert columns["text"][0] == "而对楼市第一"  # the spaces are a tokenizer's
    assert sorted(set(columns["part"])) == ["dev", "test", "train"]
    assert skipped == {"recording without a transcript": 3, "transcript without a recording": 1}
    data = load_task(with_files("aishell1", {"all": str(path)}))
    assert {name: len(rows) for name, rows in data.splits.items()} == {
        "train": 3,
        "validation": 3,
        "test": 3,
    }
    source = FileData(via="files", format="aishell", files={"all": str(path)})
    assert read_parts(source)["all"].folder == tmp_path / "data_aishell"
    assert len(data_digest(source, media_columns=("audio",))) == 64


def test_an_archive_whose_speakers_are_still_packed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data_aishell" / "transcript" / "aishell_transcript_v0.8.txt"
    path.parent.mkdir(parents=True)
    path.write_text("BAC009S0002W0122 而 对\n")
    with pytest.raises(DataError, match="no recordings; unpack those of every speaker"):
        read_aishell(path)
    path.write_text("BAC009S0002W0122\n")
    with pytest.raises(DataError, match="is no recording with what was said"):
        read_aishell(path)
