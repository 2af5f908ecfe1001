"""A pair is looked up together with its encoders; a tokenizer may be one that is trained."""

from pathlib import Path

import pytest

from mmbench.cards import FusionModel, RandomModel, TrainedTokenizer
from mmbench.catalog import Catalog
from mmbench.errors import CardError
from tests.specimens import IMAGE_MODEL_FIELDS, MODEL_FIELDS, write_card, write_cards

PAIR_FIELDS: dict[str, object] = {
    "name": "both",
    "family": "pair",
    "languages": ["en"],
    "modalities": ["image", "text"],
    "adapter": "pair",
    "source": {"via": "pair", "image": "eye", "text": "tiny"},
    "gives": ["paired"],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_cards(tmp_path / "cards")


def test_a_pair_comes_with_the_cards_of_its_encoders(root: Path) -> None:
    write_card(root, "models", PAIR_FIELDS)
    catalog = Catalog((root,))
    pair = catalog.model("both")
    assert dict(pair.parts) == {"image": catalog.model("eye"), "text": catalog.model("tiny")}


def test_the_encoders_of_a_pair_may_be_paths_beside_its_card(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_card(tmp_path, "mine", IMAGE_MODEL_FIELDS, name="lens")
    source = {"via": "pair", "image": "lens.yaml", "text": "tiny"}
    path = write_card(tmp_path, "mine", PAIR_FIELDS, source=source)
    monkeypatch.chdir("/")
    assert Catalog((root,)).model(str(path)).parts["image"].name == "lens"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"languages": ["zh"]},
            r"both\.yaml: languages is \['zh'\]; those of .* tiny are \['en'\]",
        ),
        ({"source": {"via": "pair", "image": "eye", "text": "tinny"}}, r"did you mean 'tiny'"),
        ({"source": {"via": "pair", "image": "tiny", "text": "tiny"}}, "which is no image encoder"),
        ({"source": {"via": "pair", "image": "both", "text": "tiny"}}, "cannot be part of another"),
        ({"parts": {"image": IMAGE_MODEL_FIELDS}}, "parts are looked up by the names under source"),
    ],
)
def test_a_pair_that_cannot_be_is_refused_with_its_file(
    root: Path, changes: dict[str, object], said: str
) -> None:
    write_card(root, "models", PAIR_FIELDS, **changes)
    with pytest.raises(CardError, match=said):
        Catalog((root,)).model("both")


def test_a_tokenizer_that_is_trained_names_its_size(root: Path) -> None:
    source: dict[str, object] = {
        "via": "random",
        "tokenizer": {"via": "trained", "vocabulary": 500},
    }
    write_card(root, "models", MODEL_FIELDS, name="start", source=source)
    found = Catalog((root,)).model("start").source
    assert isinstance(found, RandomModel)
    assert found.tokenizer == TrainedTokenizer(via="trained", vocabulary=500)
    source["tokenizer"] = {"via": "trained"}
    write_card(root, "models", MODEL_FIELDS, name="start", source=source)
    with pytest.raises(CardError, match=r"source\.tokenizer: field 'vocabulary' is missing"):
        Catalog((root,)).model("start")


FUSION_FIELDS: dict[str, object] = {
    **PAIR_FIELDS,
    "name": "fused",
    "adapter": "fusion",
    "source": {"via": "fusion", "image": "eye", "text": "tiny", "by": "gated", "width": 8},
    "gives": ["fused"],
}


def test_a_fusion_comes_with_the_cards_of_its_encoders(root: Path) -> None:
    write_card(root, "models", FUSION_FIELDS)
    catalog = Catalog((root,))
    fusion = catalog.model("fused")
    assert dict(fusion.parts) == {"image": catalog.model("eye"), "text": catalog.model("tiny")}
    assert isinstance(fusion.source, FusionModel)
    assert (fusion.source.by, fusion.source.width) == ("gated", 8)


def test_the_weights_of_a_block_lie_beside_the_card(root: Path) -> None:
    source = {**FUSION_FIELDS["source"], "weights": "kept/fusion.safetensors"}  # type: ignore[dict-item]
    write_card(root, "models", FUSION_FIELDS, source=source)
    found = Catalog((root,)).model("fused").source
    assert isinstance(found, FusionModel)
    assert found.weights == str(root / "models" / "kept" / "fusion.safetensors")


def test_a_fusion_is_no_part_of_another(root: Path) -> None:
    write_card(root, "models", FUSION_FIELDS)
    source = {"via": "pair", "image": "fused", "text": "tiny"}
    write_card(root, "models", PAIR_FIELDS, source=source)
    with pytest.raises(CardError, match=r"fused\.yaml: a fusion cannot be part of another"):
        Catalog((root,)).model("both")
