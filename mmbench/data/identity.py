"""What a task's data are, as one string: it changes with their content, not with their place."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmbench.cards import DataSource, FileData, HubData, ModelScopeData, TaskCard
from mmbench.data.archives import beside
from mmbench.data.columns import media
from mmbench.data.hub import identity
from mmbench.data.sources import LocalData, join_of, locate, locate_join
from mmbench.data.tables import Layout, image_files, layout_of, read_table
from mmbench.digests import file_digest


def data_digest(source: DataSource, *, media_columns: Sequence[str] = ()) -> str:
    """The identity of what `read_parts(source)` reads.

    Hub: that of the files which the card names, or the commit; and the subset after it. Otherwise
    sha256 over part (or label), format and content of each file, and the content of one that is
    joined to them; of an image folder, the names and contents inside. `media_columns` are the
    task's: where one holds paths, the files they name count as well.
    """
    if isinstance(source, HubData | ModelScopeData):
        found = identity(source)
        whole = found if source.subset is None else f"{found}:{source.subset}"
        shape = _reshaping(source)
        return f"{whole}:{json.dumps(shape, sort_keys=True)}" if shape else whole
    parts: list[Any] = []
    for part, path in sorted(locate(source).items()):
        layout = layout_of(path, source.format)
        content = _folder_digest(path) if layout == "images" else file_digest(path)
        named = _pointed_to(source, path, layout, media_columns)
        own = [file_digest(file) for file in beside(path, layout) if file.is_file()]
        parts.append([part, layout, content, named, *own])
    join = join_of(source)
    if join is not None:  # on which column is the card's to say, and so in the key already
        parts.append({"join": file_digest(locate_join(join))})
    if isinstance(source, FileData) and (shape := _reshaping(source)):
        parts.append(shape)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _reshaping(source: HubData | ModelScopeData | FileData) -> dict[str, Any]:
    """What the card has made of the rows; nothing where it takes them as they are."""
    told = {"unfold": source.unfold, "glue": dict(source.glue)}
    return {name: value for name, value in told.items() if value}


def media_columns(task: TaskCard) -> tuple[str, ...]:
    """Those that may hold paths."""
    return tuple(column for slot, column in task.inputs.items() if slot in ("image", "audio"))


def _folder_digest(folder: Path) -> list[tuple[str, str]]:
    images, _ = image_files(folder)
    return [(path.relative_to(folder).as_posix(), file_digest(path)) for _, path in images]


def _pointed_to(
    source: LocalData, path: Path, layout: Layout, columns: Sequence[str]
) -> list[tuple[str, str]]:
    """Files outside the table that its rows name."""
    if not columns or layout in ("images", "lines"):
        return []
    table = read_table(path, source.format)
    known = [column for column in columns if column in table.columns]  # else load_task says so
    named = {file for column in known for file in media(table, column)}
    paths = {file for file in named if isinstance(file, Path)}
    folder = table.folder or path.parent
    return [(p.relative_to(folder).as_posix(), file_digest(p)) for p in sorted(paths)]
