"""The task card: what is asked, of which data, and how it is scored."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mmbench.cards.model import Slot
from mmbench.cards.names import check_name
from mmbench.cards.sources import DataSource
from mmbench.errors import CardError

Scalar = str | int | float | bool
Normalisation = Literal["nfkc", "lower", "punctuation", "spaces"]
"""A step that makes texts comparable before they are scored; `metrics.normalise` says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A class: its value in the data, and its name for people by language."""

    value: str | int
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPart:
    """One of several targets. weight: of its loss in the sum."""

    column: str
    labels: tuple[Label, ...] | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.weight < math.inf:
            raise CardError(f"weight is {self.weight}; it must lie above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be predicted. Labels left out are those of the training split, sorted.

    separator: between the labels of a cell that is a text, where a row has several; a cell that is
    a list needs none. normalise: what is done to reference and answer, where targets are texts,
    before they are compared. parts: several targets at once, in place of `column` and `labels`.
    """

    column: str | None = None
    labels: tuple[Label, ...] | None = None
    separator: str | None = None
    normalise: tuple[Normalisation, ...] = ()
    parts: Mapping[str, TargetPart] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.column is None) != bool(self.parts):
            raise CardError("target names either a column, or parts with a column each")
        if self.parts and (self.labels or self.separator or self.normalise):
            raise CardError("target.labels, separator and normalise do not go with parts")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRule:
    """One split: rows of a part that pass `where`, or a cut from another split.

    `part` may be left out if the source has one part only. `where` maps a column to the values
    that are kept. `cut_from` + `fraction` takes that share out of the named split, by a stable
    hash of the rows (of the group, if the card names one, or of the key, where targets are keys),
    stratified by label otherwise.
    """

    part: str | None = None
    where: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)
    cut_from: str | None = None
    fraction: float | None = None

    def __post_init__(self) -> None:
        if (self.cut_from is None) != (self.fraction is None):
            raise CardError("cut_from and fraction go together")
        if self.cut_from is not None and (self.part is not None or self.where):
            raise CardError("a split is either cut_from another or has part/where, not both")
        if self.fraction is not None and not 0 < self.fraction < 1:
            raise CardError(f"fraction is {self.fraction}; it lies between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCard:
    """A task: its kind, the columns that are input and target, its splits and its metrics.

    The first metric is primary. `version` rises when the meaning of a score changes. Without
    `splits`, parts named train / validation / test are used, and what is missing is cut from
    train (20 % test, 10 % validation). Tasks of one `parallel` hold the same content in different
    languages. `unit`: of the number that is to be predicted, by language.
    """

    name: str
    version: int
    kind: str
    languages: tuple[str, ...]
    inputs: Mapping[Slot, str]
    target: Target
    source: DataSource
    metrics: tuple[str, ...]
    description: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[str, SplitRule] = field(default_factory=dict)
    group: str | None = None
    group_exempt: tuple[str, ...] = ()
    unique: bool = False
    prompts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parallel: str | None = None
    unit: Mapping[str, str] = field(default_factory=dict)
    licence: str | None = None
    citation: str | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        if not self.inputs:
            raise CardError("inputs names no column; e.g. inputs: {text: review}")
        if self.unit and self.kind != "regression":
            raise CardError(f"unit is of a number; the targets of {self.kind} are none")
        if not self.metrics:
            raise CardError("metrics is empty; the first one is primary")
        if self.splits and "train" not in self.splits:
            raise CardError("splits has no 'train'")
        for name, rule in self.splits.items():
            if rule.cut_from is not None and rule.cut_from not in self.splits:
                raise CardError(f"splits.{name} is cut from {rule.cut_from!r}, which is absent")
        if self.group_exempt and self.group is None:
            raise CardError("group_exempt needs group")
        for name in self.group_exempt:
            if name not in self.splits:
                raise CardError(f"group_exempt names {name!r}, which is no split")

    @property
    def target_columns(self) -> Mapping[str, str]:
        """Field of the card → the column that it names."""
        if self.target.column is not None:
            return {"target.column": self.target.column}
        return {f"target.parts.{name}.column": p.column for name, p in self.target.parts.items()}

    @property
    def primary(self) -> str:
        return self.metrics[0]
