"""A task card drafted from a data set on the hub, which a server on this machine stands for."""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
import yaml
from PIL import Image

from mmbench.cards import TaskCard
from mmbench.codec import load_card
from mmbench.data.tasks import load_task
from mmbench.drafting.data import LOOKED_AT, _looked_at
from mmbench.drafting.tasks import draft_task
from mmbench.errors import DataError
from tests.cli.conftest import Command
from tests.cli.conftest import here as here
from tests.cli.conftest import mm as mm
from tests.hubs.served import DATA
from tests.hubs.served import downloads as downloads
from tests.hubs.served import hub as hub
from tests.hubs.served import table as table
from tests.hubs.server import COMMIT, Hub, Repository


def parquet(rows: Sequence[dict[str, object]]) -> bytes:
    sink = BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), sink)
    return sink.getvalue()


def published(hub: Hub, parts: dict[str, bytes]) -> None:
    """Parts of these names and no others, as the README of the repository says."""
    files = {f"{part}.parquet": content for part, content in parts.items()}
    said = [f"  - {{split: {part}, path: {part}.parquet}}" for part in parts]
    lines = ["---", "configs:", "- config_name: default", "  data_files:", *said, "---", ""]
    hub.repositories[f"datasets/{DATA}"] = Repository(
        files={**files, "README.md": "\n".join(lines).encode()}
    )


def notes(count: int, label: int | None = None, *, first: int = 0) -> list[dict[str, Any]]:
    return [
        {"note": f"a note of some length, number {i}", "label": i % 2 if label is None else label}
        for i in range(first, first + count)
    ]


def test_a_card_is_written_checked_and_pinned(
    mm: Command, here: Path, hub: Hub, table: dict[str, bytes]
) -> None:
    hub.repositories[f"datasets/{DATA}"] = Repository(files=table)
    ran = mm("new", "task", "--from", DATA, "--subset", "plain", "--cards", "own")
    assert ran.status == 0, ran.err
    assert "task colours   data-checked" in ran.out
    path = here / "own" / "tasks" / "colours.yaml"
    source = {"via": "hub", "repo": DATA, "subset": "plain", "revision": COMMIT}
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["source"] == source
    card = load_card(TaskCard, path)
    assert (card.inputs, card.target.column) == ({"text": "note"}, "colour")
    data = load_task(card)
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 81,
        "validation": 9,
        "test": 30,
    }


def test_a_part_whose_labels_are_secret_is_no_split(hub: Hub) -> None:
    published(
        hub,
        {
            "train": parquet(notes(80)),
            "validation": parquet(notes(40, first=80)),
            "test": parquet(notes(30, -1, first=120)),
        },
    )
    draft = draft_task(DATA)
    assert yaml.safe_load(draft.text)["splits"] == {
        "train": {"part": "train"},
        "test": {"part": "validation"},
        "validation": {"cut_from": "train", "fraction": 0.1},
    }
    assert (
        "splits: train is part 'train', test is part 'validation', validation is 10% of train, "
        "since no row of test has a label"
    ) in draft.guesses


def test_parts_of_other_names_are_given_their_use_by_size(hub: Hub) -> None:
    published(hub, {"small": parquet(notes(30)), "big": parquet(notes(90, first=30))})
    draft = draft_task(DATA)
    assert yaml.safe_load(draft.text)["splits"] == {
        "train": {"part": "big"},
        "test": {"part": "small"},
        "validation": {"cut_from": "train", "fraction": 0.1},
    }
    told = "splits: train is part 'big', test is part 'small', validation is 10% of train"
    assert told in draft.guesses


def test_parts_of_the_usual_names_need_no_word(hub: Hub) -> None:
    published(hub, {"train": parquet(notes(60)), "test": parquet(notes(30, first=60))})
    assert "splits" not in yaml.safe_load(draft_task(DATA).text)


def test_a_data_set_in_the_order_of_its_labels_shows_them_all(hub: Hub) -> None:
    rows = [*notes(9_000, 0), *notes(600, 1, first=9_000), *notes(900, 2, first=9_600)]
    published(hub, {"train": parquet(rows)})
    draft = draft_task(DATA)
    assert "target is column 'label': 3 values; '0' is 86% of the rows" in draft.guesses
    assert yaml.safe_load(draft.text)["kind"] == "classification"


def test_rows_that_are_looked_at_are_some_of_all_each_once() -> None:
    for count in (1, 100, 5_000, 5_001, 7_499, 1_000_000):
        rows = _looked_at(count)
        assert len(rows) == len(set(rows)) <= LOOKED_AT
        assert rows[0] == 0
        assert max(rows) < count
        assert rows == list(range(count)) or count > LOOKED_AT
        assert max(rows) > 0.99 * count - 1, "to the end"


def encoded(shade: int) -> bytes:
    sink = BytesIO()
    Image.new("L", (4, 4), shade).save(sink, "PNG")
    return sink.getvalue()


@pytest.mark.parametrize(
    ("slot", "content"),
    [
        ("image", encoded),
        ("audio", lambda shade: b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes([shade])),
        ("image", lambda shade: b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes([shade])),
        ("audio", lambda shade: b"fLaC" + bytes([shade])),
    ],
)
def test_pictures_and_sounds_inside_the_rows_are_seen(
    hub: Hub, slot: str, content: Callable[[int], bytes]
) -> None:
    rows = [{"thing": {"bytes": content(i), "path": None}, "label": i % 2} for i in range(60)]
    published(hub, {"train": parquet(rows)})
    assert yaml.safe_load(draft_task(DATA).text)["inputs"] == {slot: "thing"}


def test_what_is_no_data_set_is_told(hub: Hub) -> None:
    with pytest.raises(DataError, match=r"no such file or folder, and no name of a data set"):
        draft_task("own/reviews.csv")
    assert not hub.asked, "a file that is not there is not asked of a hub"
    with pytest.raises(DataError, match=f"acme/none.*{hub.endpoint}"):
        draft_task("acme/none")
    published(hub, {"train": parquet(notes(60, -1))})
    with pytest.raises(DataError, match="no row has a value in column 'label'; say --target"):
        draft_task(DATA, target="label")
    with pytest.raises(DataError, match=r"--target mood: no such column"):
        draft_task(DATA, target="mood")


def test_a_subset_is_of_the_hub_alone(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("note,label\n")
    with pytest.raises(DataError, match="--subset plain goes with a data set of the hub"):
        draft_task(tmp_path / "rows.csv", subset="plain")
