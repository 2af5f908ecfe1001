"""The models' table: pairs show their parts, and a random start claims nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.cards import FolderModel, ModelCard, ModelScopeModel
from mmbench.records import Record
from mmbench.report.build import build
from mmbench.report.document import Document, Lang
from mmbench.report.numbers import MISSING
from mmbench.store import Stored
from tests.report.cards import MODELS
from tests.report.reading import column, only, table_with, words

StoreAll = Callable[[list[Record]], list[Stored]]


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure has tests of its own, and takes most of a report's time."""
    monkeypatch.setattr("mmbench.report.build.figure", lambda findings, say: [])


def row_of(document: Document, model: str) -> dict[str, str]:
    table = table_with(document, "organisation")
    (row,) = (row for row in table.rows if row[0] == model)
    return dict(zip((c.header for c in table.columns), row, strict=True))


def with_parts(records: list[Record], image: ModelCard, text: ModelCard) -> Record:
    (pair,) = only(records, task="fixture-match-en", models=("fixture-pair-en",))
    model = replace(pair.trial.model, parts={"image": image, "text": text})
    return replace(pair, trial=replace(pair.trial, model=model))


def test_a_pair_shows_its_parts_and_what_they_have_in_common(
    documents: dict[Lang, Document],
) -> None:
    row = row_of(documents["en"], "fixture-pair-en")
    assert row["parts"] == "fixture-effnet (pretrained) + fixture-minilm-en (pretrained)"
    assert row["region"] == "international (US)"
    assert row["organisation"] == "Invented Inc."
    assert row["licence"] == "apache-2.0 + mit"


def test_the_parts_have_no_column_where_no_model_is_a_pair(
    records: list[Record], store_all: StoreAll
) -> None:
    found = build(store_all(only(records, task="fixture-reviews")), lang="en")
    assert "parts" not in [c.header for c in table_with(found, "organisation").columns]


def test_parts_of_two_regions_give_a_pair_none(records: list[Record], store_all: StoreAll) -> None:
    mixed = with_parts(records, MODELS["fixture-effnet"], MODELS["fixture-bert-zh"])
    row = row_of(build(store_all([mixed]), lang="en"), "fixture-pair-en")
    assert row["region"] == MISSING
    assert row["organisation"] == "Invented Inc. + Fixture Lab 虚构实验室"


def test_a_pair_with_a_scratch_part_is_scratch_and_comes_from_nowhere(
    records: list[Record], store_all: StoreAll
) -> None:
    half = with_parts(records, MODELS["fixture-effnet-scratch"], MODELS["fixture-minilm-en"])
    found = build(store_all([half]), lang="en")
    row = row_of(found, "fixture-pair-en")
    assert (row["start"], row["region"], row["organisation"]) == ("scratch", MISSING, MISSING)
    assert row["parts"] == "fixture-effnet-scratch (scratch) + fixture-minilm-en (pretrained)"
    assert "fixture-pair-en (scratch) × contrast-probe" in words(found)


def test_a_random_start_carries_no_region_and_no_organisation(
    documents: dict[Lang, Document],
) -> None:
    for model in ("fixture-bert-scratch", "fixture-clip-scratch", "fixture-effnet-scratch"):
        row = row_of(documents["en"], model)
        assert (row["start"], row["region"], row["organisation"]) == ("scratch", MISSING, MISSING)


@pytest.mark.parametrize("header", ["learning rate", "tokens", "peak memory", "I→T R@1"])
def test_the_mark_stands_beside_a_random_start_in_every_table_of_models(
    documents: dict[Lang, Document], header: str
) -> None:
    names = set(column(table_with(documents["en"], header), "model"))
    assert names
    assert all("(pretrained)" in n or "(scratch)" in n for n in names - {"chance"})


def test_the_sources_of_a_pair_and_of_a_trained_tokenizer_are_told(
    documents: dict[Lang, Document],
) -> None:
    table = table_with(documents["en"], "sha256")
    where = dict(zip(column(table, "name"), column(table, "source"), strict=True))
    assert where["fixture-pair-en"] == "fixture-effnet with fixture-minilm-en"
    assert where["fixture-effnet"] == "Python package fixture-effnet 1.0"
    assert "tokenizer: trained on the training texts of each task" in where["fixture-clip-scratch"]
    assert "4,000" in where["fixture-clip-scratch"]


def test_the_hub_of_a_model_and_whose_copy_it_is_are_told(
    records: list[Record], store_all: StoreAll
) -> None:
    source = ModelScopeModel(
        via="modelscope", repo="mirror/minilm", revision="v1", official=False, copy_of="a/minilm"
    )
    folder = FolderModel(via="folder", path="/home/somebody/minilm", copy_of="a/minilm")
    (first, *_) = only(records, task="fixture-reviews", models=("fixture-minilm-en",))
    told: dict[Lang, list[str]] = {"en": [], "zh": []}
    for place in (source, replace(source, official=True), replace(source, copy_of=None), folder):
        model = replace(first.trial.model, source=place)
        moved = replace(first, trial=replace(first.trial, model=model))
        for lang, texts in told.items():
            table = table_with(build(store_all([moved]), lang=lang), "sha256")
            texts += [row[2] for row in table.rows if row[1] == model.name]
    assert told["en"] == [
        "ModelScope: mirror/minilm at v1, a mirror by others of Hugging Face's a/minilm",
        "ModelScope: mirror/minilm at v1, the organisation's own copy of Hugging Face's a/minilm",
        "ModelScope: mirror/minilm at v1",
        "local folder, in place of a/minilm",
    ]
    assert told["zh"][0] == (
        "魔搭社区（ModelScope）：mirror/minilm，版本 v1，即 Hugging Face 上 a/minilm 的第三方镜像"
    )
    assert "somebody" not in told["zh"][3]


def test_a_part_that_ran_in_no_trial_of_its_own_has_a_row_without_a_digest(
    records: list[Record], store_all: StoreAll
) -> None:
    (pair,) = only(records, task="fixture-match-en", models=("fixture-pair-en",))
    table = table_with(build(store_all([pair]), lang="en"), "sha256")
    digests = dict(zip(column(table, "name"), column(table, "sha256"), strict=True))
    assert digests["fixture-effnet"] == digests["fixture-minilm-en"] == MISSING
    assert len(digests["fixture-pair-en"]) == 12


def test_candidates_are_counted_among_the_data_of_retrieval_alone(
    records: list[Record], store_all: StoreAll
) -> None:
    table = table_with(
        build(store_all(only(records, task="fixture-match-en")), lang="en"), "tokens"
    )
    assert (column(table, "images")[0], column(table, "texts")[0]) == ("2,400", "1,200")
    reviews = build(store_all(only(records, task="fixture-reviews")), lang="en")
    assert "images" not in [c.header for c in table_with(reviews, "tokens").columns]
