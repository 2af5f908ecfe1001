"""What a suite needs, how large it is, and that fetching leaves nothing to ask for."""

from dataclasses import replace

import pytest

from mmbench.cards import (
    Block,
    FolderModel,
    HubData,
    HubModel,
    ModelCard,
    ModelScopeData,
    PackageData,
    Recipe,
    Suite,
    TaskCard,
)
from mmbench.data.sources import read_parts
from mmbench.errors import DataError, TrialError
from mmbench.fetching.fetch import fetch
from mmbench.fetching.needs import Need, is_remote, needs_of, place_of
from mmbench.fetching.sizes import Size, size_of
from mmbench.models.loading import load
from mmbench.plan import Plan
from mmbench.records import Trial
from tests.hubs.served import DATA, REPO, go_offline
from tests.hubs.server import COMMIT, Hub, Repository, sha256

RECIPE = Recipe(name="probe", strategy="probe", learning_rates=(0.01,), epochs=1)


def planned(*cells: tuple[ModelCard, TaskCard]) -> Plan:
    trials = tuple(
        Trial(model=model, task=task, recipe=RECIPE, seed=seed)
        for model, task in cells
        for seed in (0, 1)
    )
    block = Block(models=("a",), tasks=("b",), recipes=("probe",))
    return Plan(suite=Suite(name="s", blocks=(block,)), trials=trials, refused=())


@pytest.fixture
def on_hub(
    hub: Hub,
    served: Repository,
    tiny_bert: ModelCard,
    colours: TaskCard,
    table: dict[str, bytes],
) -> Plan:
    hub.repositories[f"datasets/{DATA}"] = Repository(files=table)
    model = replace(tiny_bert, source=HubModel(via="hub", repo=REPO))
    data = HubData(via="hub", repo=DATA, subset="plain", revision=COMMIT)
    return planned((model, replace(colours, source=data)))


def test_each_source_is_a_need_once(tiny_bert: ModelCard, colours: TaskCard) -> None:
    other = replace(tiny_bert, name="twin")
    needs = needs_of(planned((tiny_bert, colours), (other, colours)))
    assert [(need.kind, need.name) for need in needs] == [
        ("model", "tiny-bert"),
        ("task", "colours"),
    ]
    assert not any(map(is_remote, needs))
    assert place_of(needs[1]) == "files of yours"
    assert size_of(needs[0]) == Size(bytes=None, missing=0)


def test_sizes_are_told_before_anything_is_fetched(
    on_hub: Plan, hub: Hub, checkpoint: dict[str, bytes], table: dict[str, bytes]
) -> None:
    model, task = needs_of(on_hub)
    whole = sum(map(len, checkpoint.values()))
    assert place_of(model) == f"Hugging Face: {REPO} at unpinned"
    assert size_of(model) == Size(bytes=whole, missing=whole)
    rows = len(table["data/train.csv"]) + len(table["data/test.csv"])
    assert size_of(task) == Size(bytes=rows, missing=rows)
    assert not [path for path in hub.paths() if "safetensors" in path or ".csv" in path]
    fetch(model)
    assert size_of(model) == Size(bytes=whole, missing=0)
    fetch(task)
    assert size_of(task) == Size(bytes=rows, missing=0), "what datasets made of it is here"


def test_a_size_that_nobody_tells_is_unknown_and_says_why(on_hub: Plan, hub: Hub) -> None:
    hub.repositories.clear()
    for need in needs_of(on_hub):
        size = size_of(need)
        assert (size.bytes, size.missing) == (None, None)
        assert size.why is not None
        assert need.source.repo in size.why  # type: ignore[union-attr]


def test_what_was_fetched_is_all_that_is_asked_for(
    on_hub: Plan, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = [fetch(need) for need in needs_of(on_hub)]
    assert digests == [COMMIT, f"{COMMIT}:plain"]
    asked = len(hub.asked)
    go_offline(monkeypatch)
    trial = on_hub.trials[0]
    load(trial.model)
    assert len(read_parts(trial.task.source)["train"]) == 90
    assert len(hub.asked) == asked


def test_a_file_that_the_card_names_and_the_hub_lacks_is_told_with_the_sizes(
    on_hub: Plan,
) -> None:
    for need in needs_of(on_hub):
        source = replace(need.source, files={"none.json": "0" * 64})  # type: ignore[arg-type]
        why = size_of(replace(need, source=source)).why  # type: ignore[arg-type]
        assert why is not None
        assert "none.json" in why


def test_what_should_be_on_this_machine_and_is_not_is_told(
    tiny_bert: ModelCard, colours: TaskCard
) -> None:
    model = replace(tiny_bert, source=FolderModel(via="folder", path="/nowhere"))
    package = PackageData(
        via="package", distribution="no-such-package", version="1.0", files={"train": "a.csv"}
    )
    model_need, task_need = needs_of(planned((model, replace(colours, source=package))))
    assert "/nowhere" in (size_of(model_need).why or "")
    assert "no-such-package, which is not installed; pip install" in (size_of(task_need).why or "")
    assert size_of(task_need).missing is None
    with pytest.raises(DataError, match="not installed"):
        fetch(task_need)


def test_sizes_on_modelscope(
    copies: Hub, tiny_bert: ModelCard, colours: TaskCard, table: dict[str, bytes]
) -> None:
    copies.repositories["datasets/mirror/colours"] = Repository(files=table)
    data = ModelScopeData(via="modelscope", repo="mirror/colours", subset="plain")
    (_, task) = needs_of(planned((tiny_bert, replace(colours, source=data))))
    whole = sum(map(len, table.values()))
    assert size_of(task) == Size(bytes=whole, missing=whole)
    fetch(task)
    assert size_of(task) == Size(bytes=whole, missing=0)


def pinned(need: Need, files: dict[str, bytes], wrong: str) -> Need:
    digests = {n: sha256(c) for n, c in files.items() if not n.startswith("other/")}
    source = replace(need.source, files=digests | {wrong: "0" * 64})  # type: ignore[arg-type]
    return replace(need, source=source)  # type: ignore[arg-type]


def test_a_digest_that_is_not_the_cards_is_an_error(
    on_hub: Plan, checkpoint: dict[str, bytes], table: dict[str, bytes]
) -> None:
    model, task = needs_of(on_hub)
    with pytest.raises(TrialError, match=r"config\.json has sha256"):
        fetch(pinned(model, checkpoint, "config.json"))
    with pytest.raises(DataError, match=r"data/test\.csv has sha256"):
        fetch(pinned(task, table, "data/test.csv"))
