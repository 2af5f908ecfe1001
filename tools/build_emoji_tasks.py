"""Derive what more can be asked of the bundled emoji: facts that stand beside the pictures.

    python -m tools.build_emoji_tasks

reads `emoji_concepts.parquet` and `emoji_images.parquet`, which stay as they are, and writes beside
them, without a picture of its own:

- `emoji_facts.parquet`, a row a concept: which of the `KEYWORDS` most frequent English keywords it
  has, and the sentiment of a face with the tenth of its fold (see `SENTIMENTS`).
- `emoji_pairs.parquet`: the English name of each concept with its own Chinese name, and with that
  of another concept of its fold: mostly one of another base, else a hard one of the same subgroup.
  Concepts of the test fold are paired with a hard one besides, those of the training fold once more
  with the Chinese name first. In each of these sets every name stands once in a pair that matches
  and once in one that does not, so neither name alone gives the answer away.
- `emoji_questions.parquet`, a row a picture: a question in both languages, with four options, and
  its answer. Half of the questions ask for the group, half for the name; the other names come from
  the same subgroup where it has enough of them, and always from the same fold, so that training
  reads no name of the test split.

What is drawn is drawn by sha256, so the same files give the same rows on every machine; the
committed files are from pyarrow 26.0.1.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tools.emoji_pairs import Row, check_pairs, drawn, in_drawn_order, pair_rows

BUNDLED = Path(__file__).parents[1] / "mmbench" / "data" / "bundled"
KEYWORDS = 40

# The mood of a subgroup is that of most of its faces, not of each: "melting face" is of the smiling
# ones. Costumes (a ghost, a robot), hearts and the faces of animals stand for none.
SENTIMENTS = {
    "face-smiling": "positive",
    "face-affection": "positive",
    "face-tongue": "positive",
    "face-accessory": "positive",
    "face-hand": "neutral",
    "face-neutral-skeptical": "neutral",
    "face-sleepy": "neutral",
    "face-concerned": "negative",
    "face-unwell": "negative",
    "face-negative": "negative",
}
PARTS_OF_SENTIMENT = 10

GROUP_NAMES = {
    "smileys-emotion": ("smileys and emotion", "笑脸与情感"),
    "people-body": ("people and body", "人物与身体"),
    "animals-nature": ("animals and nature", "动物与自然"),
    "food-drink": ("food and drink", "食物与饮料"),
    "travel-places": ("travel and places", "旅行与地点"),
    "activities": ("activities", "活动"),
    "objects": ("objects", "物品"),
    "symbols": ("symbols", "符号"),
    "flags": ("flags", "旗帜"),
}
OPTIONS = 4
QUESTIONS = {
    "group": (
        ("Which group does this emoji belong to?", "这个表情符号属于哪一类？"),
        ("What kind of thing does this picture show?", "这张图画的是哪一类事物？"),
        ("Choose the group of this emoji.", "请选出这个表情符号所属的类别。"),
    ),
    "name": (
        ("What is this emoji called?", "这个表情符号叫什么？"),
        ("Which name fits this picture?", "哪个名称与这张图相符？"),
        ("What does this picture show?", "这张图画的是什么？"),
    ),
}

# -------------------------------------------------------------------------------- facts


def frequent_keywords(concepts: Iterable[Row]) -> list[str]:
    """The English keywords of the most bases of the training fold, the most frequent first.

    By base, since the variants of one person would make `man` and `child` frequent on their own; of
    those that the test fold has as well, since the others could not be scored.
    """
    bases: defaultdict[str, set[str]] = defaultdict(set)
    in_test: set[str] = set()
    for row in concepts:
        for keyword in row["keywords_en"].split(", "):
            if row["fold"] == "train":
                bases[keyword].add(row["base"])
            elif row["fold"] == "test":
                in_test.add(keyword)
    known = sorted(set(bases) & in_test, key=lambda keyword: (-len(bases[keyword]), keyword))
    return known[:KEYWORDS]


def sentiment_tenths(concepts: Iterable[Row]) -> dict[str, int]:
    """Base of a face → a tenth from 0, so that each tenth has its share of every sentiment."""
    first: dict[str, str] = {}
    for row in concepts:
        if row["subgroup"] in SENTIMENTS:
            first.setdefault(row["base"], SENTIMENTS[row["subgroup"]])
    tenths = {}
    for sentiment in dict.fromkeys(SENTIMENTS.values()):
        own = [base for base, mood in first.items() if mood == sentiment]
        for place, base in enumerate(sorted(own, key=lambda base: drawn("sentiment", base))):
            tenths[base] = place % PARTS_OF_SENTIMENT
    return tenths


def fact_rows(concepts: Sequence[Row]) -> list[Row]:
    keywords, tenths = frequent_keywords(concepts), sentiment_tenths(concepts)
    return [
        {
            "concept": row["concept"],
            "keywords": [k for k in keywords if k in row["keywords_en"].split(", ")],
            "sentiment": (sentiment := SENTIMENTS.get(row["subgroup"])),
            "sentiment_tenth": None if sentiment is None else tenths[row["base"]],
        }
        for row in concepts
    ]


# ---------------------------------------------------------------------------- questions


def question_rows(images: Iterable[Row], concepts: Sequence[Row]) -> list[Row]:
    by_fold: defaultdict[str, list[Row]] = defaultdict(list)
    for row in concepts:
        by_fold[row["fold"]].append(row)
    return [question(row, by_fold[row["fold"]]) for row in images]


def question(image: Row, fold: Iterable[Row]) -> Row:
    key = image["id"]
    asks = ("group", "name")[drawn("asks", key) % 2]
    names = group_options(image) if asks == "group" else name_options(image, fold)
    answer = names[0]
    options = sorted(names, key=lambda name: drawn(f"option {key}", name[0]))
    template = QUESTIONS[asks][drawn("template", key) % len(QUESTIONS[asks])]
    return {
        "id": key,
        "asks": asks,
        "question_en": f"{template[0]} Options: {'; '.join(en for en, _ in options)}",
        "answer_en": answer[0],
        "question_zh": f"{template[1]}选项：{'；'.join(zh for _, zh in options)}",
        "answer_zh": answer[1],
    }


def group_options(image: Row) -> list[tuple[str, str]]:
    """The group of the picture, then others."""
    others = sorted(
        set(GROUP_NAMES) - {image["group"]}, key=lambda group: drawn(f"group {image['id']}", group)
    )
    return [GROUP_NAMES[group] for group in [image["group"], *others[: OPTIONS - 1]]]


def name_options(image: Row, fold: Iterable[Row]) -> list[tuple[str, str]]:
    """The names of the picture, then those of others: of its subgroup, then group, then any."""
    nearest: tuple[list[Row], list[Row], list[Row]] = ([], [], [])
    for row in fold:
        if row["concept"] != image["concept"]:
            same = row["subgroup"] == image["subgroup"], row["group"] == image["group"]
            nearest[0 if all(same) else 1 if same[1] else 2].append(row)
    others: list[Row] = []
    for rows in nearest:
        if len(others) < OPTIONS - 1:
            others += in_drawn_order(rows, f"name {image['id']}")
    return [(row["name_en"], row["name_zh"]) for row in [image, *others[: OPTIONS - 1]]]


# -------------------------------------------------------------------------------- files


def check(tables: Mapping[str, Sequence[Row]]) -> None:
    """What the tasks rely on; an assertion says which row breaks it."""
    check_pairs(tables["emoji_pairs"])
    for row in tables["emoji_questions"]:
        for language, head, separator in (("en", "Options: ", "; "), ("zh", "选项：", "；")):
            found = row[f"question_{language}"].partition(head)[2].split(separator)
            assert len(set(found)) == OPTIONS, f"{row['id']}: {found}"
            assert row[f"answer_{language}"] in found, f"{row['id']}: {found}"


def tables_of(concepts: Sequence[Row], images: Sequence[Row]) -> dict[str, list[Row]]:
    """File name without its suffix → rows."""
    return {
        "emoji_facts": fact_rows(concepts),
        "emoji_pairs": pair_rows(concepts),
        "emoji_questions": question_rows(images, concepts),
    }


def read(name: str, folder: Path) -> list[Row]:
    table = pq.ParquetFile(folder / f"{name}.parquet").read()
    rows: list[Row] = table.drop_columns(set(table.column_names) & {"image"}).to_pylist()
    return rows


def build(folder: Path, *, into: Path) -> None:
    """Write the three files from the two in `folder`, and say what a card needs to know."""
    concepts, images = read("emoji_concepts", folder), read("emoji_images", folder)
    tables = tables_of(concepts, images)
    check(tables)
    print("keywords:", ", ".join(frequent_keywords(concepts)))
    for name, rows in tables.items():
        path = into / f"{name}.parquet"
        pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd")
        print(f"{path.name}: {len(rows):,} rows, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    build(BUNDLED, into=BUNDLED)
