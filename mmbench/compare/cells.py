"""Cells: the trials that differ only by seed, brought together without mixing what differs.

Three things must agree before numbers meet, each for its own purpose:

- a *cell* shares everything but the seed, and the whole fingerprint: its seeds are averaged;
- a *basis* is the examples and the meaning of a score: cells of one basis compare in quality;
- a *setup* is the machine, the libraries and our behaviour: cells of one setup compare in speed.
"""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from mmbench.cards import ModelCard, Recipe, Side, TaskCard
from mmbench.compare.seeds import over_seeds, within
from mmbench.digests import digest_of
from mmbench.fingerprint import Fingerprint
from mmbench.kinds import kind
from mmbench.metrics.table import metric
from mmbench.records import Measurement, Record, Score, Stage, Trial

Mark = Literal["pretrained", "scratch"]
Scored = tuple[Stage, str, str]
"""Stage, split and metric."""
Ends = tuple[float | None, float | None, float | None]
"""A value with its interval."""
NOTHING: Ends = (None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value over seeds: their mean, and its 95 % interval.

    With one seed this is the record's own interval, of a score over the test examples alone. With
    several, that of a score accounts for seeds and examples (`seeds.over_seeds`), and that of a
    measurement is the envelope of the seeds' own: what a machine does between two trials is drift,
    and no draw from a distribution. `low` and `high` are None if any seed lacks them. `values`:
    one for each seed, in the order of the seeds; `count`: the examples.
    """

    value: float
    low: float | None
    high: float | None
    values: tuple[float, ...]
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What cells must share to be compared in quality.

    `data`: digest of the task's files, None if it was never had; `rules`: digest of all that the
    task's card says about examples and scores.
    """

    task: str
    version: int
    limit: int | None
    data: str | None
    behaviour: int
    rules: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The finished trials of one model × task × recipe on one fingerprint, in seed order.

    `unfinished`: the seeds of the same cell that failed. A mean over the seeds that survived is
    not the mean of the recipe, so such a cell is shown but never called best.
    """

    records: tuple[Record, ...]
    unfinished: tuple[int, ...] = ()
    _known: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Digests that are asked for in every table, once they are known."""

    @property
    def model(self) -> ModelCard:
        return self.records[0].trial.model

    @property
    def task(self) -> TaskCard:
        return self.records[0].trial.task

    @property
    def recipe(self) -> Recipe:
        return self.records[0].trial.recipe

    @property
    def mark(self) -> Mark:
        return self.model.start

    @property
    def fingerprint(self) -> Fingerprint:
        return self.records[0].fingerprint

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(record.trial.seed for record in self.records)

    @property
    def basis(self) -> Basis:
        found: Basis = self._once("basis", lambda: basis_of(self.records[0]))
        return found

    @property
    def setup(self) -> str:
        found: str = self._once("setup", lambda: setup_of(self.fingerprint))
        return found

    @property
    def identity(self) -> str:
        """Tells apart cells that look the same by name: by their keys and where they ran."""
        first = self.records[0]
        found: str = self._once("identity", lambda: digest_of([first.key, self.fingerprint.digest]))
        return found

    def _once(self, name: Hashable, work_out: Callable[[], Any]) -> Any:
        if name not in self._known:
            self._known[name] = work_out()
        return self._known[name]

    def score(self, stage: Stage, split: str, metric: str) -> Estimate | None:
        """The metric on the split over the seeds; None if a seed has no value."""
        known: Mapping[Scored, Estimate] = self._once(
            "scores", lambda: _estimates([record.scores for record in self.records])
        )
        return known.get((stage, split, metric))

    def outcome(self, split: str, metric: str) -> Estimate | None:
        """The score to compare by: after fine-tuning, or the only one of a zero-shot trial."""
        stage: Stage = "before" if self.recipe.strategy == "zero_shot" else "after"
        return self.score(stage, split, metric)

    def baseline(self, split: str, metric: str) -> Estimate | None:
        """What a model must beat on the split: the score of the majority class, or of chance."""
        return self.score(kind(self.task.kind).baseline, split, metric)

    def part(self, name: str, stage: Stage, split: str, metric: str) -> Estimate | None:
        """The metric of one of several targets."""
        found = _estimates([record.parts.get(name, ()) for record in self.records])
        return found.get((stage, split, metric))

    def without(self, side: Side, split: str, metric: str) -> Estimate | None:
        """The metric after fine-tuning with one input of a fused model taken away."""
        found = _estimates([record.without.get(side, ()) for record in self.records])
        return found.get(("after", split, metric))

    def measured(self, name: str) -> Estimate | None:
        """A measurement over the seeds, in its own unit; None if a seed has no value."""
        first, *others = self.records
        place = next((i for i, m in enumerate(first.measurements) if m.name == name), None)
        if place is None:
            return None
        found = [first.measurements[place], *(_same(other, place, name) for other in others)]
        return _envelope([(m.value, m.low, m.high) if m else NOTHING for m in found])

    def each(self, quantity: Callable[[Record], float | None]) -> Estimate | None:
        """Any quantity of a record over the seeds, without an interval."""
        values = [quantity(record) for record in self.records]
        return _envelope([(value, None, None) for value in values])


def cells(records: Sequence[Record]) -> list[Cell]:
    """The finished trials as cells, in the order of their first record.

    Of repeats of one trial on one fingerprint only the last counts: a repeat is not a seed.
    """
    finished: dict[str, dict[int, Record]] = {}
    failed: dict[str, set[int]] = {}
    keys = _Keys()
    for record in sorted(records, key=lambda record: record.started_at):
        if record.status == "ok":
            finished.setdefault(keys.cell(record), {})[record.trial.seed] = record
        elif record.status == "failed":
            failed.setdefault(_name_key(record), set()).add(record.trial.seed)
    found = []
    for seeds in finished.values():
        in_order = tuple(seeds[seed] for seed in sorted(seeds))
        lost = failed.get(_name_key(in_order[0]), set()) - set(seeds)
        found.append(Cell(records=in_order, unfinished=tuple(sorted(lost))))
    return found


def by_basis(found: Sequence[Cell]) -> dict[Basis, list[Cell]]:
    """The cells that may be compared in quality, together; tasks in alphabetical order."""
    groups: dict[Basis, list[Cell]] = {}
    for cell in found:
        groups.setdefault(cell.basis, []).append(cell)
    return dict(sorted(groups.items(), key=lambda item: (item[0].task, item[0].version)))


def basis_of(record: Record) -> Basis:
    trial = record.trial
    return Basis(
        task=trial.task.name,
        version=trial.task.version,
        limit=trial.limit,
        data=trial.digests.get("task"),
        behaviour=record.fingerprint.behaviour,
        rules=digest_of(trial.task_behaviour),
    )


def setup_of(fingerprint: Fingerprint) -> str:
    """A digest of the fingerprint without the precision, which the recipe sets."""
    return replace(fingerprint, precision="").digest


class _Keys:
    """Of cells. A trial that equals one before it, but for the seed, has its key: to compare two
    takes a fiftieth of the time of a hash."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], list[tuple[Trial, str]]] = {}

    def cell(self, record: Record) -> str:
        trial = replace(record.trial, seed=0)
        known = self._known.setdefault(trial.cell, [])
        key = next((key for other, key in known if other == trial), None)
        if key is None:
            key = trial.key
            known.append((trial, key))
        return digest_of([*trial.cell, key, record.fingerprint.digest])


def _name_key(record: Record) -> str:
    """As `_Keys.cell`, but for a trial that may have failed before its data were hashed."""
    trial = record.trial
    return digest_of([*trial.cell, trial.limit, record.fingerprint.digest])


def _estimates(seeds: Sequence[Sequence[Score]]) -> dict[Scored, Estimate]:
    """Of every score that all seeds have, at once: numpy takes as long for one as for them all."""
    by_seed = [{(s.stage, s.split, s.metric): s for s in reversed(scores)} for scores in seeds]
    found: dict[Scored, Estimate] = {}
    several: dict[int, list[Scored]] = {}
    for what, first in by_seed[0].items():
        scores = [known.get(what) for known in by_seed]
        own = _envelope([(s.value, s.low, s.high) if s else NOTHING for s in scores], first.count)
        if own is None:
            continue
        found[what] = own
        if own.low is not None and len(scores) > 1:
            several.setdefault(first.count, []).append(what)
    for count, those in several.items():
        values, lows, highs = (
            [[getattr(known[what], end) for known in by_seed] for what in those]
            for end in ("value", "low", "high")
        )
        ends = over_seeds(values, lows, highs, examples=count)
        for what, *reached in zip(those, *(end.tolist() for end in ends), strict=True):
            low, high = within((reached[0], reached[1]), metric(what[2]).range)
            found[what] = replace(found[what], low=low, high=high)
    return found


def _same(record: Record, place: int, name: str) -> Measurement | None:
    """The record's measurement of that name: most often where an equal trial's stands."""
    if place < len(record.measurements) and record.measurements[place].name == name:
        return record.measurements[place]
    return record.measurement(name)


def _envelope(found: Sequence[Ends], count: int | None = None) -> Estimate | None:
    """The mean, and the widest of the seeds' own intervals; None if one has no value."""
    values, lows, highs = (
        [end for end in ends if end is not None] for ends in zip(*found, strict=True)
    )
    if len(values) < len(found):
        return None
    whole = len(lows) == len(highs) == len(found)
    return Estimate(
        value=math.fsum(values) / len(values),
        low=min(lows) if whole else None,
        high=max(highs) if whole else None,
        values=tuple(values),
        count=count,
    )
