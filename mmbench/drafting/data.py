"""Data that a task card is drafted of: a table, a folder of images, or a data set on the hub."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmbench.cards import HubData
from mmbench.data.columns import is_hidden
from mmbench.data.splits import USUAL_CUTS, USUAL_PARTS
from mmbench.data.tables import SUFFIXES, Table, layout_of, read_table
from mmbench.drafting.places import REPOSITORY
from mmbench.errors import DataError, did_you_mean

LOOKED_AT = 5_000  # rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """where: as errors call it. called: its last name, for the card's. source: the card's field of
    that name. parts: by name, each with a row or more."""

    where: str
    called: str
    source: Mapping[str, Any]
    parts: Mapping[str, Table]

    @property
    def main(self) -> str:
        """The part to learn from: `train`, or the largest."""
        if "train" in self.parts:
            return "train"
        return max(self.parts, key=lambda part: len(self.parts[part]))

    def columns(self) -> dict[str, list[Any]]:
        """Of some rows of the main part."""
        table = self.parts[self.main]
        rows = _looked_at(len(table))
        return {column: table.at(column, rows) for column in table.columns}

    def require(self, name: str, flag: str) -> str:
        """A column that is there; DataError otherwise."""
        columns = self.parts[self.main].columns
        if name not in columns:
            near = did_you_mean(name, columns) or f" (it has {', '.join(columns)})"
            raise DataError(f"{self.where}: {flag} {name}: no such column{near}")
        return name

    def labelled(self, goal: str) -> "Data":
        """Without the parts whose targets are kept secret; DataError if all are."""
        known = {p: t for p, t in self.parts.items() if not _is_secret(t, goal)}
        if not known:
            raise DataError(f"{self.where}: no row has a value in column {goal!r}; say --target")
        return replace(self, parts=known)


def data_at(source: str | Path, subset: str | None = None) -> Data:
    """What a path or OWNER/NAME stands for. DataError if it is neither, or holds no rows."""
    path = Path(source).expanduser()
    if path.exists():
        if subset is not None:
            raise DataError(f"--subset {subset} goes with a data set of the hub, not with {source}")
        return _local(path)
    if path.suffix in SUFFIXES or not REPOSITORY.fullmatch(str(source)):
        raise DataError(
            f"{source}: no such file or folder, and no name of a data set on the hub (owner/name)"
        )
    return _on_the_hub(str(source), subset)


def splits_of(data: Data, goal: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The card's splits, {} where the usual ones are taken; and what is to be said of them."""
    known = data.labelled(goal)
    if known.parts.keys() == data.parts.keys() and ("train" in data.parts or len(data.parts) == 1):
        return {}, ()
    splits: dict[str, Any] = {"train": {"part": known.main}}
    rest = [part for part in known.parts if part != known.main]
    for name in ("test", "validation"):  # a part with labels is worth most as the test
        usual = [part for part in USUAL_PARTS[name] if part in rest]
        part = next(iter([*usual, *rest] if name == "test" else usual), None)
        if part is None:
            splits[name] = {"cut_from": "train", "fraction": USUAL_CUTS[name]}
        else:
            splits[name] = {"part": part}
            rest.remove(part)
    secret = [part for part in data.parts if part not in known.parts]
    why = f", since no row of {' and '.join(secret)} has a label" if secret else ""
    told = ", ".join(f"{name} is {_shown(rule)}" for name, rule in splits.items())
    return splits, (f"splits: {told}{why}",)


def _looked_at(count: int) -> list[int]:
    """Rows side by side, where groups show, and others at even distances, where classes do: many
    data sets are in the order of their labels."""
    beside = min(count, LOOKED_AT // 2)
    rest = range(beside, count)
    step = max(1, math.ceil(len(rest) / (LOOKED_AT - beside)))
    return [*range(beside), *rest[::step]]


def _shown(rule: Mapping[str, Any]) -> str:
    return f"part {rule['part']!r}" if "part" in rule else f"{rule['fraction']:.0%} of train"


def _is_secret(table: Table, goal: str) -> bool:
    return goal not in table.columns or all(is_hidden(value) for value in table.values(goal))


def _local(path: Path) -> Data:
    table = read_table(path, None)
    if not len(table):
        raise DataError(f"{path}: no rows")
    source: dict[str, Any] = {"via": "files", "files": {"all": str(path.resolve())}}
    if layout_of(path, None) == "images":
        source["format"] = "images"
    return Data(where=str(path), called=path.stem, source=source, parts={"all": table})


def _on_the_hub(repo: str, subset: str | None) -> Data:
    """At the commit of today, which the card names."""
    from mmbench.data.hub import commit_of, read_hub

    asked = HubData(via="hub", repo=repo, subset=subset)
    pinned = replace(asked, revision=commit_of(asked))
    parts = {part: table for part, table in read_hub(pinned).items() if len(table)}
    if not parts:
        raise DataError(f"{repo}: no rows")
    source = {"via": "hub", "repo": repo, "subset": subset, "revision": pinned.revision}
    return Data(
        where=repo,
        called=repo.partition("/")[2],
        source={name: value for name, value in source.items() if value is not None},
        parts=parts,
    )
