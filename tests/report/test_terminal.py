"""The terminal's report: the facts of the document, and no markup from data."""

import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from mmbench.records import Record
from mmbench.report.build import build
from mmbench.report.document import Document, Lang, Table, within
from mmbench.report.terminal import show
from mmbench.report.text import one_line
from mmbench.store import Stored
from tests.report.test_write import infected

StoreAll = Callable[[list[Record]], list[Stored]]
GOLDEN = Path(__file__).parent / "golden"


def printed(document: Document, width: int = 400) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None)
    show(document, console)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_terminal_reads_as_its_reference(documents: dict[Lang, Document], lang: Lang) -> None:
    shown, path = printed(documents[lang]), GOLDEN / f"report.{lang}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def test_it_has_every_cell_of_the_document(documents: dict[Lang, Document]) -> None:
    words = re.sub(r"\s+", " ", printed(documents["en"]))
    for table in within(documents["en"].blocks, Table):
        for row in table.rows:
            for cell in row:
                assert re.sub(r"\s+", " ", one_line(cell)).strip() in words


def test_markup_and_control_characters_of_data_stay_text(
    records: list[Record], store_all: StoreAll
) -> None:
    shown = printed(build(store_all(infected(records)), lang="en"))
    assert "[/red]rich[/red]" in shown
    assert "\x1b" not in shown
    assert "\x00" not in shown
