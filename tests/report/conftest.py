"""The sweep by hand, and the reports that are made from it."""

from collections.abc import Callable

import pytest

from mmbench.records import (
    Record,
)
from mmbench.report.build import build
from mmbench.report.document import Document, Lang
from mmbench.report.markdown import render
from mmbench.store import Stored
from tests.report.sweep import store_all, sweep

StoreAll = Callable[[list[Record]], list[Stored]]
LANGS: tuple[Lang, ...] = ("en", "zh")


@pytest.fixture(name="records")
def fixture_records() -> list[Record]:
    return sweep()


@pytest.fixture(name="stored")
def fixture_stored(records: list[Record]) -> list[Stored]:
    return store_all(records)


@pytest.fixture(name="store_all")
def fixture_store_all() -> StoreAll:
    return store_all


@pytest.fixture(name="documents", scope="session")
def fixture_documents() -> dict[Lang, Document]:
    """The report of the whole sweep in both languages; drawn once, since drawing takes time."""
    everything = store_all(sweep())
    return {
        lang: build(everything, lang=lang, reproduce="mmbench run fixture-suite") for lang in LANGS
    }


@pytest.fixture(name="rendered", scope="session")
def fixture_rendered(documents: dict[Lang, Document]) -> dict[Lang, str]:
    return {lang: render(document) for lang, document in documents.items()}
