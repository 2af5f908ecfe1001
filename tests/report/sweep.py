"""A small sweep by hand: texts, images and both, several seeds, a failure and a refusal.

TEST FIXTURE: every model, number and machine below is invented. The numbers are of a realistic
size, so that the report made from them reads like a real one; none was ever measured.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from mmbench.metrics.intervals import wilson
from mmbench.records import (
    ClassScore,
    Failure,
    GridPoint,
    Measurement,
    Record,
    Score,
    SplitFacts,
    Stage,
)
from mmbench.report.document import Lang
from mmbench.store import Stored
from tests.report.cards import (
    CLASSES,
    MODELS,
    NOT_APPLICABLE,
    RECIPES,
    ROWS,
    TASKS,
)
from tests.report.paired_sweep import paired_sweep
from tests.report.pieces import Cell, bare_record, never_resolved, plain, timed

StoreAll = Callable[[list[Record]], list[Stored]]
LANGS: tuple[Lang, ...] = ("en", "zh")


def _reviews(train: float, validation: float, test: float) -> dict[str, float]:
    return {"train": train, "validation": validation, "test": test}


def _emoji(
    train: float, validation: float, test: float, shift: float, unseen: float
) -> dict[str, float]:
    tests = {"test": test, "test_shift": shift, "test_unseen": unseen}
    return {"train": train, "validation": validation, **tests}


SWEEP = (
    Cell(
        model="fixture-bert-zh", task="fixture-reviews", recipe="full", seeds=(0, 1, 2),
        reached=_reviews(0.985, 0.925, 0.921), samples_per_second=12.4, seconds=4180.0,
    ),
    Cell(
        model="fixture-bert-zh", task="fixture-reviews", recipe="probe", seeds=(0, 1, 2),
        reached=_reviews(0.882, 0.868, 0.861), samples_per_second=52000.0, seconds=96.0,
    ),
    Cell(
        model="fixture-minilm-en", task="fixture-reviews", recipe="full", seeds=(0, 1, 2),
        reached=_reviews(0.861, 0.668, 0.652), samples_per_second=61.0, seconds=905.0,
    ),
    Cell(
        model="fixture-minilm-en", task="fixture-reviews", recipe="probe", seeds=(0, 1, 2),
        reached=_reviews(0.701, 0.689, 0.684), samples_per_second=71000.0, seconds=31.0,
    ),
    Cell(
        model="fixture-bert-scratch", task="fixture-reviews", recipe="full", seeds=(0, 1, 2),
        reached=_reviews(0.994, 0.812, 0.805), samples_per_second=210.0, seconds=262.0,
    ),
    Cell(
        model="fixture-effnet", task="fixture-emoji", recipe="full",
        reached=_emoji(0.999, 0.955, 0.951, 0.884, 0.779), samples_per_second=29.0, seconds=1490.0,
    ),
    Cell(
        model="fixture-effnet", task="fixture-emoji", recipe="probe",
        reached=_emoji(0.952, 0.909, 0.905, 0.871, 0.762), samples_per_second=83000.0,
        seconds=44.0,
    ),
    Cell(
        model="fixture-vit-zh", task="fixture-emoji", recipe="full",
        reached=_emoji(1.0, 0.952, 0.947, 0.861, 0.742), samples_per_second=21.0, seconds=2010.0,
        warnings=("other processes kept 0.4 of 2 cores busy: do not compare the speeds; run it "
                  "again alone",),
    ),
    Cell(
        model="fixture-effnet-scratch", task="fixture-emoji", recipe="full",
        reached=_emoji(0.31, 0.168, 0.159, 0.171, 0.150), samples_per_second=29.5, seconds=1466.0,
    ),
)  # fmt: skip


def sweep() -> list[Record]:
    """The records of the whole invented sweep."""
    records = [make_record(cell, seed) for cell in SWEEP for seed in cell.seeds]
    records += paired_sweep()
    failed = Cell(model="fixture-vit-zh", task="fixture-emoji", recipe="probe", reached={})
    refused = Cell(model="fixture-effnet", task="fixture-reviews", recipe="full", reached={})
    return [
        *records,
        replace(
            bare_record(failed, 0),
            status="failed",
            seconds=12.5,
            failure=Failure(
                kind="TrialError",
                message="the training loss was nan at step 41; lower the learning rate, raise "
                "warmup, or set clip_norm",
                traceback="Traceback (most recent call last):\n  SECRET-LOOKING-LINE",
            ),
        ),
        replace(
            never_resolved(bare_record(refused, 0)),
            status="refused",
            seconds=0.0,
            failure=Failure(
                kind="refused",
                message="the task's input is text; fixture-effnet reads image",
                traceback="",
            ),
        ),
    ]


def make_record(cell: Cell, seed: int = 0) -> Record:
    """A finished record; seeds differ by a few tenths of a percent."""
    shift = (0.0, -0.006, 0.004)[seed % 3]
    labels = CLASSES[cell.task]
    reached = {split: min(1.0, value + shift) for split, value in cell.reached.items()}
    return replace(
        bare_record(cell, seed),
        labels=labels,
        scores=tuple(_scores(cell, reached)),
        classes=tuple(
            ClassScore(split="test", label=label, precision=f1, recall=f1, f1=f1, support=100 + i)
            for i, label in enumerate(labels)
            for f1 in [reached["test"] - 0.01 * i]
        ),
        measurements=tuple(_measurements(cell, seed)),
        grid=_grid(cell, reached["validation"]),
        data=tuple(_facts(cell)),
        dropped={"duplicates": 17} if cell.task == "fixture-reviews" else {},
        warnings=cell.warnings,
    )


def _scores(cell: Cell, reached: Mapping[str, float]) -> list[Score]:
    task = TASKS[cell.task]
    majority = 0.512 if cell.task == "fixture-reviews" else 0.182
    found = []
    for split, value in reached.items():
        count = min(2000, ROWS[cell.task][split])
        found.append(
            Score(stage="before", split=split, metric=task.primary, value=None, count=count,
                  note=NOT_APPLICABLE)
        )  # fmt: skip
        for metric in task.metrics:
            found.append(_score("majority", split, metric, majority, count))
            found.append(_score("after", split, metric, value, count))
    return found


def _score(stage: Stage, split: str, metric: str, value: float, count: int) -> Score:
    interval = wilson(round(value * count), count)
    method = interval.method
    if metric != "accuracy":
        method = "bootstrap over examples, 2000 resamples"
    return Score(
        stage=stage, split=split, metric=metric, value=value, count=count,
        low=interval.low, high=interval.high, interval=method,
    )  # fmt: skip


def _measurements(cell: Cell, seed: int) -> list[Measurement]:
    rate = cell.samples_per_second * (1 + 0.01 * seed)
    probe, text = cell.recipe == "probe", "image" not in MODELS[cell.model].modalities
    parameters = float(MODELS[cell.model].parameters or 0)
    found = [
        timed("inference_samples_per_second", 130.0),
        plain("data_wait_share", "1", 0.004),
        plain("transfer_share", "1", 0.0),
        plain("train_seconds", "s", 0.3 * cell.seconds),
        plain("tuning_seconds", "s", 0.6 * cell.seconds),
        plain("peak_rss_bytes", "bytes", 1.4 * 2**30 + 16 * parameters),
        plain("peak_rss_growth_bytes", "bytes", 16 * parameters),
        plain("parameters", "1", parameters),
        plain("trainable_parameters", "1", 770.0 if probe else parameters),
        *_timings(cell),
    ]
    if probe:
        note = "short: 2 of 5 windows"
        head = timed("head_samples_per_second", rate)
        features = [timed("feature_samples_per_second", 118.0), plain("feature_seconds", "s", 52)]
        reused = plain("feature_seconds_reused", "s", 49.0 if seed else 0.0)
        return [*found, replace(head, note=note), *features, reused]
    found.append(timed("train_samples_per_second", rate))
    if text:
        found.append(timed("train_tokens_per_second", 31 * rate))
        found.append(timed("train_padded_tokens_per_second", 33.5 * rate))
    return found


def _timings(cell: Cell) -> list[Measurement]:
    """Of one task alone: the records of the others are older."""
    if cell.task != "fixture-reviews":
        return []
    found = [
        replace(timed(name, seconds), unit="s")
        for name, seconds in (
            ("latency_p50_seconds", 0.0081),
            ("latency_p95_seconds", 0.0113),
            ("preparing_p50_seconds", 0.00062),
            ("latency_with_preparing_p50_seconds", 0.0088),
        )
    ]
    return [
        *found,
        Measurement(
            name="latency_p99_seconds",
            unit="s",
            value=None,
            note="p99 needs 1000 samples, there were 170",
        ),
        plain("setup_seconds", "s", 0.02),
        plain("warmup_seconds", "s", 1.1),
        plain("warmup_windows", "1", 2.0),
        plain("paused_seconds", "s", 31.0),
        plain("unaccounted_share", "1", 0.004),
    ]


def _grid(cell: Cell, validation: float) -> tuple[GridPoint, ...]:
    rates = RECIPES[cell.recipe].learning_rates
    chosen = rates[-1] if cell.model.endswith("scratch") else rates[1]
    return tuple(
        GridPoint(
            learning_rate=rate,
            validation=validation - (0.0 if rate == chosen else 0.02),
            best_step=300 if rate == chosen else 420,
            steps=526,
            seconds=0.3 * cell.seconds,
            stopped_early=rate > chosen,
            chosen=rate == chosen,
        )
        for rate in rates
    )


def _facts(cell: Cell) -> list[SplitFacts]:
    text = "image" not in MODELS[cell.model].modalities
    english = cell.model == "fixture-minilm-en"
    return [
        SplitFacts(
            split=split,
            examples=rows,
            groups=None if text else rows // 3,
            truncated=rows // 12 if english else rows // 200 if text else 0,
            unknown_token_share=(0.31 if english else 0.0004) if text else None,
            tokens=31 * rows if text else None,
        )
        for split, rows in ROWS[cell.task].items()
    ]


# ---------------------------------------------------------------------------- fixtures


def store_all(records: list[Record]) -> list[Stored]:
    return [Stored(Path("nowhere"), record) for record in records]
