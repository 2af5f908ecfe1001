"""What a report is made from, worked out once: records, cells, verdicts, setups."""

import string
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mmbench.compare.cells import Basis, Cell, Estimate, by_basis, cells, setup_of
from mmbench.compare.checks import Verdict, goodness, main_split, separable, splits_scored
from mmbench.compare.versus import Against, against
from mmbench.digests import digest_of
from mmbench.errors import StoreError
from mmbench.kinds import Kind, kind
from mmbench.records import Record, Status
from mmbench.store import Stored, latest

if TYPE_CHECKING:
    from mmbench.compare.remembered import Remembered

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Records whose speeds compare: the same device, threads, libraries and behaviour."""

    letter: str
    key: str
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFindings:
    """One task on one basis. `cells` are in descending order of the outcome on `main`.

    main: the test split that the summary speaks of, None without one. splits: in print order.
    """

    basis: Basis
    title: str
    cells: tuple[Cell, ...]
    splits: tuple[str, ...]
    main: str | None
    verdict: Verdict | None

    @property
    def primary(self) -> str:
        return self.cells[0].task.primary

    @property
    def kind(self) -> Kind:
        return kind(self.cells[0].task.kind)

    @property
    def tests(self) -> tuple[str, ...]:
        """The test splits, in print order."""
        return tuple(name for name in self.splits if name.startswith("test"))

    def baseline(self, split: str, metric: str) -> Estimate | None:
        """What every model must beat. It follows from the data, so any cell of the basis knows."""
        return next(filter(None, (cell.baseline(split, metric) for cell in self.cells)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """`ambiguous`: cells whose model, recipe and setup another cell of the task shares by name.

    `searches`: records of trials that looked for a setting; they are no cells, and in no table but
    their own."""

    records: tuple[Record, ...]
    cells: tuple[Cell, ...]
    tasks: tuple[TaskFindings, ...]
    setups: tuple[Setup, ...]
    ambiguous: frozenset[str]
    searches: tuple[Record, ...] = ()
    folders: Mapping[int, Path] = field(default_factory=dict, repr=False, compare=False)
    """Where the files beside a record lie, by the identity of the record."""
    remembered: "Remembered | None" = field(default=None, repr=False, compare=False)
    _known: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, key: Hashable, work_out: Callable[[], T]) -> T:
        """What is the same in every language, worked out for the first."""
        if key not in self._known:
            self._known[key] = work_out()
        found: T = self._known[key]
        return found

    def stored(self, record: Record) -> Stored:
        return Stored(self.folders[id(record)], record)

    @property
    def scored(self) -> list[tuple[tuple[Cell, ...], str]]:
        """Of each task with a main split its cells and that split."""
        return [(task.cells, task.main) for task in self.tasks if task.main is not None]

    def against(self, first: Cell, second: Cell, split: str) -> Against | None:
        """As `versus.against`; None too for answers that changed since, which are named where the
        best of the task are compared."""
        try:
            return against(first, second, split, self.stored, self.remembered)
        except StoreError:
            return None

    def with_status(self, status: Status) -> tuple[Record, ...]:
        return tuple(record for record in self.records if record.status == status)

    def letter(self, key: str) -> str | None:
        """The letter of a setup; None for one where nothing was measured."""
        return next((setup.letter for setup in self.setups if setup.key == key), None)


def findings(stored: Sequence[Stored], remembered: "Remembered | None" = None) -> Findings:
    """Work out what the records say; of repeats of a trial on one fingerprint the last counts.

    remembered: where paired statistics are kept from report to report. StoreError if there is no
    record at all.
    """
    if not stored:
        raise StoreError(
            "there is no record to report on; run a suite first (mmbench run SUITE), or name the "
            "folder that its results were written to"
        )
    # In the order of their start, and by name where that is equal: the order of the files that
    # the records were read from must not show in the report.
    kept = latest(list(stored))
    everything = sorted((item.record for item in kept), key=_order)
    records = tuple(record for record in everything if not record.trial.search)
    found = cells(records)
    return Findings(
        records=records,
        cells=tuple(found),
        tasks=_tasks(found),
        setups=_setups(records),
        ambiguous=_ambiguous(found),
        searches=tuple(record for record in everything if record.trial.search),
        folders={id(item.record): item.folder for item in kept},
        remembered=remembered,
    )


def _order(record: Record) -> tuple[str, str, str]:
    return record.started_at, record.trial.name, record.fingerprint.digest


def _tasks(found: Sequence[Cell]) -> tuple[TaskFindings, ...]:
    groups = by_basis(found)
    names = Counter(basis.task for basis in groups)
    return tuple(_task(basis, group, names[basis.task] > 1) for basis, group in groups.items())


def _task(basis: Basis, group: Sequence[Cell], several: bool) -> TaskFindings:
    splits = splits_scored([record for cell in group for record in cell.records])
    main = main_split(splits)
    title = basis.task
    if several:  # the same task with other data, limits or rules: never in one table
        limit = "" if basis.limit is None else f", limit {basis.limit}"
        title = f"{basis.task} (v{basis.version}{limit}, {digest_of(_plain(basis))[:6]})"
    return TaskFindings(
        basis=basis,
        title=title,
        cells=tuple(_in_order(group, main)),
        splits=tuple(splits),
        main=main,
        verdict=None if main is None else separable(group, group[0].task, main),
    )


def _in_order(group: Sequence[Cell], main: str | None) -> list[Cell]:
    """Best first; cells without an outcome last; ties by name."""

    def place(cell: Cell) -> tuple[bool, float, str, str]:
        outcome = None if main is None else cell.outcome(main, cell.task.primary)
        value = 0.0 if outcome is None else -goodness(outcome.value, cell.task.primary)
        return outcome is None, value, cell.model.name, cell.recipe.name

    return sorted(group, key=place)


def _plain(basis: Basis) -> list[object]:
    return [basis.version, basis.limit, basis.data, basis.behaviour, basis.rules]


def _setups(records: Sequence[Record]) -> tuple[Setup, ...]:
    """In the order of their first record; refusals measured nothing, so they add no setup."""
    measured = [r for r in records if r.status == "ok"] or records
    groups: dict[str, list[Record]] = {}
    for record in measured:
        groups.setdefault(setup_of(record.fingerprint), []).append(record)
    return tuple(
        Setup(letter=_letter(place), key=key, records=tuple(group))
        for place, (key, group) in enumerate(groups.items())
    )


def _letter(place: int) -> str:
    """A … Z, then A1 … Z1 and so on."""
    turns, letter = divmod(place, 26)
    return string.ascii_uppercase[letter] + (str(turns) if turns else "")


def _ambiguous(found: Sequence[Cell]) -> frozenset[str]:
    looks: dict[tuple[object, ...], list[Cell]] = {}
    for cell in found:
        look = (cell.basis, cell.model.name, cell.recipe.name, cell.setup)
        looks.setdefault(look, []).append(cell)
    return frozenset(c.identity for same in looks.values() if len(same) > 1 for c in same)
