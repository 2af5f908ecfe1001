"""The rules by which variants of an emoji share a base, and what the builder makes of packages."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from tools.build_emoji import Concept, check, concept_bases, draw, draw_all, same_drawings, webp
from tools.emoji_bases import bare_code, code_key, fold_of, join_bases, name_key
from tools.npm import Package, read_package

VARIANTS_BY_CODE = [
    ("1f9d1-200d-1f373", "1f469-200d-1f373"),  # cook, woman cook
    ("1f6b6", "1f6b6-200d-2642-fe0f-200d-27a1-fe0f"),  # walking, man walking: facing right
    ("1f9d1", "1f468-200d-1f9b3"),  # person, man: white hair
    ("1f9d1", "1f9d4-200d-2640-fe0f"),  # person, woman: beard
    ("1f44b", "1f44b-1f3fd"),  # waving hand in a skin tone
    ("1f934", "1f478"),  # prince, princess
    ("1f385", "1f9d1-200d-1f384"),  # Santa Claus, Mx Claus
    ("1f46a", "1f468-200d-1f469-200d-1f467-200d-1f466"),  # family, man, woman, girl, boy
    ("1f48f", "1f469-200d-2764-fe0f-200d-1f48b-200d-1f468"),  # kiss, woman and man
    ("1f46b", "1f9d1-200d-1f91d-200d-1f9d1"),  # woman and man, people holding hands
]
APART_BY_CODE = [
    ("1f9d1-200d-1f373", "1f9d1-200d-1f33e"),  # cook, farmer
    ("1f9d1", "1f9d2"),  # person, child
    ("1f91d", "1f9d1-200d-1f91d-200d-1f9d1"),  # handshake, people holding hands
    ("2640", "27a1"),  # a modifier that stands alone is itself
    ("1f3f3", "1f3f3-200d-1f308"),  # white flag, rainbow flag
]
VARIANTS_BY_NAME = [
    ("symbols", "up arrow", "left-right arrow"),
    ("symbols", "large blue diamond", "small orange diamond"),
    ("symbols", "keycap: #", "keycap: 10"),
    ("travel-places", "one o’clock", "twelve-thirty"),
    ("travel-places", "full moon face", "waxing crescent moon"),
    ("travel-places", "oncoming bus", "bus"),
    ("people-body", "left-facing fist", "right-facing fist"),
    ("animals-nature", "cow face", "cow"),
    ("smileys-emotion", "light blue heart", "black heart"),
    ("objects", "unlocked", "locked with pen"),
    ("flags", "flag: Chad", "flag: Romania"),
]
APART_BY_NAME = [
    ("flags", "flag: North Korea", "flag: South Korea"),
    ("food-drink", "orange", "lemon"),
    ("food-drink", "moon cake", "full moon"),
    ("smileys-emotion", "grinning face", "grinning cat"),
]


def concept(code: str, name_en: str, *, keywords_en: str = "", group: str = "objects") -> Concept:
    return Concept(
        code=code,
        name_en=name_en,
        name_zh=f"名称 {code}",
        keywords_en=keywords_en or f"words of {code}",
        keywords_zh=f"关键词 {code}",
        group=group,
        subgroup="tool",
    )


def encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(("one", "other"), VARIANTS_BY_CODE)
def test_gender_hair_skin_direction_and_families_share_a_code_key(one: str, other: str) -> None:
    assert code_key(one) == code_key(other)


@pytest.mark.parametrize(("one", "other"), APART_BY_CODE)
def test_different_concepts_keep_different_code_keys(one: str, other: str) -> None:
    assert code_key(one) != code_key(other)


@pytest.mark.parametrize(("group", "one", "other"), VARIANTS_BY_NAME)
def test_colour_size_direction_and_series_share_a_name_key(
    group: str, one: str, other: str
) -> None:
    assert name_key(one, group=group) == name_key(other, group=group)


@pytest.mark.parametrize(("group", "one", "other"), APART_BY_NAME)
def test_different_concepts_keep_different_name_keys(group: str, one: str, other: str) -> None:
    assert name_key(one, group=group) != name_key(other, group=group)


def test_a_sign_and_a_thing_of_like_names_stay_apart() -> None:
    sign = name_key("left luggage", group="symbols")
    assert sign != name_key("luggage", group="travel-places")


def test_bases_are_joined_in_chains_and_named_alike_in_any_order() -> None:
    keys = {
        code: frozenset(own) for code, own in {"c": "xy", "b": "yz", "a": "z", "d": "w"}.items()
    }
    expected = {"a": "a", "b": "a", "c": "a", "d": "d"}
    assert join_bases(keys) == expected
    assert join_bases(dict(reversed(keys.items()))) == expected


def test_folds_are_fixed_for_ever() -> None:
    folds = {"1f600": "test", "1f46a": "train", "1f400": "test", "26aa": "validation"}
    assert {base: fold_of(base) for base in folds} == folds


def test_hashing_holds_out_a_fifth_and_a_tenth_of_the_rest() -> None:
    folds = [fold_of(f"base {number}") for number in range(20_000)]
    test, validation = folds.count("test"), folds.count("validation")
    assert test / len(folds) == pytest.approx(0.2, abs=0.01)
    assert validation / (len(folds) - test) == pytest.approx(0.1, abs=0.01)


def test_equal_keywords_and_pictures_drawn_alike_share_a_base() -> None:
    concepts = [
        concept("1f98d", "gorilla", keywords_en="animal"),
        concept("1f98c", "deer", keywords_en="animal"),
        concept("1f1eb-1f1f7", "flag: France"),
        concept("1f1f2-1f1eb", "flag: St. Martin"),
        concept("1f9f1", "brick"),
    ]
    bases = concept_bases(concepts, [("1f1eb-1f1f7", "1f1f2-1f1eb")])
    assert bases["1f98d"] == bases["1f98c"]
    assert bases["1f1eb-1f1f7"] == bases["1f1f2-1f1eb"]
    assert len(set(bases.values())) == 3


def test_only_pictures_that_are_nearly_the_same_are_drawn_alike() -> None:
    shades = {"red": (200, 0, 0), "nearly red": (203, 0, 0), "orange": (200, 60, 0)}
    pictures = {name: Image.new("RGB", (64, 64), shade) for name, shade in shades.items()}
    assert same_drawings(pictures) == [("red", "nearly red")]


def test_pictures_come_out_on_white_64_pixels_and_not_stretched() -> None:
    tall = Image.new("RGBA", (128, 256), (0, 0, 255, 255))
    drawn = draw(encoded(tall))
    assert (drawn.mode, drawn.size) == ("RGB", (64, 64))
    assert drawn.getpixel((2, 32)) == (255, 255, 255)
    assert drawn.getpixel((32, 32)) == (0, 0, 255)


def test_files_are_found_with_and_without_the_presentation_selector() -> None:
    picture = encoded(Image.new("RGBA", (64, 64), "red"))
    drawn = draw_all("noto", {"2764-fe0f.png": picture}, [concept("2764", "red heart")])
    assert set(drawn) == {bare_code("2764-FE0F")}


def test_country_flags_of_the_fluent_package_are_left_out() -> None:
    flag = Concept(
        code="1f1eb-1f1f7",
        name_en="flag: France",
        name_zh="旗: 法国",
        keywords_en="FR, flag",
        keywords_zh="FR，旗",
        group="flags",
        subgroup="country-flag",
    )
    files = {"1f1eb-1f1f7.webp": webp(Image.new("RGB", (64, 64), "blue"))}
    assert draw_all("fluent", files, [flag]) == {}
    assert set(draw_all("noto", files, [flag])) == {flag.code}


def test_a_text_in_two_folds_stops_the_build() -> None:
    row = {"concept": "a", "group": "objects", "subgroup": "tool", "name_en": "saw"}
    row |= {"name_zh": "锯", "keywords_en": "tool", "keywords_zh": "工具"}
    rows = [row | {"base": fold, "fold": fold} for fold in ("train", "validation", "test")]
    with pytest.raises(AssertionError, match=r"name_en 'saw' is in \['test', 'train'"):
        check(rows)


def test_another_tarball_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "acme-set-1.0.0.tgz", "w:gz") as archive:
        member = tarfile.TarInfo("package/img/1f600.png")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"png"))
    content = (tmp_path / "acme-set-1.0.0.tgz").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    good = Package(name="@acme/set", version="1.0.0", sha256=digest, folder="package/img/")
    assert read_package(good, tmp_path) == {"1f600.png": b"png"}
    bad = Package(name="@acme/set", version="1.0.0", sha256="0" * 64, folder="package/img/")
    with pytest.raises(ValueError, match="SHA-256"):
        read_package(bad, tmp_path)
