"""Pictures of examples in every renderer: seen where that is possible, and nothing else of them."""

import base64
import io
from pathlib import Path

import pytest
from rich.console import Console

from mmbench.records import Record
from mmbench.report import write
from mmbench.report.document import Details, Document, Gallery, Picture
from mmbench.report.html import render_html
from mmbench.report.markdown import render
from mmbench.report.terminal import show
from mmbench.report.text import one_line
from mmbench.report.write import write_report
from tests.report.conftest import StoreAll
from tests.report.hostile import PAYLOADS, inline, parse, shown
from tests.report.test_html import OURS, Reader

CAT = Picture(webp=b"RIFFcat", name="test/1", told="cat → dog")
DOG = Picture(webp=b"RIFFdog", name="test/2", told="dog → cat")


def document(*pictures: Picture) -> Document:
    folded = Details(summary="Mistakes", blocks=(Gallery(pictures=pictures),))
    return Document(title="t", lang="en", blocks=(folded,))


def test_a_file_is_named_by_its_content() -> None:
    assert CAT.stem != DOG.stem
    assert CAT.stem == Picture(webp=CAT.webp, name="other", told="other").stem


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markdown_shows_each_above_its_words(payload: str) -> None:
    hostile = Picture(webp=b"x", name=payload, told=payload)
    tokens = parse(render(document(CAT, hostile)))
    images = [token for token in inline(tokens) if token.type == "image"]
    assert [image.attrs["src"] for image in images] == [
        f"figures/{CAT.stem}.webp", f"figures/{hostile.stem}.webp",
    ]  # fmt: skip
    assert [token.type for token in tokens].count("td_open") == 2
    cells = [shown(token) for token in tokens if token.type == "inline"][-2:]
    assert cells == ["cat → dog", one_line(payload)]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_page_holds_them_itself(payload: str) -> None:
    page = render_html([document(CAT, Picture(webp=b"x", name=payload, told=payload))])
    read = Reader(page)
    assert {tag for tag, _ in read.tags} <= {*OURS, "img"}
    first, second = (attributes for tag, attributes in read.tags if tag == "img")
    assert first["src"] == f"data:image/webp;base64,{base64.b64encode(CAT.webp).decode()}"
    assert first["alt"] == "test/1"
    assert second["alt"] == second["title"] == one_line(payload)
    assert not any(name.startswith("on") for name in second)
    (policy,) = (a["content"] or "" for _, a in read.tags if a.get("http-equiv"))
    assert "img-src data:;" in policy


def test_a_terminal_names_them() -> None:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    show(document(CAT, DOG), console)
    assert isinstance(console.file, io.StringIO)
    assert "test/1: cat → dog" in console.file.getvalue()


def test_they_are_written_once_for_all_languages(
    records: list[Record], store_all: StoreAll, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "document_of", lambda *_, **__: document(CAT, DOG, CAT))
    files = write_report(store_all(records[:1]), tmp_path, lang="both", formats=["md"])
    assert (tmp_path / "figures" / f"{CAT.stem}.webp").read_bytes() == CAT.webp
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == sorted(
        f"{picture.stem}.webp" for picture in (CAT, DOG)
    )
    monkeypatch.setattr(write, "document_of", lambda *_, **__: document(DOG))
    write_report(store_all(records[:1]), tmp_path, lang="en", formats=["md"])
    left = [path.name for path in (tmp_path / "figures").iterdir()]
    assert left == [f"{DOG.stem}.webp"], "what no page shows any more is gone"
    assert len(files) == 3  # the document claims to be English each time
