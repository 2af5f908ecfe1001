"""A figure's SVG made fit to stand inside a page: shapes, texts and titles, and nothing else.

Whatever an SVG could do beyond being looked at (scripts, styles, links, pictures from elsewhere,
foreign markup) has no place in the lists below. It is refused, not dropped: figures are ours, so
what is not listed is a mistake of ours.
"""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

_ELEMENTS = """
svg g path rect line circle ellipse polygon polyline text tspan title desc defs clipPath
linearGradient radialGradient stop
"""
_ATTRIBUTES = """
aria-hidden aria-label aria-roledescription class clip-path clip-rule cx cy d display dx dy fill
fill-opacity fill-rule font-family font-size font-style font-weight gradientUnits height id offset
opacity points r role rx ry stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset
stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor
dominant-baseline transform viewBox width x x1 x2 y y1 y2 pointer-events preserveAspectRatio
"""
ELEMENTS = frozenset(_ELEMENTS.split())
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
DROPPED = frozenset({"version"})  # of the root: it says nothing inside a page
REFERENCE = re.compile(r"url\(\s*#([\w.-]+)\s*\)")
OUTSIDE = re.compile(r"url\(|javascript:|data:|//", re.IGNORECASE)
SPACE = "{http://www.w3.org/2000/svg}"


def inline_svg(svg: str, prefix: str) -> str:
    """The picture to be put into a page, ids beginning with `prefix` so that pictures share none.

    ValueError if it is no SVG, or holds what only could do harm.
    """
    if "<!DOCTYPE" in svg or "<!ENTITY" in svg:
        raise ValueError("an SVG that declares entities is not put into a page")
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise ValueError(f"a figure is no SVG: {error}") from error
    for element in root.iter():
        _clean(element, prefix)
    if root.tag != "svg":
        raise ValueError(f"a figure begins with <{root.tag}>, not with <svg>")
    _scale(root)
    return ElementTree.tostring(root, encoding="unicode")


def hover_texts(svg: str) -> list[str]:
    """What a reader who points at the marks is told, in the order of the marks."""
    return list(_labels(ElementTree.fromstring(svg)))


def _labels(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter():
        mark = element.get("role") == "graphics-symbol" and "mark" in element.get(
            "aria-roledescription", "mark"
        )
        if mark and (told := element.get("aria-label")):
            yield told


def _clean(element: ElementTree.Element, prefix: str) -> None:
    name = element.tag.removeprefix(SPACE) if isinstance(element.tag, str) else "a comment"
    if name not in ELEMENTS:
        raise ValueError(f"a figure holds <{name}>, which has no place in a page")
    element.tag = name
    for key, value in list(element.attrib.items()):
        if key in DROPPED:
            del element.attrib[key]
            continue
        if key not in ATTRIBUTES:
            raise ValueError(f"a figure's <{name}> has the attribute {key!r}")
        if key == "id":
            element.set(key, prefix + value)
        elif key not in ("aria-label", "aria-roledescription"):
            element.set(key, _local(value, key, prefix))


def _local(value: str, key: str, prefix: str) -> str:
    """The value with references to the picture's own parts alone."""
    if OUTSIDE.search(REFERENCE.sub("", value)):
        raise ValueError(f"a figure's {key} leads outside: {value!r}")
    return REFERENCE.sub(lambda found: f"url(#{prefix}{found[1]})", value)


def _scale(root: ElementTree.Element) -> None:
    """The root has a view box, so that a page may give it any width."""
    if root.get("viewBox") is None and root.get("width") and root.get("height"):
        root.set("viewBox", f"0 0 {root.get('width')} {root.get('height')}")
