"""What the figures share: fonts, colours, and the way from a Vega-Lite specification to SVG.

Drawn through vl-convert into SVG with real <text>, so that Chinese shows in whatever font the
reader has. A figure stands on its own white ground, legible on light and dark pages alike.
"""

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]

FONTS = (
    '"Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "Hiragino Sans GB", '
    '"Segoe UI", "Helvetica Neue", Arial, sans-serif'
)
# Okabe and Ito's palette: told apart by colour-blind readers too.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
SHAPES = ["circle", "triangle-up"]  # pretrained, scratch
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"  # its name, which nothing fetches


def config() -> Row:
    dark, grey = {"labelColor": "#333", "titleColor": "#333"}, "#ddd"
    whole = {"labelLimit": 0, "titleLimit": 0}  # a name is never cut
    return {
        "font": FONTS,
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

    resolve = {
        name: "shared" if name in shared else "independent" for name in ("x", "y", "color", "shape")
    }
    spec = {
        "$schema": SCHEMA,
        "config": config(),
        "spacing": 28,
        "vconcat": [*panels],
        "resolve": {"scale": resolve},
    }
    svg: str = vl_convert.vegalite_to_svg(spec)
    return svg


def rows_of(rows: Sequence[Row]) -> Row:
    return {"values": [*rows]}
