"""The Markdown renderer: whatever came from data stays text, and tables keep their shape."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmbench.report.document import (
    Block,
    BulletList,
    Code,
    Column,
    Details,
    Document,
    Figure,
    Heading,
    Link,
    Notice,
    Paragraph,
    Table,
)
from mmbench.report.markdown import WORD_JOINER, escape, render
from mmbench.report.text import one_line

from .hostile import PAYLOADS, assert_harmless, inline, parse, shown


def markdown_of(*blocks: Block) -> str:
    return render(Document(title="t", lang="en", blocks=blocks))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_only_text_wherever_it_stands(payload: str) -> None:
    table = Table(
        columns=(Column(header=payload), Column(header="n", align="right")),
        rows=((payload, "1"), ("x", payload)),
        caption=payload,
    )
    blocks: tuple[Block, ...] = (
        Heading(level=2, text=payload),
        Paragraph(text=payload),
        BulletList(items=(payload, "after")),
        Notice(kind="warning", text=payload, items=(payload,)),
        table,
    )
    text = markdown_of(*blocks)
    tokens = assert_harmless(text.replace("[!WARNING]\n", "WARNING\n", 1))
    types = [token.type for token in tokens]
    assert types.count("th_open") == 2
    assert types.count("td_open") == 4
    assert types.count("tr_open") == 3
    assert types.count("list_item_open") == 3
    assert types.count("heading_open") == 2  # the title's and ours


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_shown_as_it_is(payload: str) -> None:
    tokens = parse(markdown_of(Paragraph(text=payload)))
    assert shown(tokens[4]) == one_line(payload)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_does_not_leave_the_summary_of_details(payload: str) -> None:
    details = Details(summary=payload, blocks=(Paragraph(text="inner"),))
    tokens = parse(markdown_of(details, Paragraph(text="after")))
    html = [token.content for token in tokens if token.type == "html_block"]
    assert len(html) == 2
    assert re.fullmatch(r"<details>\n<summary>[^<>]*</summary>\n", html[0])
    assert html[1] == "</details>\n"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_does_not_leave_the_words_of_a_figure(payload: str) -> None:
    figure = Figure(stem="quality", svg="<svg/>", alt=payload)
    tokens = parse(markdown_of(figure))
    (image,) = inline(tokens[3:])
    assert image.type == "image"
    assert image.attrs["src"] == "figures/quality.en.svg"
    assert image.content.replace(WORD_JOINER, "") or one_line(payload) == ""


@pytest.mark.parametrize("payload", [*PAYLOADS, "````\nfour", "```` ``` `````"])
def test_a_payload_does_not_leave_its_code_block(payload: str) -> None:
    tokens = parse(markdown_of(Code(text=payload, language="sh"), Paragraph(text="after")))
    assert [token.type for token in tokens[3:]] == [
        "fence",
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>&|[]()!*_`~#$\\:/@.-+= \n1aw中") | st.characters()))
def test_any_text_is_harmless_and_shown_as_it_is(text: str) -> None:
    line = one_line(text)
    tokens = assert_harmless(f"x\n\n{escape(text)}\n")
    assert "".join(shown(token) for token in tokens[3:] if token.type == "inline") == line


def test_ordinary_names_and_numbers_stay_readable_in_the_source() -> None:
    for text in ("test_shift", "87.3 [85.1, 89.2]", "-5", "fixture-bert × full", "a (b) c, 1.5"):
        assert escape(text) == text


def test_a_column_of_numbers_is_not_reformatted() -> None:
    rows = (("1e5", "007"), ("0.10", "1,000"))
    table = Table(columns=(Column(header="a"), Column(header="b", align="right")), rows=rows)
    text = markdown_of(table)
    cells = [shown(token) for token in parse(text) if token.type == "inline"][1:]
    assert cells == ["a", "b", "1e5", "007", "0.10", "1,000"]
    assert re.search(r"\|:-+\|-+:\|", text)


def test_a_notice_is_an_alert_with_its_cases() -> None:
    text = markdown_of(Notice(kind="warning", text="beware", items=("one", "two")))
    assert "> [!WARNING]\n> beware\n>\n> - one\n> - two\n" in text


def test_a_link_leads_to_its_file() -> None:
    tokens = parse(markdown_of(Link(text="中文版", href="report.zh.md")))
    (link,) = (token for token in inline(tokens) if token.type == "link_open")
    assert link.attrs["href"] == "report.zh.md"


@pytest.mark.parametrize(
    "text", ["a <b>c</b>", "[a](b)", "![a](b)", "http://evil.example", "<div>\n", "**x**", "`x`"]
)
def test_the_check_sees_what_is_live(text: str) -> None:
    with pytest.raises(AssertionError):
        assert_harmless(text)


@pytest.mark.parametrize("text", ["R@5", "I→T R@10", "recall@1, recall@10"])
def test_a_number_behind_an_at_sign_is_no_address_and_stays_as_it_is(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize("text", ["@5", "召回率@5", "a@1.example", "a@12-b", "a@1234", "a@b"])
def test_what_could_be_a_mention_or_an_address_is_stopped(text: str) -> None:
    assert f"@{WORD_JOINER}" in escape(text)
