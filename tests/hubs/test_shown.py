"""A report reads the inputs of hub data from the local caches, and asks no hub for them."""

from dataclasses import replace

import pytest

from mmbench.cards import HubData, TaskCard
from mmbench.compare.cells import Cell
from mmbench.data.identity import data_digest
from mmbench.data.tasks import load_task
from mmbench.report.shown import Shown, shown
from tests.compare.conftest import make_record
from tests.hubs.served import DATA
from tests.hubs.server import Hub, Repository

SOURCE = HubData(via="hub", repo=DATA, subset="plain")


@pytest.fixture
def cell(hub: Hub, table: dict[str, bytes], colours: TaskCard) -> Cell:
    hub.repositories[f"datasets/{DATA}"] = Repository(files=table)
    made = make_record()
    task = replace(colours, source=SOURCE)
    trial = replace(made.trial, task=task, digests={"task": data_digest(SOURCE)})
    return Cell(records=(replace(made, trial=trial),))


def test_what_a_trial_has_fetched_is_shown_without_asking(hub: Hub, cell: Cell) -> None:
    rows = load_task(cell.task).splits["test"]
    asked = len(hub.paths())
    found = shown(cell, "test", [rows.ids[3]])
    assert found.texts == {rows.ids[3]: rows.inputs["text"][3]}
    assert len(hub.paths()) == asked
    load_task(cell.task)
    assert len(hub.paths()) > asked, "afterwards the hub is asked as before"


def test_what_nobody_has_fetched_is_not_shown(hub: Hub, cell: Cell) -> None:
    asked = len(hub.paths())
    assert shown(cell, "test", ["test/0"]) == Shown(why="gone")
    assert len(hub.paths()) == asked
