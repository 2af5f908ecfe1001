"""Other places for a card's files: what the card then says, and what stays the same trial."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import (
    FolderModel,
    FusionModel,
    HubData,
    HubModel,
    ModelCard,
    ModelScopeCopy,
    ModelScopeData,
    ModelScopeModel,
    Places,
    RandomModel,
    as_random,
)
from mmbench.catalog import Catalog
from mmbench.codec import dump_json, load_record
from mmbench.errors import CardError
from tests.specimens import MODEL, MODEL_FIELDS, TASK, TRIAL, record, write_card, write_cards

COPY = ModelScopeCopy(repo="mirror/tiny", official=False, revision="v1")
DIGEST = "ab" * 32
SOURCE = HubModel(
    via="hub",
    repo="someone/tiny",
    files={"config.json": DIGEST},
    modelscope=COPY,
    config={"model_type": "bert"},
)
BOTH = replace(MODEL, source=SOURCE)


def test_the_other_hub_has_the_same_files_under_its_own_name_and_revision() -> None:
    card = Places(hub="modelscope").of_model(BOTH)
    assert card.source == ModelScopeModel(
        via="modelscope",
        repo="mirror/tiny",
        revision="v1",
        official=False,
        files={"config.json": DIGEST},
        copy_of="someone/tiny",
        config={"model_type": "bert"},
    )
    assert replace(card, source=BOTH.source) == BOTH
    assert Places().of_model(BOTH) == BOTH


def test_what_has_no_known_copy_stays_where_it_is() -> None:
    assert Places(hub="modelscope").of_model(MODEL) == MODEL
    assert Places(hub="modelscope").of_task(TASK) == TASK


def test_a_borrowed_tokenizer_and_a_data_set_move_as_well() -> None:
    borrower = replace(MODEL, country=None, source=RandomModel(via="random", tokenizer=SOURCE))
    moved = Places(hub="modelscope").of_model(borrower).source
    assert isinstance(moved, RandomModel)
    assert isinstance(moved.tokenizer, ModelScopeModel)
    data = HubData(via="hub", repo="a/b", subset="zh", modelscope=COPY)
    task = Places(hub="modelscope").of_task(replace(TASK, source=data))
    assert task.source == ModelScopeData(
        via="modelscope",
        repo="mirror/tiny",
        subset="zh",
        revision="v1",
        official=False,
        copy_of="a/b",
    )


def test_where_files_are_read_is_told_by_a_record_and_changes_no_key(tmp_path: Path) -> None:
    moved = Places(hub="modelscope").of_model(BOTH)
    local = Places(folders={"tiny": "/mine"}).of_model(BOTH)
    assert local.source == FolderModel(via="folder", path="/mine", copy_of="someone/tiny")
    keys = {replace(TRIAL, model=card).key for card in (BOTH, moved, local)}
    assert len(keys) == 1
    for card in (moved, local):
        written = dump_json(record(replace(TRIAL, model=card)))
        assert load_record(written, tmp_path).trial.model.source == card.source


def test_the_config_goes_along_for_a_random_start() -> None:
    source = as_random(Places(hub="modelscope").of_model(BOTH)).source
    assert isinstance(source, RandomModel)
    assert source.config == {"model_type": "bert"}


def test_a_folder_stands_for_a_model_with_files_alone() -> None:
    scratch = replace(MODEL, country=None, source=RandomModel(via="random"))
    with pytest.raises(CardError, match="--model-path tiny: it starts at random"):
        Places(folders={"tiny": "/mine"}).of_model(scratch)
    joined = ModelCard(
        name="both",
        family="x",
        languages=("en",),
        modalities=("image", "text"),
        adapter="fusion",
        source=FusionModel(via="fusion", image="eye", text="tiny", by="concatenation"),
        gives=("fused",),
    )
    with pytest.raises(CardError, match="made of eye and tiny; give their folders"):
        Places(folders={"both": "/mine"}).of_model(joined)


def test_a_catalog_gives_cards_as_they_are_to_be_read(tmp_path: Path) -> None:
    root = write_cards(tmp_path / "cards")
    source = {**MODEL_FIELDS["source"], "modelscope": {"repo": "m/t", "official": True}}  # type: ignore[dict-item]
    write_card(root, "models", {**MODEL_FIELDS, "source": source})
    there = Catalog((root,), Places(hub="modelscope"))
    assert there.model("tiny").source.via == "modelscope"
    assert there.model("eye").source.via == "hub"
    assert Catalog((root,)).model("tiny").source.via == "hub"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"../config.json": DIGEST}, "names '../config.json'; give a path inside"),
        ({"/etc/passwd": DIGEST}, "give a path inside the repository"),
        ({"config.json": "abc"}, "config.json is no sha256"),
        ({"config.json": DIGEST.upper()}, "config.json is no sha256"),
    ],
)
def test_files_are_named_by_paths_inside_and_a_whole_digest(
    files: dict[str, str], said: str
) -> None:
    for make in (
        lambda: HubModel(via="hub", repo="a/b", files=files),
        lambda: ModelScopeModel(via="modelscope", repo="a/b", files=files),
        lambda: HubData(via="hub", repo="a/b", files=files),
        lambda: ModelScopeData(via="modelscope", repo="a/b", files=files),
    ):
        with pytest.raises(CardError, match=said):
            make()
