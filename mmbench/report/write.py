"""Writing a report's files: the Markdown with its figures beside it, and one page of HTML."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mmbench.atomic import write_atomically
from mmbench.errors import StoreError
from mmbench.report.build import NO_LIMITS, document_of
from mmbench.report.document import Document, Figure, Gallery, Lang, Link, within
from mmbench.report.findings import findings
from mmbench.report.html import render_html
from mmbench.report.i18n import Messages
from mmbench.report.limits import Limits
from mmbench.report.markdown import FIGURES, figure_path, picture_path, render
from mmbench.store import Stored

if TYPE_CHECKING:
    from mmbench.compare.remembered import Remembered

Format = Literal["md", "html"]

LANGUAGES: tuple[Lang, ...] = ("en", "zh")
FORMATS: tuple[Format, ...] = ("md", "html")


def write_report(
    stored: Sequence[Stored],
    folder: Path,
    *,
    lang: Literal["en", "zh", "both"],
    title: str | None = None,
    reproduce: str | None = None,
    limits: Limits = NO_LIMITS,
    formats: Collection[Format] = FORMATS,
    all_pairs: bool = False,
    inputs: bool = True,
    remembered: "Remembered | None" = None,
) -> list[Path]:
    """Write the report into `folder` and return its files, the Markdown first.

    One language gives `report.md`; `both` gives `report.en.md` and `report.zh.md`, each with a
    link to the other. Figures lie in `figures/`. `report.html` holds the languages together, and
    needs no other file. inputs: those of single examples are shown. Each file is written whole or
    not at all. StoreError if there is no record or the folder cannot be written.
    """
    languages = LANGUAGES if lang == "both" else (lang,)
    found = findings(stored, remembered)  # once for both languages
    documents = [
        document_of(
            found,
            lang=language,
            title=title,
            reproduce=reproduce,
            limits=limits,
            all_pairs=all_pairs,
            inputs=inputs,
        )
        for language in languages
    ]
    reports: dict[Path, bytes] = {}
    figures: dict[Path, bytes] = {}
    for document in documents if "md" in formats else ():
        name = _file_name(document.lang) if lang == "both" else "report.md"
        shown = _linked(document) if lang == "both" else document
        reports[folder / name] = render(shown).encode()
        for figure in within(document.blocks, Figure):
            figures[folder / figure_path(figure, document.lang)] = figure.svg.encode()
        for gallery in within(document.blocks, Gallery):
            for picture in gallery.pictures:
                figures[folder / picture_path(picture)] = picture.webp
    if "html" in formats:
        reports[folder / "report.html"] = render_html(documents).encode()
    # Figures first, so that a report on disk never shows one that is not there yet.
    for path, content in (figures | reports).items():
        try:
            write_atomically(path, content)
        except OSError as error:
            raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
    if "md" in formats:
        _remove_pictures(folder, keep=figures)
    return [*reports, *figures]


def _remove_pictures(folder: Path, *, keep: Collection[Path]) -> None:
    """Those of an earlier report, which no page shows any more: whoever shares the folder does not
    expect them in it."""
    for path in (folder / FIGURES).glob("example-*.webp"):
        if path not in keep:
            path.unlink(missing_ok=True)


def _file_name(lang: Lang) -> str:
    return f"report.{lang}.md"


def _linked(document: Document) -> Document:
    """The document with a first line that leads to it in the other language."""
    (other,) = (lang for lang in LANGUAGES if lang != document.lang)
    link = Link(text=Messages(other)("language.this"), href=_file_name(other))
    return replace(document, blocks=(link, *document.blocks))
