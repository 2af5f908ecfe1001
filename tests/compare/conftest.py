"""Small records by hand: one task, one metric, numbers chosen for what they must show."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from mmbench.cards import HubModel, ModelCard, RandomModel, Recipe, TaskCard, TextRules
from mmbench.cards.recipe import Strategy
from mmbench.cards.sources import BundledData
from mmbench.cards.task import Target
from mmbench.fingerprint import Environment, Fingerprint
from mmbench.kinds import KINDS
from mmbench.records import GridPoint, Measurement, Record, Score, SplitFacts, Stage, Status, Trial

Reached = tuple[float, float | None, float | None]
MakeRecord = Callable[..., Record]

FINGERPRINT = Fingerprint(
    behaviour=1,
    code="0.1.0",
    device="cpu",
    device_name="Test CPU",
    precision="fp32",
    threads=2,
    libraries={"torch": "2.11.0"},
)
ENVIRONMENT = Environment(
    platform="Linux x86_64",
    python="3.11.9",
    cpu="Test CPU",
    cores=2,
    memory_bytes=8 * 2**30,
    gpu=None,
    gpu_memory_bytes=None,
    load_at_start=0.1,
    load_at_end=1.9,
    other_cores_busy=0.0,
)


def task_card(metric: str = "accuracy") -> TaskCard:
    """Of the kind that the metric belongs to."""
    if metric in KINDS["retrieval"].metrics:
        return TaskCard(
            name="fixture-retrieval",
            version=1,
            kind="retrieval",
            languages=("en",),
            inputs={"image": "image", "text": "text"},
            target=Target(column="key"),
            source=BundledData(via="bundled", files={"all": "fixture.parquet"}),
            metrics=(metric,),
        )
    return TaskCard(
        name="fixture-task",
        version=1,
        kind="classification",
        languages=("en",),
        inputs={"text": "text"},
        target=Target(column="label"),
        source=BundledData(via="bundled", files={"all": "fixture.csv"}),
        metrics=(metric,),
    )


def model_card(name: str, *, scratch: bool = False) -> ModelCard:
    return ModelCard(
        name=name,
        family="fixture",
        languages=("en",),
        modalities=("text",),
        adapter="text",
        library="transformers",
        source=RandomModel(via="random") if scratch else HubModel(via="hub", repo="fixture/it"),
        gives=("pooled",),
        text=TextRules(max_tokens=128, pooling="mean"),
    )


def recipe_card(name: str, strategy: Strategy) -> Recipe:
    if strategy == "zero_shot":
        return Recipe(name=name, strategy=strategy)
    return Recipe(name=name, strategy=strategy, learning_rates=(1e-4,), epochs=1)


@pytest.fixture(name="fingerprint")
def fixture_fingerprint() -> Fingerprint:
    return FINGERPRINT


@pytest.fixture(name="make_record")
def fixture_make_record() -> MakeRecord:
    return make_record


def make_record(
    model: str = "a",
    *,
    strategy: Strategy = "full",
    seed: int = 0,
    test: Reached | None = (0.8, 0.75, 0.85),
    majority: Reached | None = (0.5, 0.45, 0.55),
    chance: float | None = None,
    before: float | None = None,
    metric: str = "accuracy",
    status: Status = "ok",
    scratch: bool = False,
    fingerprint: Fingerprint = FINGERPRINT,
    limit: int | None = None,
    data: str = "d1",
    splits: Mapping[str, Reached] | None = None,
    measurements: tuple[Measurement, ...] = (),
    grid: tuple[GridPoint, ...] = (),
    facts: tuple[SplitFacts, ...] = (),
    started_at: str = "2026-11-01T10:00:00+00:00",
) -> Record:
    """A record whose `after` on test is `test`: value, low, high. `chance` and `before` are scores
    on test without an interval; the kind of the task follows from the metric."""
    trial = Trial(
        model=model_card(model, scratch=scratch),
        task=task_card(metric),
        recipe=recipe_card(strategy, strategy),
        seed=seed,
        limit=limit,
        digests={"model": "m1", "task": data},
    )
    stage: Stage = "before" if strategy == "zero_shot" else "after"
    reached: dict[tuple[Stage, str], Reached | None]
    reached = {(stage, "test"): test, ("majority", "test"): majority}
    plain: dict[Stage, float | None] = {"chance": chance, "before": before}
    for other, value in plain.items():
        if value is not None:
            reached[other, "test"] = (value, None, None)
    reached |= {(stage, split): value for split, value in (splits or {}).items()}
    record = Record(
        key=trial.key,
        trial=trial,
        fingerprint=fingerprint,
        environment=ENVIRONMENT,
        status=status,
        started_at=started_at,
        seconds=60.0,
        measurements=measurements,
        grid=grid,
        data=facts,
    )
    if status != "ok":
        return record
    return replace(
        record,
        scores=tuple(
            Score(
                stage=stage_,
                split=split,
                metric=metric,
                value=found[0],
                low=found[1],
                high=found[2],
                count=200,
            )
            for (stage_, split), found in reached.items()
            if found is not None
        ),
    )
