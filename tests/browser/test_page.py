"""The page of a report in headless Chromium: sorting, filters, hover, languages, narrow screens."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mmbench.data.pictures import thumbnail
from mmbench.report.build import build
from mmbench.report.document import Block, Column, Document, Gallery, Paragraph, Picture, Table
from mmbench.report.html import render_html
from tests.report.hostile import PAYLOADS
from tests.report.sweep import store_all, sweep

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]
MOST = 100  # payloads


@pytest.fixture(name="browser", scope="module")
def fixture_browser() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(name="address", scope="module")
def fixture_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    records = store_all(sweep())
    file = tmp_path_factory.mktemp("page") / "report.html"
    page = render_html([build(records, lang="en"), build(records, lang="zh")])
    file.write_text(page, encoding="utf-8")
    return file.as_uri()


@pytest.fixture(name="page")
def fixture_page(browser: "Browser", address: str) -> "Iterator[Page]":
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    wrong: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    yield page
    assert wrong == []
    assert {url.split(":")[0] for url in asked} == {"file"}
    context.close()


def column(page: "Page", table: int, place: int) -> list[str]:
    rows = page.locator(".page[data-language=en] figure.table").nth(table).locator("tbody tr")
    return [row.locator("td").nth(place).inner_text() for row in rows.all()]


def test_a_click_sorts_by_value_then_backwards_then_as_it_was(page: "Page") -> None:
    for details in page.locator(".page[data-language=en] details").all():
        details.evaluate("d => { d.open = true }")
    headers = page.locator(".page[data-language=en] figure.table").first.locator("th")
    at = next(i for i, h in enumerate(headers.all()) if h.get_attribute("data-number") == "1")
    before = column(page, 0, at)
    button = headers.nth(at).locator("button")

    def numbers() -> list[float]:
        return [float(text.split()[0].replace("−", "-")) for text in column(page, 0, at)]

    button.click()
    assert numbers() == sorted(numbers(), reverse=True)
    assert headers.nth(at).get_attribute("aria-sort") == "descending"
    button.click()
    assert numbers() == sorted(numbers())
    button.click()
    assert column(page, 0, at) == before
    assert headers.nth(at).get_attribute("aria-sort") is None


def test_the_filter_keeps_rows_with_every_word(page: "Page") -> None:
    page.locator(".everywhere[data-language=en]").fill("minilm probe")
    rows = page.locator(".page[data-language=en] tbody tr").all()
    shown = [row.text_content() or "" for row in rows if not row.evaluate("r => r.hidden")]
    gone = [row.text_content() or "" for row in rows if row.evaluate("r => r.hidden")]
    assert shown
    assert all("minilm" in text and "probe" in text for text in shown)
    assert not any("minilm" in text and "probe" in text for text in gone)
    page.locator(".everywhere[data-language=en]").fill("")
    assert not any(row.evaluate("r => r.hidden") for row in rows)


def test_who_points_at_a_mark_is_told_what_it_is(page: "Page") -> None:
    mark = page.locator(".page[data-language=en] .drawn").first
    mark = mark.locator(".told[aria-roledescription=point]").first
    told = mark.get_attribute("aria-label")
    mark.scroll_into_view_if_needed()
    mark.hover()
    assert page.locator("#hint").inner_text() == told
    page.keyboard.press("Escape")
    assert page.locator("#hint").is_hidden()


def test_the_switch_changes_the_language(page: "Page") -> None:
    assert page.locator(".page[data-language=en]").is_visible()
    page.locator("label", has=page.locator("#language-zh")).click()
    assert page.locator(".page[data-language=zh]").is_visible()
    assert page.locator(".page[data-language=en]").is_hidden()
    assert page.evaluate("document.documentElement.lang") == "zh"


def test_the_first_language_is_that_of_the_browser(browser: "Browser", address: str) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(address)
    assert page.locator(".page[data-language=zh]").is_visible()
    context.close()


def test_a_phone_scrolls_down_alone(browser: "Browser", address: str) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    context.close()


def test_light_and_dark_differ(browser: "Browser", address: str) -> None:
    grounds = set()
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(address)
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        context.close()
    assert len(grounds) == 2


def test_no_payload_is_live(browser: "Browser", tmp_path: Path) -> None:
    payloads = [f"{first} {second}" for first in PAYLOADS for second in PAYLOADS[:3]][:MOST]
    assert len(payloads) == MOST
    table = Table(
        columns=(Column(header=payloads[1]), Column(header="n", align="right")),
        rows=tuple((text, "1") for text in payloads),
        caption=payloads[0],
    )
    blocks: list[Block] = [*(Paragraph(text=text) for text in payloads), table]
    file = tmp_path / "hostile.html"
    file.write_text(render_html([Document(lang="en", title=payloads[5], blocks=tuple(blocks))]))
    context = browser.new_context()
    page = context.new_page()
    dialogs: list[str] = []
    asked: list[str] = []

    def asked_by(dialog: "Dialog") -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", asked_by)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.locator("th button").first.click()
    page.locator("input.everywhere").fill("<script>")
    page.wait_for_timeout(200)
    live = page.evaluate(
        "[...document.querySelectorAll('script, iframe, object, embed, img, a, form, b, svg')]"
        ".filter(e => !(e.tagName === 'A' && e.getAttribute('href').startsWith('#'))).length"
    )
    assert live == 1  # our script
    assert dialogs == []
    assert asked == [file.as_uri()]
    context.close()


def test_pictures_are_seen_and_nothing_is_asked_for(browser: "Browser", tmp_path: Path) -> None:
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.new("RGB", (40, 20), (200, 0, 0)).save(file, "PNG")
    seen = Picture(webp=thumbnail(file.getvalue(), 96), name="test/1", told="cat → dog")
    gallery = Gallery(pictures=(seen,))
    path = tmp_path / "report.html"
    path.write_text(render_html([Document(title="t", lang="en", blocks=(gallery,))]), "utf-8")
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    image = page.locator(".gallery img")
    image.scroll_into_view_if_needed()
    image.evaluate("i => i.decode()")
    assert image.evaluate("i => [i.naturalWidth, i.naturalHeight]") == [40, 20]
    assert said == []
    page.close()
