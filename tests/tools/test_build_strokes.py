"""Glyphs drawn from outlines: the curves, the characters, and the committed file."""

import io
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tools.build_strokes import (
    BUNDLED,
    CHANGES,
    common_characters,
    contours,
    curve,
    draw,
    fold_of,
    rows_of,
    webp,
)

SQUARE = "M 256 132 L 768 132 L 768 644 L 256 644 Z"


def test_the_characters_are_level_1_of_gb_2312() -> None:
    characters = common_characters()
    assert len(set(characters)) == 3755
    assert (characters[0], characters[-1]) == ("啊", "座")
    assert all(0xB0 <= character.encode("gb2312")[0] <= 0xD7 for character in characters)


def test_a_square_covers_the_pixels_that_its_corners_say() -> None:
    pixels = np.asarray(draw([SQUARE]))
    # x 256..768 of 1024 → 16..48 of 64; y is upwards and 900 the top: 900 - 644 → 16, 768 → 48
    assert pixels[17:47, 17:47].max() == 0
    assert pixels[:15].min() == pixels[49:].min() == 255
    assert pixels[:, :15].min() == pixels[:, 50:].min() == 255


def test_curves_pass_through_the_points_of_their_formula() -> None:
    quadratic = curve([(0.0, 0.0), (1.0, 2.0), (2.0, 0.0)])
    assert quadratic[3] == pytest.approx((1.0, 1.0))  # t = 1/2: (p0 + 2 p1 + p2) / 4
    cubic = curve([(0.0, 0.0), (0.0, 4.0), (4.0, 4.0), (4.0, 0.0)])
    assert cubic[3] == pytest.approx((2.0, 3.0))  # t = 1/2: (p0 + 3 p1 + 3 p2 + p3) / 8
    assert (quadratic[-1], cubic[-1]) == ((2.0, 0.0), (4.0, 0.0))


def test_a_command_that_is_not_drawn_stops_the_build() -> None:
    with pytest.raises(ValueError, match="'A', which is not drawn"):
        list(contours("M 0 0 A 1 1 0 0 0 2 2 Z"))


def test_a_character_that_the_package_lacks_stops_the_build() -> None:
    files = {f"{c}.json": json.dumps({"strokes": [SQUARE]}).encode() for c in "啊阿"}
    with pytest.raises(KeyError, match="埃"):
        rows_of(files)


def test_the_committed_file_holds_each_character_once_with_its_strokes_and_fold() -> None:
    table = pq.ParquetFile(BUNDLED / "strokes_zh.parquet").read()
    rows = table.to_pylist()
    assert [row["character"] for row in rows] == common_characters()
    assert all(row["fold"] == fold_of(row["character"]) for row in rows)
    known = {"一": 1, "丁": 2, "三": 3, "中": 4, "永": 5, "字": 6, "我": 7, "语": 9, "矗": 24}
    assert {row["character"]: row["strokes"] for row in rows if row["character"] in known} == known
    assert table.schema.metadata[b"changes"].decode() == CHANGES
    assert (BUNDLED / "ARPHICPL.TXT").read_text().startswith("ARPHIC PUBLIC LICENSE")


def test_the_committed_pictures_are_64_pixels_in_sixteen_greys_and_all_differ() -> None:
    rows = pq.ParquetFile(BUNDLED / "strokes_zh.parquet").read().to_pylist()
    assert len({row["image"] for row in rows}) == len(rows)
    for row in rows[::50]:
        with Image.open(io.BytesIO(row["image"])) as picture:
            pixels = np.asarray(picture)
        assert pixels.shape == (64, 64, 3)
        assert (pixels[..., 0] == pixels[..., 1]).all()
        assert (pixels % 17 == 0).all()


def test_the_picture_is_kept_without_loss() -> None:
    picture = draw([SQUARE.replace("768", "761")])
    with Image.open(io.BytesIO(webp(picture))) as kept:
        assert (np.asarray(kept)[..., 0] == np.asarray(picture)).all()
