"""The inputs of some examples, for a reader to see: read again from the data that they came from.

Nothing is fetched for it, and nothing is shown of data that are not those of the record any more.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeVar

from mmbench.cards import DataSource, HubData, ModelScopeData
from mmbench.compare.cells import Cell
from mmbench.errors import MmbenchError, StoreError
from mmbench.report.document import Block, Gallery, Paragraph, Picture
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.text import one_line

if TYPE_CHECKING:
    from mmbench.data.examples import Examples

MOST_SHOWN = 8  # examples of a task
MOST_TEXTS, MOST_MEDIA = 100_000, 20_000  # of a task: all of them are read to find a few
MOST_BYTES = 2**28  # of local files, which are hashed to know that they are the same
SIDE = 96  # pixels of a picture
LONGEST_TEXT = 120  # characters

T = TypeVar("T")
Why = Literal["gone", "large", "left_out"]
"""Why no input is shown: the data are not there as they were, they are many, or nobody is to see
them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """pictures: WebP. Either by the ids of the examples that have one; a sound is not shown."""

    texts: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    why: Why | None = None


def of_best(
    task: TaskFindings, findings: Findings, look: "partial[T | None]"
) -> tuple[Cell, T] | None:
    """What `look(stored, split)` finds in the first seed of the best cell that kept its answers."""
    split = task.main
    if split is None:
        return None

    def find() -> tuple[Cell, T] | None:
        for cell in task.cells:
            try:
                found = look(findings.stored(cell.records[0]), split)
            except StoreError:  # named where the best of the task are compared
                continue
            if found is not None:
                return cell, found
        return None

    return findings.once((look.func, task.title), find)


def seen(
    task: TaskFindings, cell: Cell, ids: Sequence[str], findings: Findings, *, inputs: bool
) -> Shown:
    """Those of the examples `ids` of the main split, read once for all languages."""
    assert task.main is not None, "examples are of a split"
    if not inputs:
        return Shown(why="left_out")
    split = task.main
    return findings.once(("inputs", task.title), lambda: shown(cell, split, ids))


def gallery(told: Sequence[tuple[str, str]], read: Shown) -> list[Block]:
    """The pictures there are, with the words that belong to each example, by its id."""
    pictures = [
        Picture(webp=read.pictures[name], name=name, told=words)
        for name, words in told
        if name in read.pictures
    ]
    return [Gallery(pictures=tuple(pictures))] if pictures else []


def unread(read: Shown, say: Messages) -> list[Block]:
    """Why there are no inputs, where there are none."""
    return [] if read.why is None else [Paragraph(text=say(f"mistakes.{read.why}"))]


def shown(cell: Cell, split: str, ids: Collection[str]) -> Shown:
    """The inputs of the examples `ids` of a split."""
    rows = _rows(cell, split)
    if isinstance(rows, str):
        return Shown(why=rows)
    places = {name: place for place, name in enumerate(rows.ids)}
    some = rows.take([places[name] for name in dict.fromkeys(ids) if name in places])
    pictures = {}
    for name, image in zip(some.ids, some.inputs.get("image", ()), strict=False):
        if (small := _thumbnail(image)) is not None:
            pictures[name] = small
    slots = [some.inputs[slot] for slot in some.inputs if slot in ("text", "text_pair")]
    texts = {
        name: short(" / ".join(_words(column[place]) for column in slots))
        for place, name in enumerate(some.ids)
        if slots
    }
    return Shown(texts=texts, pictures=pictures)


def short(text: str) -> str:
    """One line, cut where it is longer than a table's cell should be."""
    line = one_line(text)
    return line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT]}…"


def _rows(cell: Cell, split: str) -> "Examples | Why":
    from mmbench.data.identity import data_digest, media_columns
    from mmbench.data.tasks import load_task

    card, record = cell.task, cell.records[0]
    most = MOST_MEDIA if media_columns(card) else MOST_TEXTS
    if sum(facts.examples for facts in record.data) > most:
        return "large"
    try:
        if _bytes_of(card.source) > MOST_BYTES:
            return "large"
        with _no_fetching(card.source):
            found = data_digest(card.source, media_columns=media_columns(card))
            if found != record.trial.digests.get("task"):
                return "gone"
            return load_task(card, limit=record.trial.limit).splits[split]
    except (MmbenchError, OSError, KeyError):
        return "gone"


def _no_fetching(source: DataSource) -> AbstractContextManager[None]:
    if not isinstance(source, HubData | ModelScopeData):
        return nullcontext()  # without importing what asks the hubs
    from mmbench.data.hub import asking_nobody

    return asking_nobody()


def _bytes_of(source: DataSource) -> int:
    """Of local files; what hubs hold is known by its commit."""
    if isinstance(source, HubData | ModelScopeData):
        return 0
    from mmbench.data.sources import locate

    files = (
        file
        for path in locate(source).values()
        for file in (path.rglob("*") if path.is_dir() else [path])
    )
    return sum(file.stat().st_size for file in files if file.is_file())


def _thumbnail(image: object) -> bytes | None:
    """None for what cannot be read: the trial counted it already."""
    from mmbench.data.pictures import UNREADABLE, thumbnail

    try:
        return thumbnail(image, SIDE)  # type: ignore[arg-type]  # the column of a slot `image`
    except UNREADABLE:
        return None


def _words(text: object) -> str:
    if isinstance(text, tuple):  # of a text that is cut into words
        return " ".join(map(str, text))
    return str(text)
