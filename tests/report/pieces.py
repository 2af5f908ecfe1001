"""What every record of the invented sweep is made of.

TEST FIXTURE: every model, number and machine below is invented.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mmbench.digests import digest_of
from mmbench.records import Measurement, Record, Trial
from tests.report import paired_cards
from tests.report.cards import ENVIRONMENT, FINGERPRINT, MODELS, RECIPES, TASKS

ALL_MODELS = {**MODELS, **paired_cards.MODELS}
ALL_TASKS = {**TASKS, **paired_cards.TASKS}
ALL_RECIPES = {**RECIPES, **paired_cards.RECIPES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one cell of the invented sweep reached and took; the first score is that of test."""

    model: str
    task: str
    recipe: str
    reached: Mapping[str, float]
    seeds: tuple[int, ...] = (0,)
    samples_per_second: float = 40.0
    seconds: float = 300.0
    warnings: tuple[str, ...] = ()


def bare_record(cell: Cell, seed: int) -> Record:
    trial = Trial(
        model=ALL_MODELS[cell.model],
        task=ALL_TASKS[cell.task],
        recipe=ALL_RECIPES[cell.recipe],
        seed=seed,
        digests={"model": f"{hash_of(cell.model):064x}", "task": f"{hash_of(cell.task):064x}"},
    )
    return Record(
        key=trial.key,
        trial=trial,
        fingerprint=FINGERPRINT,
        environment=ENVIRONMENT,
        status="ok",
        started_at=f"2026-11-0{1 + seed}T10:00:00+00:00",
        seconds=cell.seconds + 3 * seed,
    )


def never_resolved(record: Record) -> Record:
    """Refused by its card: neither weights nor data were looked at."""
    trial = replace(record.trial, digests={})
    return replace(record, trial=trial, key=trial.key)


def timed(name: str, value: float) -> Measurement:
    return Measurement(
        name=name, unit="samples/s", value=value, low=0.97 * value, high=1.02 * value
    )


def plain(name: str, unit: str, value: float) -> Measurement:
    return Measurement(name=name, unit=unit, value=value)


def hash_of(name: str) -> int:
    """A stand-in for a content digest, the same in every process."""
    return int(digest_of(name), 16)
