"""Images and texts together, by hand: retrieval in two languages, and zero-shot by class names.

TEST FIXTURE: every model, number and machine below is invented.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mmbench.records import (
    CurvePoint,
    GridPoint,
    Measurement,
    Record,
    Score,
    SplitFacts,
    Stage,
)
from tests.report.paired_cards import CANDIDATES, NO_SPACE, RECIPES, ROWS, SCORED
from tests.report.pieces import ALL_MODELS, Cell, bare_record, plain, timed

SPLITS = ("train", "validation", "test", "test_unseen")
LOADED_EARLIER = "measured when the weights were loaded for an earlier trial"
SHARED_START = "shared by the trials of this worker"
BEFORE: Stage = "before"
MAJORITY: Stage = "majority"
STARTS = {"fixture-pair-en": 6.2, "fixture-clip-zh": 7.1, "fixture-clip-scratch": 5.8}
METHOD = "cluster bootstrap over groups of queries, candidates fixed, 2000 resamples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A cell of retrieval. before, after: about the mean recall, by split; a share from 0 to 1.

    `first`: the first trial of its process, which takes the start and loads the weights.
    """

    model: str
    language: str
    recipe: str
    before: tuple[float, ...] = ()
    after: tuple[float, ...] = ()
    seconds: float = 60.0
    reused: float = 0.0
    first: bool = False
    unknown: float = 0.0


SWEEP = (
    Match(
        model="fixture-pair-en", language="en", recipe="contrast-probe", seconds=48.0, first=True,
        after=(0.81, 0.44, 0.41, 0.29),
    ),
    Match(
        model="fixture-pair-en", language="zh", recipe="contrast-probe", seconds=21.0,
        after=(0.36, 0.15, 0.12, 0.09), reused=31.0, unknown=0.41,
    ),
    Match(
        model="fixture-clip-zh", language="en", recipe="zero-shot", seconds=22.0, first=True,
        before=(0.42, 0.39, 0.33),
    ),
    Match(
        model="fixture-clip-zh", language="zh", recipe="zero-shot", seconds=14.0, reused=8.0,
        before=(0.58, 0.53, 0.47),
    ),
    Match(
        model="fixture-clip-zh", language="en", recipe="contrast-full", seconds=940.0, reused=4.1,
        before=(0.42, 0.39, 0.33), after=(0.97, 0.71, 0.68, 0.55),
    ),
    Match(
        model="fixture-clip-zh", language="zh", recipe="contrast-full", seconds=955.0, reused=4.1,
        before=(0.58, 0.53, 0.47), after=(0.99, 0.50, 0.46, 0.31),
    ),
    Match(
        model="fixture-clip-scratch", language="zh", recipe="contrast-full", seconds=66.0,
        first=True, before=(0.10, 0.04, 0.05), after=(0.74, 0.21, 0.16, 0.06),
    ),
)  # fmt: skip


def paired_sweep() -> list[Record]:
    """The records of retrieval, and one that names the classes of the emoji without training."""
    return [*(_record(match) for match in SWEEP), _by_name()]


def _record(match: Match) -> Record:
    task = f"fixture-match-{match.language}"
    cell = Cell(
        model=match.model, task=task, recipe=match.recipe, reached={}, seconds=match.seconds
    )
    trains = RECIPES[match.recipe].strategy != "zero_shot"
    before = dict(zip(SPLITS[1:], match.before, strict=False))
    scores = [
        score
        for split in SPLITS if split != "train" or trains
        for score in (*_before(task, split, before), *_chance(task, split))
    ]  # fmt: skip
    for split, level in zip(SPLITS, match.after, strict=False):
        scores += _scores("after", task, split, level)
    return replace(
        bare_record(cell, 0),
        scores=tuple(scores),
        measurements=tuple(_measurements(match, trains)),
        grid=_grid(match) if trains else (),
        curve=_curve(match) if trains else (),
        data=tuple(_facts(task, match)),
    )


def _before(task: str, split: str, levels: Mapping[str, float]) -> list[Score]:
    if split in levels:
        return _scores("before", task, split, levels[split])
    if levels:
        return []  # nobody asks about the training rows before training
    return [
        Score(
            stage="before", split=split, metric="mean_recall", value=None, count=SCORED[split],
            note=NO_SPACE,
        )
    ]  # fmt: skip


def _scores(stage: Stage, task: str, split: str, level: float) -> list[Score]:
    images, texts = CANDIDATES[task][split]
    recalls = {
        f"{way}_recall@{k}": min(1.0, share * level + shift)
        for way, shift in (("i2t", 0.01), ("t2i", -0.01))
        for k, share in ((1, 0.55), (5, 1.05), (10, 1.4))
    }
    values = {"mean_recall": sum(recalls.values()) / 6, **recalls}
    found = []
    for name, value in values.items():
        half = 1.96 * math.sqrt(max(value * (1 - value), 0.0004) / images)
        low, high = max(0.0, value - half), min(1.0, value + half)
        found.append(_score(stage, split, name, value, (low, high)))
    for way, candidates in (("i2t", texts), ("t2i", images)):
        rank = max(1.0, round(candidates * (1 - level) ** 3) / 2)
        ends = (max(1.0, math.floor(0.8 * rank)), float(math.ceil(1.25 * rank)))
        found.append(_score(stage, split, f"{way}_median_rank", rank, ends))
    return found


