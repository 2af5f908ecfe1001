"""What a task's data are, as one string: it changes with their content, not with their place."""

import hashlib
import json
from pathlib import Path

from mmbench.cards import DataSource, HubData
from mmbench.data.columns import media
from mmbench.data.hub import commit_of
from mmbench.data.sources import LocalData, locate
from mmbench.data.tables import Layout, image_files, layout_of, read_table


def data_digest(source: DataSource, *, image_column: str | None = None) -> str:
    """The identity of what `read_parts(source)` reads.

    Hub: the commit, and the subset after it. Otherwise sha256 over part (or label), format and
    content of each file; of an image folder, the names and contents inside. `image_column` is
    the task's: where it holds paths, the images they name count as well.
    """
    if isinstance(source, HubData):
        commit = commit_of(source)
        return commit if source.subset is None else f"{commit}:{source.subset}"
    parts = []
    for part, path in sorted(locate(source).items()):
        layout = layout_of(path, source.format)
        content = _folder_digest(path) if layout == "images" else _file_digest(path)
        parts.append([part, layout, content, _pointed_to(source, path, layout, image_column)])
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _file_digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder_digest(folder: Path) -> list[tuple[str, str]]:
    images, _ = image_files(folder)
    return [(path.relative_to(folder).as_posix(), _file_digest(path)) for _, path in images]


def _pointed_to(
    source: LocalData, path: Path, layout: Layout, column: str | None
) -> list[tuple[str, str]]:
    """Images outside the table that its rows name."""
    if column is None or layout in ("images", "lines"):
        return []
    table = read_table(path, source.format)
    if column not in table.columns:
        return []  # load_task says so, and better
    paths = {image for image in media(table, column) if isinstance(image, Path)}
    return [(p.relative_to(path.parent).as_posix(), _file_digest(p)) for p in sorted(paths)]
