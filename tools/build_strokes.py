"""Draw the characters of `strokes-zh` from the outlines of the npm package hanzi-writer-data.

    python -m tools.build_strokes [--packages FOLDER_WITH_TARBALL]

writes `mmbench/data/bundled/strokes_zh.parquet`, a row a character: its glyph, and of how many
strokes the package draws it. Without `--packages` the tarball is fetched with `npm pack`; either
way its SHA-256 is checked. The same package gives the same bytes with the same libraries; the
committed file is from Pillow 13.0.0 (libwebp 1.6.0) and pyarrow 26.0.1.

The characters are the 3,755 of level 1 of GB/T 2312-1980, which the standard chose as the common
ones, and the package has them all. The glyph is black on white, 64 x 64 pixels in 16 levels of
grey, and all strokes are drawn alike, so nothing but the shape tells their number. The file says
how it was changed, as the Arphic Public License asks; `ARPHICPL.TXT` lies beside it.
"""

import argparse
import hashlib
import io
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

from tools.npm import Package, fetch, read_package

BUNDLED = Path(__file__).parents[1] / "mmbench" / "data" / "bundled"
OUTLINES = Package(
    name="hanzi-writer-data",
    version="2.0.1",
    sha256="72baf3d82b114e60d6e40ea05f24d2262a05cd39d544e2f322ba2fceb7beff15",
    folder="package/",
)
LICENCE = "ARPHICPL.TXT"
CHANGES = (
    "Changed by mmbench on 2026-11-26: the stroke outlines of hanzi-writer-data 2.0.1, which come "
    "from fonts by Arphic Technology, were drawn as pictures of 64 x 64 pixels. Under the Arphic "
    "Public License, see ARPHICPL.TXT beside this file."
)

SIDE_PIXELS = 64
FINER = 8  # the outlines are filled at 512 pixels and averaged down
GREYS = 16  # lossless pictures of 16 levels are smaller than lossy ones of 256
EM = 1024  # the outlines' own square, with y upwards from 124 below the base line
TOP = 900
CHORDS = 8  # straight pieces that stand for one curve, each under a pixel of the finer picture

Point = tuple[float, float]


def common_characters() -> list[str]:
    """Level 1 of GB/T 2312: rows 16 to 55 of its table; the last five cells are empty."""
    codes = [bytes((row + 0xA0, cell + 0xA0)) for row in range(16, 56) for cell in range(1, 95)]
    return [code.decode("gb2312") for code in codes[:-5]]


def fold_of(character: str) -> str:
    """`train`, `validation` (a tenth) or `test` (a fifth), by sha256 of the character."""
    place = int.from_bytes(hashlib.sha256(f"stroke {character}".encode()).digest()[:8], "big") % 10
    return "test" if place < 2 else "validation" if place < 3 else "train"


def contours(path: str) -> Iterator[list[Point]]:
    """An SVG path of absolute M, L, Q, C and Z → its closed contours as polygons."""
    contour: list[Point] = []
    for command, numbers in re.findall(r"([A-Z])([^A-Z]*)", path):
        if command not in "MLQCZ":
            raise ValueError(f"the path has the command {command!r}, which is not drawn")
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        points = list(zip(values[::2], values[1::2], strict=True))
        if command == "Z":
            yield contour
            contour = []
        elif command in "ML":
            contour += points
        else:
            contour += curve([contour[-1], *points])
    if contour:
        yield contour


def curve(control: list[Point]) -> list[Point]:
    """A Bézier curve of any degree as chords, without its first point (de Casteljau)."""
    found = []
    for step in range(1, CHORDS + 1):
        t, points = step / CHORDS, control
        while len(points) > 1:
            points = [
                ((1 - t) * a[0] + t * b[0], (1 - t) * a[1] + t * b[1]) for a, b in pairwise(points)
            ]
        found.append(points[0])
    return found


def draw(strokes: list[str]) -> Image.Image:
    """The glyph, black on white: [64, 64] grey."""
    side = SIDE_PIXELS * FINER
    picture = Image.new("L", (side, side), "white")
    pen = ImageDraw.Draw(picture)
    for stroke in strokes:
        for contour in contours(stroke):
            pen.polygon([(x * side / EM, (TOP - y) * side / EM) for x, y in contour], fill=0)
    small = picture.resize((SIDE_PIXELS, SIDE_PIXELS), Image.Resampling.BOX)
    step = 255 // (GREYS - 1)
    return small.point([round(level / step) * step for level in range(256)])


def webp(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "WEBP", lossless=True, method=6)
    return buffer.getvalue()


def rows_of(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """A row for each common character. KeyError if the package lacks one."""
    found = []
    for character in common_characters():
        strokes = json.loads(files[f"{character}.json"])["strokes"]
        found.append(
            {
                "id": f"{ord(character):x}",
                "character": character,
                "image": webp(draw(strokes)),
                "strokes": len(strokes),
                "fold": fold_of(character),
            }
        )
    return found


def build(packages: Path, *, into: Path) -> None:
    files = read_package(OUTLINES, packages)
    table = pa.Table.from_pylist(rows_of(files)).replace_schema_metadata({"changes": CHANGES})
    path = into / "strokes_zh.parquet"
    pq.write_table(table, path, compression="zstd")
    (into / LICENCE).write_bytes(files[LICENCE])
    print(f"{path.name}: {len(table):,} rows, {path.stat().st_size / 1e6:.2f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description="Rebuild the bundled glyphs.")
    parser.add_argument("--packages", type=Path, help="a folder that has the npm tarball")
    packages: Path | None = parser.parse_args().packages
    if packages is not None:
        return build(packages, into=BUNDLED)
    with tempfile.TemporaryDirectory() as folder:
        fetch(OUTLINES, into=Path(folder))
        return build(Path(folder), into=BUNDLED)


if __name__ == "__main__":
    main()