def _score(stage: Stage, split: str, metric: str, value: float, ends: tuple[float, float]) -> Score:
    return Score(
        stage=stage, split=split, metric=metric, value=value, count=SCORED[split], low=ends[0],
        high=ends[1], interval=METHOD,
    )  # fmt: skip


def _chance(task: str, split: str) -> list[Score]:
    images, texts = CANDIDATES[task][split]
    recalls = {
        f"{way}_recall@{k}": k / candidates
        for way, candidates in (("i2t", texts), ("t2i", images))
        for k in (1, 5, 10)
    }
    values = {"mean_recall": sum(recalls.values()) / 6, **recalls}
    values |= {"i2t_median_rank": (texts + 1) / 2, "t2i_median_rank": (images + 1) / 2}
    return [
        Score(stage="chance", split=split, metric=name, value=value, count=SCORED[split])
        for name, value in values.items()
    ]


def _measurements(match: Match, trains: bool) -> list[Measurement]:
    parameters = float(ALL_MODELS[match.model].parameters or 0)
    start = plain("import_seconds", "s", STARTS[match.model])
    loading = plain("load_seconds", "s", 4.1)
    if not match.first:
        start = replace(start, note=SHARED_START)
        loading = replace(loading, note=LOADED_EARLIER)
    probe = match.recipe == "contrast-probe"
    found = [
        timed("inference_samples_per_second", 74.0),
        timed("inference_tokens_per_second", 310.0),
        plain("peak_rss_bytes", "bytes", 1.4 * 2**30 + 16 * parameters),
        plain("peak_rss_growth_bytes", "bytes", 16 * parameters),
        plain("parameters", "1", parameters + 1_050_000.0 * probe),
        plain("trainable_parameters", "1", 1_050_000.0 if probe else parameters * trains),
        start,
        loading,
        plain("reused_seconds", "s", match.reused),
    ]
    if not trains:
        return found
    found += [
        plain("train_seconds", "s", 0.25 * match.seconds),
        plain("tuning_seconds", "s", 0.5 * match.seconds),
        plain("data_wait_share", "1", 0.006),
    ]
    if probe:
        return [
            *found,
            timed("head_samples_per_second", 41_000.0),
            timed("feature_image_samples_per_second", 121.0),
            timed("feature_text_samples_per_second", 980.0),
            timed("feature_text_tokens_per_second", 4_300.0),
            plain("feature_seconds", "s", 27.0),
            plain("feature_seconds_reused", "s", 25.0 if match.reused else 0.0),
        ]
    return [
        *found,
        timed("train_samples_per_second", 33.0),
        timed("train_tokens_per_second", 139.0),
        timed("train_padded_tokens_per_second", 152.0),
    ]


def _grid(match: Match) -> tuple[GridPoint, ...]:
    rates = RECIPES[match.recipe].learning_rates
    steps = 10 * (RECIPES[match.recipe].epochs or 0)
    return tuple(
        GridPoint(
            learning_rate=each,
            validation=match.after[1] - (0.0 if each == rates[1] else 0.03),
            best_step=steps - 10,
            steps=steps,
            seconds=0.25 * match.seconds,
            stopped_early=False,
            chosen=each == rates[1],
        )
        for each in rates
    )


def _curve(match: Match) -> tuple[CurvePoint, ...]:
    """Every learning rate's; the best validation is the last but one."""
    recipe = RECIPES[match.recipe]
    epochs = recipe.epochs or 0
    return tuple(
        CurvePoint(
            learning_rate=each,
            step=10 * epoch,
            epoch=float(epoch),
            train_loss=5.5 / epoch,
            validation_loss=3.1 + 2.0 / epoch,
            validation={"mean_recall": match.after[1] * 0.97 ** abs(epochs - 1 - epoch)},
            in_batch={"in_batch_accuracy": 1 - 0.9 / epoch},
        )
        for each in recipe.learning_rates
        for epoch in range(1, epochs + 1)
    )


def _facts(task: str, match: Match) -> list[SplitFacts]:
    found = []
    for split, rows in ROWS.items():
        images, texts = CANDIDATES[task][split]
        found.append(
            SplitFacts(
                split=split,
                examples=rows,
                candidates={"image": images, "text": texts},
                groups=texts,
                unknown_token_share=match.unknown,
                tokens=4 * texts,
            )
        )
    return found


def _by_name() -> Record:
    cell = Cell(
        model="fixture-clip-zh", task="fixture-emoji", recipe="zero-shot", reached={}, seconds=19.0
    )
    reached = {"validation": 0.62, "test": 0.604, "test_shift": 0.59, "test_unseen": 0.571}
    counts = {"validation": 330, "test": 750, "test_shift": 900, "test_unseen": 240}
    scores = [
        Score(stage=stage, split=split, metric=metric, value=value, count=counts[split],
              low=value - 0.03, high=value + 0.03, interval="cluster bootstrap over groups, "
              "2000 resamples")
        for split, zero_shot in reached.items()
        for metric in ("accuracy", "balanced_accuracy")
        for stage, value in ((BEFORE, zero_shot), (MAJORITY, 0.182))
    ]  # fmt: skip
    match = Match(
        model=cell.model, language="zh", recipe="zero-shot", seconds=cell.seconds, reused=9.0
    )
    return replace(
        bare_record(cell, 0),
        labels=("animal", "food", "flag", "face", "object", "travel"),
        scores=tuple(scores),
        measurements=tuple(_measurements(match, trains=False)),
    )
