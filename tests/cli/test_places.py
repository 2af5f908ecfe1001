"""`--hub`, `--model-path` and `--from`: where a run reads, as it is planned and told."""

import os
from pathlib import Path

import pytest

from mmbench.cards import FolderModel, ModelCard
from mmbench.plan import Plan
from tests.cli.conftest import Command, FakeApi
from tests.specimens import MODEL_FIELDS, write_card

ADHOC = ("--models", "tiny", "--tasks", "moods", "--recipes", "probe", "--cards", "cards")


@pytest.fixture
def copied(here: Path) -> Path:
    """The model has a copy on ModelScope."""
    source = {"via": "hub", "repo": "a/tiny", "modelscope": {"repo": "b/tiny", "official": False}}
    write_card(here / "cards", "models", {**MODEL_FIELDS, "source": source})
    return here


def planned(api: FakeApi) -> Plan:
    found: Plan = api.calls[0]["plan"]
    return found


@pytest.mark.usefixtures("copied")
def test_modelscope_is_read_where_the_card_knows_of_a_copy(mm: Command, api: FakeApi) -> None:
    ran = mm("run", *ADHOC, "--hub", "modelscope")
    (trial,) = planned(api).trials
    assert (trial.model.source.via, trial.task.source.via) == ("modelscope", "files")
    assert "no copy" not in ran.err
    assert api.calls[-1]["reproduce"].endswith("--cards cards --hub modelscope")


@pytest.mark.usefixtures("here")
def test_what_has_no_copy_there_is_named(mm: Command, api: FakeApi) -> None:
    ran = mm("run", *ADHOC, "--hub", "modelscope")
    assert "no copy on ModelScope is known, read from Hugging Face: tiny\n" in ran.err
    assert planned(api).trials[0].model.source.via == "hub"


def test_a_folder_of_ones_own_stands_for_the_model(mm: Command, copied: Path, api: FakeApi) -> None:
    (copied / "weights").mkdir()
    ran = mm("run", *ADHOC, "--model-path", "tiny=weights")
    assert ran.status == 0
    source = planned(api).trials[0].model.source
    assert (source.via, getattr(source, "path")) == ("folder", str(copied / "weights"))  # noqa: B009
    assert api.calls[-1]["reproduce"].endswith("--model-path tiny=weights")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["tiny"], "'tiny' is not NAME=DIR"),
        (["=weights"], "'=weights' is not NAME=DIR"),
        (["tiny=nowhere"], "--model-path tiny: there is no nowhere"),
        (["tinny=weights"], "no model of adhoc has this name; did you mean 'tiny'?"),
        (["tiny=weights", "tiny=weights"], "given twice"),
    ],
)
def test_a_wrong_model_path_is_an_error_before_anything_runs(
    mm: Command, here: Path, api: FakeApi, given: list[str], said: str
) -> None:
    (here / "weights").mkdir()
    flags = [word for each in given for word in ("--model-path", each)]
    ran = mm("run", *ADHOC, *flags)
    assert ran.status == 2
    assert said in " ".join(ran.err.replace("│", " ").split())
    assert api.calls == []


def test_downloads_are_looked_for_in_the_folder_that_is_named(
    mm: Command, here: Path, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_HUB_CACHE", "HF_DATASETS_CACHE"):
        monkeypatch.setenv(name, "elsewhere")
    assert mm("run", *ADHOC, "--from", "stick").status == 2
    (here / "stick").mkdir()
    assert mm("run", *ADHOC, "--from", "stick").status == 0
    assert os.environ["HF_HUB_CACHE"] == str(here / "stick" / "hub")
    assert os.environ["HF_DATASETS_CACHE"] == str(here / "stick" / "datasets")


def test_a_check_reads_a_model_elsewhere_only_in_full(mm: Command, here: Path) -> None:
    (here / "weights").mkdir()
    ran = mm("check", "tiny", "--cards", "cards", "--model-path", "tiny=weights")
    assert ran.status == 2
    assert "--model-path goes with --full" in " ".join(ran.err.replace("│", " ").split())
    ran = mm("check", "moods", "--cards", "cards", "--full", "--model-path", "tiny=weights")
    assert "--model-path tiny: this model is not checked" in " ".join(
        ran.err.replace("│", " ").split()
    )


def test_a_check_in_full_reads_the_folder(mm: Command, here: Path, tiny_bert: ModelCard) -> None:
    assert isinstance(tiny_bert.source, FolderModel)
    write_card(here / "cards", "models", {**MODEL_FIELDS, "gives": ["pooled", "tokens"]})
    given = f"tiny={tiny_bert.source.path}"
    ran = mm("check", "tiny", "--cards", "cards", "--full", "--model-path", given)
    assert "model tiny   weights-checked" in ran.out
    assert ran.status == 0, ran.out
