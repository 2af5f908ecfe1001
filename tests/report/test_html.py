"""The page: the facts of the Markdown, nothing live but our own script, nothing from outside."""

import base64
import hashlib
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mmbench.records import Record
from mmbench.report.build import build
from mmbench.report.document import Document, Figure, Lang, Table, within
from mmbench.report.html import render_html
from mmbench.report.svg import inline_svg
from mmbench.report.text import one_line
from mmbench.report.values import reading
from mmbench.store import Stored
from tests.report.hostile import PAYLOADS
from tests.report.test_write import infected

StoreAll = Callable[[list[Record]], list[Stored]]
GOLDEN = Path(__file__).parent / "golden" / "report.html"
VOID = {"meta", "input", "img"}
_OURS = """
html head meta title style body header fieldset label input span div nav details summary ol li a
main h1 h2 h3 h4 p ul aside strong figure figcaption output table thead tbody tr th td button pre
code noscript script svg g path rect line circle text tspan defs clippath desc img
"""
OURS = set(_OURS.split())


class Reader(HTMLParser):
    """What a browser would make of it, near enough: tags with attributes, and the text in cells."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []
        self._cell: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "td":
            self._cell = []

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "td" and self._cell is not None:
            self.cells.append("".join(self._cell))
            self._cell = None


@pytest.fixture(name="page", scope="session")
def fixture_page(documents: dict[Lang, Document]) -> str:
    return render_html([documents["en"], documents["zh"]])


def without_figures(page: str) -> str:
    return re.sub(r"<svg.*?</svg>", "<svg></svg>", page, flags=re.DOTALL)


def test_the_page_reads_as_its_reference(page: str) -> None:
    shown = without_figures(page)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(shown, encoding="utf-8")
    assert shown == GOLDEN.read_text(encoding="utf-8"), (
        "the page has changed; if that is meant: UPDATE_GOLDEN=1 python -m pytest "
        "tests/report/test_html.py, and read the difference"
    )


def test_it_has_every_cell_of_the_document_in_order(
    page: str, documents: dict[Lang, Document]
) -> None:
    wanted = [
        one_line(cell)
        for lang in ("en", "zh")
        for table in within(documents[lang].blocks, Table)
        for row in table.rows
        for cell in row
    ]
    assert Reader(page).cells == wanted


def test_it_loads_nothing_and_runs_our_script_alone(page: str) -> None:
    read = Reader(page)
    assert {tag for tag, _ in read.tags} <= OURS
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert (len(scripts), len(styles)) == (1, 1)
    (policy,) = (a["content"] or "" for t, a in read.tags if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    for text in (*scripts, *styles):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    for tag, attributes in read.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        for name in ("src", "href", "action", "data", "xlink:href"):
            assert re.match(r"#|data:image/png;base64,", attributes.get(name) or "#"), attributes


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_from_data_is_live(records: list[Record], store_all: StoreAll, lang: Lang) -> None:
    page = render_html([build(store_all(infected(records)), lang=lang)])
    read = Reader(page)
    assert {tag for tag, _ in read.tags} <= OURS
    assert page.count("<script") == 1
    assert any("evil.example" in cell for cell in read.cells), "the payloads have reached the page"
    for tag, attributes in read.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        assert (attributes.get("href") or "#").startswith("#")


def test_payloads_stand_as_text(documents: dict[Lang, Document]) -> None:
    table = Table(
        columns=within(documents["en"].blocks, Table)[0].columns[:1],
        rows=tuple((p,) for p in PAYLOADS),
    )
    page = render_html([Document(lang="en", title=PAYLOADS[0], blocks=(table,))])
    assert Reader(page).cells == [one_line(payload) for payload in PAYLOADS]


def test_columns_of_numbers_sort_by_their_value(page: str) -> None:
    values = [
        (attributes["data-value"], cell)
        for (_, attributes), cell in zip(
            (tag for tag in Reader(page).tags if tag[0] == "td"), Reader(page).cells, strict=True
        )
        if "data-value" in attributes
    ]
    assert len(values) > 100
    for value, cell in values:
        found = reading(cell)
        assert found is not None
        assert float(value or "nan") == pytest.approx(found.value)


@pytest.mark.parametrize(
    ("text", "value", "low"),
    [
        ("93.3", 93.3, None),
        ("n/a → 68.0 [63.2,\N{NO-BREAK SPACE}72.7]", 68.0, 63.2),
        ("1,234", 1234.0, None),
        ("−1.2 [−2.0, −0.4]", -1.2, -2.0),
        ("1.50 GiB", 1.5 * 2**30, None),
        ("4.21 M", 4.21e6, None),
    ],
)
def test_numbers_are_read_as_they_are_printed(text: str, value: float, low: float | None) -> None:
    found = reading(text)
    assert found is not None
    assert found.value == pytest.approx(value)
    assert found.low == low


def test_words_are_no_numbers() -> None:
    assert [reading(text) for text in ("bert-base", "–", "", "3d-cnn")] == [None] * 4


SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="1">{}</svg>'


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<foreignObject/>",
        "<image href='http://evil.example/x.png'/>",
        "<a href='#x'/>",
        "<path onclick='alert(1)'/>",
        "<path style='fill:red'/>",
        "<path fill='url(http://evil.example)'/>",
        "<!-- x --><style>*{}</style>",
    ],
)
def test_a_figure_that_could_do_more_than_be_seen_is_refused(inside: str) -> None:
    with pytest.raises(ValueError, match="figure"):
        inline_svg(SVG.format(inside), "a-")


def test_ids_of_two_figures_never_meet() -> None:
    svg = SVG.format("<defs><clipPath id='c'/></defs><path clip-path='url(#c)'/>")
    assert 'id="one-c"' in inline_svg(svg, "one-")
    assert 'clip-path="url(#two-c)"' in inline_svg(svg, "two-")
    assert 'viewBox="0 0 2 1"' in inline_svg(svg, "two-")


def test_every_figure_of_the_report_is_drawn_in_it(
    page: str, documents: dict[Lang, Document]
) -> None:
    figures = [b for d in documents.values() for b in d.blocks if isinstance(b, Figure)]
    assert page.count("<svg") == len(figures) > 2
