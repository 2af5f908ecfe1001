"""Rebuild the bundled emoji data from the npm packages that it is made of.

    python -m tools.build_emoji [--packages FOLDER_WITH_TARBALLS]

writes `mmbench/data/bundled/emoji_images.parquet` (a row an image) and `emoji_concepts.parquet`
(a row a concept, for tasks that read text alone). Without `--packages` the tarballs are fetched
with `npm pack`; either way their SHA-256 is checked. The same packages give the same bytes with
the same libraries; the committed files are from Pillow 13.0.0 (libwebp 1.6.0), NumPy 2.4.6 and
pyarrow 26.0.1.

What is in it:

- Concepts with a name, keywords, group and subgroup in English and in Chinese, and a picture by at
  least one vendor. A concept that a vendor lacks stays: every vendor's rows then stand for what
  that vendor drew. The group `component` (five skin tones) is left out: too small to be a class.
- Not the 245 country flags of the Fluent package. Microsoft published none; those are waving flags
  of a style close to Noto's, of unstated origin. They would put an unclear licence into the data
  and a look known from training into the "unseen" vendor.
- Not Noto's picture of Sark, for which the package has the flag of Saudi Arabia.

`emoji_bases` says which concepts share a base. To its keys are added equal texts (a column of text
that is the same for two concepts would be a known answer in another fold) and, per vendor,
pictures that are nearly the same.
"""

import argparse
import io
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from tools.emoji_bases import bare_code, code_key, fold_of, join_bases, name_key
from tools.npm import Package, fetch, read_package

BUNDLED = Path(__file__).parents[1] / "mmbench" / "data" / "bundled"
SIDE_PIXELS = 64
WEBP_QUALITY = 85
TEXT_COLUMNS = ("name_en", "name_zh", "keywords_en", "keywords_zh")

# Root mean square difference of two pictures, of 255, up to which they are one drawing. Flags of
# one design reach 7; from 9 on follow different pale shapes (a white circle, a white square).
SAME_DRAWING = 8.0

LEFT_OUT_GROUP = "component"
COUNTRY_FLAGS = frozenset({"country-flag", "subdivision-flag"})
WRONG_PICTURES = frozenset({("noto", "1f1e8-1f1f6")})
SMALLEST_SUBGROUP = 5

# Subgroups of fewer than five concepts, and the neighbour of the same group that takes them in.
# Two small ones of a kind get a name for both.
MERGED_SUBGROUPS = {
    "face-hat": "face-accessory",
    "face-glasses": "face-accessory",
    "cat-face": "animal-face",
    "monkey-face": "animal-face",
    "hand-prop": "hands",  # writing hand, nail polish, selfie
    "animal-amphibian": "animal-reptile",  # the frog
    "hotel": "place-other",
    "gender": "other-symbol",
    "currency": "other-symbol",
    "subdivision-flag": "country-flag",
}


