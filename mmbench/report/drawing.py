"""What the figures share: fonts, colours, and the way from a Vega-Lite specification to SVG.

Drawn through vl-convert into SVG with real <text>, so that Chinese shows in whatever font the
reader has. A figure stands on its own white ground, legible on light and dark pages alike.
"""

import html
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]

FONTS = (
    '"Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "Hiragino Sans GB", '
    '"Segoe UI", "Helvetica Neue", Arial, sans-serif'
)
# Texts are measured in Arial (Liberation Sans, which comes with vl-convert, has its widths), so
# that a figure is the same wherever it is drawn; and in a font that holds Chinese each text would
# take ten milliseconds. The second name is no font's: by it our attributes are known.
MEASURED = "Arial, mmbench-figure"
# Okabe and Ito's palette: told apart by colour-blind readers too.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
SHAPES = ["circle", "triangle-up"]  # pretrained, scratch
SCALES = ("x", "y", "yOffset", "color", "shape")
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"  # its name, which nothing fetches


def config() -> Row:
    dark, grey = {"labelColor": "#333", "titleColor": "#333"}, "#ddd"
    whole = {"labelLimit": 0, "titleLimit": 0}  # a name is never cut
    return {
        "font": MEASURED,
        "background": "white",
        "padding": 12,
        "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
        | dark
        | whole
        | {"gridColor": grey},
        "title": {"fontSize": 14, "anchor": "start", "color": "#111", "limit": 0, "frame": "group"},
        "legend": {"labelFontSize": 12, "titleFontSize": 12, "orient": "bottom", "columns": 4}
        | dark
        | whole,
        "view": {"stroke": grey},
    }


def stacked(panels: Sequence[Row], *, shared: Sequence[str] = ()) -> str:
    """The SVG of panels, one above the other, each with scales of its own but for the `shared`."""
    import vl_convert

    resolve = {name: "shared" if name in shared else "independent" for name in SCALES}
    spec = {
        "$schema": SCHEMA,
        "config": config(),
        "spacing": 28,
        "vconcat": [*panels],
        "resolve": {"scale": resolve},
    }
    svg: str = vl_convert.vegalite_to_svg(spec)
    return svg.replace(f'font-family="{MEASURED}"', f'font-family="{html.escape(FONTS)}"')


def rows_of(rows: Sequence[Row]) -> Row:
    return {"values": [*rows]}
