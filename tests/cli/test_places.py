"""`--hub`, `--model-path` and `--from`: where a run reads, as it is planned and told."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import typer

from mmbench.cards import BenchBlock, FolderModel, ModelCard, ModelSource, Places, Suite
from mmbench.catalog import Catalog
from mmbench.cli.gate_against import Against, cases_of
from mmbench.hubs.reachable import Reached
from mmbench.plan import Plan
from mmbench.speed.order import Order
from tests.cli.conftest import Command, FakeApi
from tests.specimens import MODEL_FIELDS, write_card

ADHOC = ("--models", "tiny", "--tasks", "moods", "--recipes", "probe", "--cards", "cards")


@pytest.fixture
def copied(here: Path) -> Path:
    """The model has a copy on ModelScope."""
    source = {"via": "hub", "repo": "a/tiny", "modelscope": {"repo": "b/tiny", "official": False}}
    write_card(here / "cards", "models", {**MODEL_FIELDS, "source": source})
    return here


def words(text: str) -> str:
    """What a box in the terminal says, in one line."""
    return " ".join(text.replace("│", " ").split())


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


@pytest.mark.usefixtures("copied")
def test_the_report_tells_the_hub_that_was_taken_and_not_that_any_was_asked_for(
    mm: Command, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Reached(hub="modelscope", why="ModelScope is taken: it answers")
    monkeypatch.setattr("mmbench.hubs.reachable.first_reachable", lambda: found)
    ran = mm("run", *ADHOC, "--hub", "auto")
    assert "--hub auto: ModelScope is taken: it answers\n" in ran.err
    assert planned(api).trials[0].model.source.via == "modelscope"
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
    assert said in words(ran.err)
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
    assert "--model-path: no weights are read without --full" in " ".join(
        ran.err.replace("│", " ").split()
    )
    ran = mm("check", "moods", "--cards", "cards", "--full", "--model-path", "tiny=weights")
    assert "--model-path tiny: this model is not checked" in words(ran.err)


def test_a_check_in_full_reads_the_folder(mm: Command, here: Path, tiny_bert: ModelCard) -> None:
    assert isinstance(tiny_bert.source, FolderModel)
    write_card(here / "cards", "models", {**MODEL_FIELDS, "gives": ["pooled", "tokens"]})
    given = f"tiny={tiny_bert.source.path}"
    ran = mm("check", "tiny", "--cards", "cards", "--full", "--model-path", given)
    assert "model tiny   weights-checked" in ran.out
    assert ran.status == 0, ran.out


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """What `mmbench bench` would time; nothing is."""
    orders: list[Order] = []

    def run_bench(found: list[Order], *_: object, **__: object) -> Iterator[object]:
        orders.extend(found)
        return iter(())

    monkeypatch.setattr("mmbench.speed.bench.run_bench", run_bench)
    return orders


BENCH = ("bench", "--models", "tiny", "--cards", "cards", "--init", "pretrained", "--mode", "infer")


def test_real_weights_are_timed_from_the_hub_or_the_folder_that_is_asked_for(
    mm: Command, copied: Path, timed: list[Order]
) -> None:
    (copied / "weights").mkdir()
    mm(*BENCH, "--hub", "modelscope")
    mm(*BENCH, "--model-path", "tiny=weights")
    first, second = [order.case.model.source for order in timed]
    assert (first.via, getattr(first, "repo")) == ("modelscope", "b/tiny")  # noqa: B009
    assert (second.via, getattr(second, "path")) == (  # noqa: B009
        "folder",
        str(copied / "weights"),
    )


@pytest.mark.usefixtures("here", "timed")
def test_a_bench_names_what_has_no_copy_and_whose_folder_is_not_timed(
    mm: Command, here: Path
) -> None:
    ran = mm(*BENCH, "--hub", "modelscope")
    assert "no copy on ModelScope is known, read from Hugging Face: tiny\n" in ran.err
    (here / "weights").mkdir()
    ran = mm(*BENCH, "--model-path", "tinny=weights")
    assert ran.status == 2
    assert "no model of bench has this name; did you mean 'tiny'?" in words(ran.err)


@pytest.mark.parametrize(
    ("command", "unread"),
    [
        (("bench", "--models", "tiny", "--cards", "cards"), "without --init pretrained"),
        (("check", "tiny", "--cards", "cards"), "without --full"),
        (("gate", "--against", "HEAD", "--random-init"), "with --random-init"),
    ],
)
def test_a_place_to_read_weights_is_no_flag_where_none_are_read(
    mm: Command, here: Path, command: tuple[str, ...], unread: str
) -> None:
    (here / "weights").mkdir()
    for flags in (("--hub", "modelscope"), ("--model-path", "tiny=weights")):
        ran = mm(*command, *flags)
        assert ran.status == 2
        assert f"{flags[0]}: no weights are read {unread}" in words(ran.err)


def test_records_that_are_compared_are_read_from_no_hub(mm: Command, here: Path) -> None:
    ran = mm("gate", "a", "--baseline", "b", "--hub", "modelscope")
    assert ran.status == 2
    assert "--hub goes with --against alone" in ran.err


def test_a_gate_times_the_weights_of_the_hub_or_the_folder_that_is_asked_for(
    copied: Path,
) -> None:
    catalog_of = partial(Catalog.standard, (copied / "cards",))
    suite = Suite(name="own", bench=(BenchBlock(models=("tiny",), batch_sizes=(2,)),))

    def source(places: Places) -> ModelSource:
        asked = Against(against="HEAD", places=places)
        cases, _ = cases_of(suite, catalog_of(places=places), asked)
        return cases[0].model.source

    assert source(Places(hub="modelscope")).via == "modelscope"
    assert source(Places(folders={"tiny": "/weights"})).via == "folder"
    with pytest.raises(typer.BadParameter, match="no model of own has this name"):
        source(Places(folders={"other": "/weights"}))