VENDORS = {
    "noto": Package(
        name="emoji-datasource-google",
        version="16.0.0",
        sha256="fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
        folder="package/img/google/64/",
    ),
    "twemoji": Package(
        name="emoji-datasource-twitter",
        version="16.0.0",
        sha256="f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
        folder="package/img/twitter/64/",
    ),
    "fluent": Package(
        name="@lobehub/fluent-emoji-3d",
        version="1.1.0",
        sha256="c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
        folder="package/assets/",
    ),
}
TEXTS = Package(
    name="emojibase-data",
    version="17.0.0",
    sha256="d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a",
    folder="package/",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """What an emoji stands for, without a picture. `subgroup` is the one before merging."""

    code: str
    name_en: str
    name_zh: str
    keywords_en: str
    keywords_zh: str
    group: str
    subgroup: str


def read_concepts(texts: Mapping[str, bytes]) -> tuple[list[Concept], int]:
    """The concepts in CLDR order, and how often a name had to stand in for missing keywords."""
    meta = json.loads(texts["meta/groups.json"])
    english: list[dict[str, Any]] = json.loads(texts["en/data.json"])
    chinese = {entry["hexcode"]: entry for entry in json.loads(texts["zh/data.json"])}
    concepts, fallbacks = [], 0
    for en in sorted((e for e in english if "group" in e), key=lambda e: e["order"]):
        zh = chinese.get(en["hexcode"])
        group = meta["groups"][str(en["group"])]
        if zh is None or group == LEFT_OUT_GROUP:
            continue
        fallbacks += sum(not entry.get("tags") for entry in (en, zh))
        concepts.append(
            Concept(
                code=bare_code(en["hexcode"]),
                name_en=en["label"],
                name_zh=zh["label"],
                keywords_en=", ".join(en.get("tags") or [en["label"]]),
                keywords_zh="，".join(zh.get("tags") or [zh["label"]]),
                group=group,
                subgroup=meta["subgroups"][str(en["subgroup"])],
            )
        )
    return concepts, fallbacks


def draw(content: bytes) -> Image.Image:
    """The picture on white, 64 x 64 RGB. What is not square is centred, not stretched."""
    picture = Image.open(io.BytesIO(content)).convert("RGBA")
    side = max(picture.size)
    canvas = Image.new("RGBA", (side, side), "white")
    corner = ((side - picture.width) // 2, (side - picture.height) // 2)
    canvas.alpha_composite(picture, corner)
    # Composited before it is resized: the colour of transparent pixels must not bleed in.
    small = (SIDE_PIXELS, SIDE_PIXELS)
    return canvas.convert("RGB").resize(small, Image.Resampling.LANCZOS)


def draw_all(
    vendor: str, files: Mapping[str, bytes], concepts: Iterable[Concept]
) -> dict[str, Image.Image]:
    """Concept → picture, for those that the vendor drew (see the module's docstring)."""
    by_code = {bare_code(name.rpartition(".")[0]): content for name, content in files.items()}
    return {
        concept.code: draw(by_code[concept.code])
        for concept in concepts
        if concept.code in by_code
        and (vendor, concept.code) not in WRONG_PICTURES
        and not (vendor == "fluent" and concept.subgroup in COUNTRY_FLAGS)
    }


def same_drawings(pictures: Mapping[str, Image.Image]) -> list[tuple[str, str]]:
    """Pairs of concepts whose pictures by one vendor differ by no more than `SAME_DRAWING`."""
    codes = list(pictures)
    pixels: NDArray[np.float64] = np.stack([np.asarray(p).ravel() for p in pictures.values()])
    pixels = pixels.astype(np.float64)  # sums of squared bytes are exact in it
    square = (pixels**2).sum(axis=1)
    mean_square = (square[:, None] + square - 2 * pixels @ pixels.T) / pixels.shape[1]
    rows, columns = np.nonzero(np.triu(mean_square <= SAME_DRAWING**2, k=1))
    return [(codes[row], codes[column]) for row, column in zip(rows, columns, strict=True)]


def concept_bases(
    concepts: Iterable[Concept], drawn_alike: Iterable[tuple[str, str]]
) -> dict[str, str]:
    """Concept → base, by code points, names, equal texts and pictures drawn alike."""
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for concept in concepts:
        keys[concept.code] |= {
            f"code {code_key(concept.code)}",
            f"stem {name_key(concept.name_en, group=concept.group)}",
            *(f"{column} {getattr(concept, column)}" for column in TEXT_COLUMNS),
        }
    for first, second in drawn_alike:
        keys[first].add(f"drawing {first}")
        keys[second].add(f"drawing {first}")
    return join_bases({code: frozenset(own) for code, own in keys.items()})


def webp(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=WEBP_QUALITY, method=6)
    return buffer.getvalue()


def concept_row(concept: Concept, base: str) -> dict[str, str]:
    return {
        "concept": concept.code,
        **{column: getattr(concept, column) for column in TEXT_COLUMNS},
        "group": concept.group,
        "subgroup": MERGED_SUBGROUPS.get(concept.subgroup, concept.subgroup),
        "base": base,
        "fold": fold_of(base),
    }


def image_rows(
    rows: Iterable[Mapping[str, str]], pictures: Mapping[str, Mapping[str, Image.Image]]
) -> list[dict[str, Any]]:
    """A row for each picture of each concept, by vendor; the concept's columns come last."""
    found = []
    for row in rows:
        code = row["concept"]
        for vendor, drawn in pictures.items():
            if code in drawn:
                own = {"id": f"{vendor}/{code}", "concept": code, "vendor": vendor}
                found.append({**own, "image": webp(drawn[code]), **row})
    return found


def check(rows: Iterable[Mapping[str, str]]) -> None:
    """What the tasks rely on: nothing leaks between folds, and every class can be scored."""
    folds: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    sizes: Counter[str] = Counter()
    for row in rows:
        sizes[row["subgroup"]] += 1
        for column in ("base", "group", *TEXT_COLUMNS):
            assert row[column], f"{row['concept']}: {column} is empty"
            folds[column, row[column]].add(row["fold"])
    for (column, value), seen in folds.items():
        if column == "group":
            assert len(seen) == 3, f"group {value!r} is only in {sorted(seen)}"
        else:
            assert len(seen) == 1, f"{column} {value!r} is in {sorted(seen)}"
    small = {name: size for name, size in sizes.items() if size < SMALLEST_SUBGROUP}
    assert not small, f"merge these subgroups, of fewer than {SMALLEST_SUBGROUP} concepts: {small}"


def write(rows: list[dict[str, Any]], path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd")
    print(f"{path.name}: {len(rows):,} rows, {path.stat().st_size / 1e6:.2f} MB")


def build(packages: Path, *, into: Path) -> None:
    """Write both files from the tarballs in `packages`, and print what a reader should know."""
    concepts, fallbacks = read_concepts(read_package(TEXTS, packages))
    pictures = {
        vendor: draw_all(vendor, read_package(package, packages), concepts)
        for vendor, package in VENDORS.items()
    }
    concepts = [c for c in concepts if any(c.code in drawn for drawn in pictures.values())]
    alike = [pair for drawn in pictures.values() for pair in same_drawings(drawn)]
    bases = concept_bases(concepts, alike)
    rows = [concept_row(concept, bases[concept.code]) for concept in concepts]
    check(rows)
    print(f"{fallbacks} names stand in for keywords; {len(set(bases.values())):,} bases")
    into.mkdir(parents=True, exist_ok=True)
    write(rows, into / "emoji_concepts.parquet")
    write(image_rows(rows, pictures), into / "emoji_images.parquet")


def main() -> None:
    parser = argparse.ArgumentParser(description="Rebuild the bundled emoji data.")
    parser.add_argument("--packages", type=Path, help="a folder that has the npm tarballs")
    packages: Path | None = parser.parse_args().packages
    if packages is not None:
        return build(packages, into=BUNDLED)
    with tempfile.TemporaryDirectory() as folder:
        for package in (TEXTS, *VENDORS.values()):
            fetch(package, into=Path(folder))
        return build(Path(folder), into=BUNDLED)


if __name__ == "__main__":
    main()
