"""The files of a report, and the reference pages that show every change of its wording.

After a change that is meant, write the pages anew and read the difference:

    UPDATE_GOLDEN=1 python -m pytest tests/report/test_write.py
"""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest
from markdown_it.token import Token

from mmbench.errors import StoreError
from mmbench.records import Record
from mmbench.report.document import Lang
from mmbench.report.write import write_report
from mmbench.store import Stored

from .hostile import BARE_ADDRESS, PAYLOADS, TEXT, inline, parse

StoreAll = Callable[[list[Record]], list[Stored]]
GOLDEN = Path(__file__).parent / "golden"
FIGURES = ("quality", "pareto", "few-shot", "learning-curves")
FOLDING = re.compile(r"<details>\n<summary>[^<>]*</summary>\n|</details>\n")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_reads_as_its_reference_page(rendered: dict[Lang, str], lang: Lang) -> None:
    page = GOLDEN / f"report.{lang}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        page.write_text(rendered[lang], encoding="utf-8")
    assert rendered[lang] == page.read_text(encoding="utf-8"), (
        "the report has changed; if that is meant: "
        "UPDATE_GOLDEN=1 python -m pytest tests/report/test_write.py, and read the difference"
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_tables_of_the_reference_page_hold(rendered: dict[Lang, str], lang: Lang) -> None:
    tokens = parse(rendered[lang])
    tables = [token for token in tokens if token.type == "table_open"]
    rules = re.findall(r"^\|[:-]", rendered[lang], re.MULTILINE)
    assert len(tables) == len(rules) > 30
    assert_tables_have_their_shape(tokens)


def test_one_language_is_one_page_with_its_figure(stored: list[Stored], tmp_path: Path) -> None:
    files = write_report(stored, tmp_path / "deep" / "folder", lang="zh")
    names = [str(file.relative_to(tmp_path / "deep" / "folder")) for file in files]
    drawn = ["quality", "pareto", "learning-curves"]
    assert names == ["report.md", "report.html", *(f"figures/{name}.zh.svg" for name in drawn)]
    page = files[0].read_text(encoding="utf-8")
    assert all(f"](figures/{name}.zh.svg)" in page for name in drawn)
    assert "English version" not in page


def test_both_languages_are_two_pages_that_lead_to_each_other(
    stored: list[Stored], tmp_path: Path
) -> None:
    command = "mmbench run x"
    files = write_report(stored[:2], tmp_path, lang="both", title="A run", reproduce=command)
    assert [file.name for file in files] == [
        "report.en.md",
        "report.zh.md",
        "report.html",
        "quality.en.svg",
        "quality.zh.svg",
    ]
    english, chinese = (file.read_text(encoding="utf-8") for file in files[:2])
    assert "[中文版](<report.zh.md>)" in english
    assert "[English version](<report.en.md>)" in chinese
    for page in (english, chinese):
        assert page.startswith("# A run\n")
        assert f"```sh\n{command}\n```" in page
        for target in re.findall(r"\]\(<?([^)>]+)>?\)", page):
            assert (tmp_path / target).is_file()


def test_the_same_records_give_the_same_bytes(stored: list[Stored], tmp_path: Path) -> None:
    some = stored[::3]
    first = write_report(some, tmp_path / "a", lang="en")
    second = write_report(some[::-1], tmp_path / "b", lang="en")
    assert [f.read_bytes() for f in first] == [f.read_bytes() for f in second]


def test_no_record_is_an_error_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no record to report on"):
        write_report([], tmp_path / "out", lang="both")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named(stored: list[Stored], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"file.*cannot be written"):
        write_report(stored[:1], tmp_path / "file", lang="en")


# ---------------------------------------------------------------- hostile text, end to end


def infected(records: list[Record]) -> list[Record]:
    """Every text that a record takes from cards, data or exceptions carries payloads."""
    payloads = cycle(PAYLOADS)

    def two() -> str:
        return f"{next(payloads)} {next(payloads)}"

    libraries = {text: text for text in PAYLOADS}
    fingerprint = replace(records[0].fingerprint, device_name=two(), libraries=libraries)
    pairs = [record for record in records if record.trial.task.parallel]
    # each kind of cell, what stands side by side, the failure and the refusal
    some = [*records[::5], *pairs, *records[-2:]]
    return [_infected(replace(record, fingerprint=fingerprint), two) for record in some]


def _infected(record: Record, text: Callable[[], str]) -> Record:
    trial, first = record.trial, record.data[:1]
    parts = {
        side: replace(part, organisation=text(), licence=text())
        for side, part in trial.model.parts.items()
    }
    model = replace(trial.model, notes=text(), languages=(text(),), parts=parts)
    if not parts:
        model = replace(model, licence=text())
    if model.start == "pretrained" and not model.parts:
        model = replace(model, organisation=text())
    target = replace(trial.task.target, column=text())
    task = replace(trial.task, description={"en": text()}, target=target)
    if task.parallel:  # the same for both, so that they still are a pair
        language = f"{task.languages[0]} {PAYLOADS[0]}"
        task = replace(task, parallel=" ".join(PAYLOADS[1:20]), languages=(language,))
    recipe = replace(trial.recipe, description={"en": text()})
    return replace(
        record,
        trial=replace(trial, model=model, task=task, recipe=recipe),
        warnings=(text(), text()),
        dropped={text(): 3},
        data=(*record.data, *(replace(facts, split=text()) for facts in first)),
        scores=tuple(replace(s, note=text(), interval=text()) for s in record.scores),
        classes=tuple(replace(c, label=text()) for c in record.classes),
        measurements=tuple(replace(m, note=text()) for m in record.measurements),
        environment=replace(record.environment, cpu=text(), gpu=text(), platform=text()),
        failure=None if record.failure is None else replace(record.failure, message=text()),
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_from_data_is_live_in_a_whole_report(
    records: list[Record], store_all: StoreAll, tmp_path: Path, lang: Lang
) -> None:
    page, *_ = write_report(store_all(infected(records)), tmp_path, lang=lang)
    text = page.read_text(encoding="utf-8")
    assert "someone" in text, "the payloads have reached the page"
    assert ("The same content in" if lang == "en" else "同一内容") in text
    tokens = parse(text)
    assert_tables_have_their_shape(tokens)
    for token in tokens:
        assert token.type not in ("code_block", "hr", "html_inline")
        if token.type == "html_block":
            assert FOLDING.fullmatch(token.content), token.content
    for child in inline(tokens):
        if child.type == "image":
            assert child.attrs["src"] in {f"figures/{name}.{lang}.svg" for name in FIGURES}
        else:
            assert child.type in TEXT | {"softbreak"}, child
            assert not BARE_ADDRESS.search(child.content), child.content


def assert_tables_have_their_shape(tokens: list[Token]) -> None:
    """Every row has as many cells as its table has columns."""
    columns = cells = 0
    for token in tokens:
        match token.type:
            case "table_open":
                columns = cells = 0
            case "th_open":
                columns += 1
            case "tr_open":
                cells = 0
            case "td_open":
                cells += 1
            case "tr_close":
                assert cells in (0, columns)
