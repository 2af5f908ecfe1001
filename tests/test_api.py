"""The documented Python interface on a tiny model and a user's own CSV."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score
from transformers import AutoModel, AutoTokenizer

import mmbench
from mmbench.answers import Answer, Labelled
from mmbench.cards import FileData, FolderModel, HubModel, ModelCard, Places, Recipe, TaskCard
from mmbench.errors import StoreError, TrialError
from mmbench.store import Stored, load

pytestmark = pytest.mark.usefixtures("quick_timing")

RECIPE = Recipe(
    name="full-tiny",
    strategy="full",
    learning_rates=(3e-3,),
    epochs=6,
    batch_size=16,
    dropout=0.0,
    evaluations=3,
)


@pytest.fixture
def stored(tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path) -> Stored:
    return mmbench.finetune(tiny_bert, colours, recipe=RECIPE, results=tmp_path / "results")


def labelled(answers: list[Answer]) -> list[Labelled]:
    """The same, each checked to be the answer of a classifier."""
    found = [answer for answer in answers if isinstance(answer, Labelled)]
    assert len(found) == len(answers)
    return found


def test_finetune_predict_and_evaluate_agree(stored: Stored) -> None:
    texts = ["a rose of sort aa", "a leaf of sort b", "a sea of sort ccc"]
    found = labelled(mmbench.predict(stored, texts=texts))
    assert [p.label for p in found] == ["red", "green", "blue"]
    for prediction in found:
        assert sum(prediction.probabilities.values()) == pytest.approx(1.0)
        assert max(prediction.probabilities, key=prediction.probabilities.__getitem__) == (
            prediction.label
        )
    scores = mmbench.evaluate(stored)
    recorded = [s for s in stored.record.scores if s.stage == "after" and s.split != "train"]
    assert {(s.split, s.metric): s.value for s in scores} == pytest.approx(
        {(s.split, s.metric): s.value for s in recorded}
    )


def test_a_kept_model_loads_in_plain_transformers(stored: Stored) -> None:
    folder = stored.folder / "model"
    text = ["a rose of sort aa"]
    model = AutoModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        hidden = model(**AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt"))
    theirs = hidden.last_hidden_state.mean(1).numpy()
    np.testing.assert_allclose(mmbench.embed(stored, texts=text), theirs, atol=1e-5)


def test_evaluate_takes_new_data_with_the_same_labels(
    stored: Stored, colours: TaskCard, tmp_path: Path
) -> None:
    nouns = {"red": "rose", "blue": "sky", "green": "leaf"}
    rows = [(f"a {nouns[x]} of sort {c * k}", x) for x in nouns for c in "abc" for k in range(1, 9)]
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    for file, part in ((train, rows[::2]), (test, rows[1::2])):
        file.write_text("\n".join(["note,colour", *(",".join(row) for row in part)]))
    files = {"train": str(train), "test": str(test)}
    new = replace(colours, source=FileData(via="files", files=files))
    (accuracy, *_) = [s for s in mmbench.evaluate(stored, task=new) if s.split == "test"]
    found = labelled(mmbench.predict(stored, texts=[text for text, _ in rows[1::2]]))
    predicted = [p.label for p in found]
    assert accuracy.value == accuracy_score([label for _, label in rows[1::2]], predicted)
    test.write_text(test.read_text().replace("green", "olive"))
    with pytest.raises(TrialError, match="olive"):
        mmbench.evaluate(stored, task=new)


def test_the_same_call_again_gives_the_record_back(
    stored: Stored, tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    again = mmbench.finetune(tiny_bert, colours, recipe=RECIPE, results=tmp_path / "results")
    assert again.folder == stored.folder


def test_a_model_that_was_not_kept_cannot_predict(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    stored = mmbench.finetune(
        tiny_bert, colours, recipe=RECIPE, keep="none", results=tmp_path / "r"
    )
    with pytest.raises(StoreError, match="--keep best"):
        mmbench.predict(stored, texts=["x"])
    kept = mmbench.finetune(tiny_bert, colours, recipe=RECIPE, results=tmp_path / "r")
    assert labelled(mmbench.predict(kept, texts=["a rose of sort aa"]))[0].label == "red"


def test_the_wrong_modality_is_refused(stored: Stored) -> None:
    with pytest.raises(TrialError, match="takes text; it was given image"):
        mmbench.predict(stored, images=[b"x"])


def test_an_empty_list_is_refused(stored: Stored) -> None:
    with pytest.raises(TrialError, match="list is empty"):
        mmbench.predict(stored, texts=[])


def test_embed_gives_one_vector_a_text(tiny_bert: ModelCard) -> None:
    features = mmbench.embed(tiny_bert, texts=["a", "bc", "def g"])
    assert features.shape == (3, 32)
    assert features.dtype == np.float32


def test_a_folder_of_ones_own_stands_for_a_models_files(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    assert isinstance(tiny_bert.source, FolderModel)
    elsewhere = replace(tiny_bert, source=HubModel(via="hub", repo="acme/none"))
    places = Places(folders={tiny_bert.name: tiny_bert.source.path})
    texts = ["a rose", "a leaf of sort b"]
    found = mmbench.embed(elsewhere, texts=texts, places=places)
    np.testing.assert_array_equal(found, mmbench.embed(tiny_bert, texts=texts))
    stored = mmbench.finetune(
        elsewhere, colours, recipe=RECIPE, results=tmp_path / "results", places=places
    )
    source = stored.record.trial.model.source
    assert isinstance(source, FolderModel)
    assert (source.path, source.copy_of) == (tiny_bert.source.path, "acme/none")
    with pytest.raises(TrialError, match="acme/none"):
        mmbench.embed(elsewhere, texts=texts)


def test_a_failed_trial_raises_and_leaves_its_record(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    broken = replace(tiny_bert, source=FolderModel(via="folder", path=str(tmp_path / "nowhere")))
    with pytest.raises(TrialError, match="nowhere"):
        mmbench.finetune(broken, colours, recipe=RECIPE, results=tmp_path / "results")
    (path,) = (tmp_path / "results").rglob("record.json")
    assert load(path).record.status == "failed"


def test_keeping_a_model_prints_nothing(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mmbench.finetune(tiny_bert, colours, recipe=RECIPE, results=tmp_path / "results")
    assert capfd.readouterr() == ("", "")
