"""One task of every kind by hand, a cell or two each, for the words in which reports tell them.

TEST FIXTURE: every model, task and number below is invented.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mmbench.cards import (
    BundledData,
    FusionModel,
    HubModel,
    Label,
    ModelCard,
    RandomModel,
    Recipe,
    Target,
    TargetPart,
    TaskCard,
)
from mmbench.cards.model import AudioRules, GenerationRules, Slot
from mmbench.kinds import KINDS
from mmbench.metrics.table import metric
from mmbench.records import ClassScore, Record, Score, SplitFacts, Stage, Trial
from tests.report.cards import ENVIRONMENT, FINGERPRINT, IMAGE, MODELS, TEXT
from tests.report.paired_cards import MODELS as PAIRED

NO_HEAD = "the head has not been trained: nothing to score before training"
NO_SPACE = "images and texts are in no common space before training"
RANDOM = "random weights: nothing is said before training"
EYE, READER = MODELS["fixture-effnet"], MODELS["fixture-bert-zh"]
FUSED = ModelCard(
    name="fixture-fused",
    family="fusion",
    languages=("zh",),
    modalities=("image", "text"),
    adapter="fusion",
    source=FusionModel(via="fusion", image=EYE.name, text=READER.name, by="gated", width=64),
    gives=("fused",),
    parts={"image": EYE, "text": READER},
)
EAR = ModelCard(
    name="fixture-ear-scratch",
    family="fixture",
    languages=(),
    modalities=("audio",),
    adapter="audio",
    library="transformers",
    source=RandomModel(via="random"),
    gives=("pooled", "tokens"),
    audio=AudioRules(sampling_rate=16000, features="waveform", max_seconds=4.0),
)
WRITER = ModelCard(
    name="fixture-writer",
    family="fixture",
    organisation="Invented Inc.",
    country="US",
    languages=("en",),
    modalities=("image", "text"),
    adapter="generative",
    text=TEXT,
    library="transformers",
    source=HubModel(via="hub", repo="fixture/writer"),
    gives=("generates",),
    image=IMAGE,
    generation=GenerationRules(max_new_tokens=24),
)
NOVICE = replace(
    WRITER,
    name="fixture-novice",
    organisation=None,
    country=None,
    source=RandomModel(via="random"),
)
FULL = Recipe(name="full", strategy="full", learning_rates=(3e-5,), epochs=4)
PROBE = Recipe(name="probe", strategy="probe", learning_rates=(1e-2,), epochs=20)

LEVELS = {
    kind: tuple(
        Label(value=value, names={"en": value, "zh": chinese}) for value, chinese in names.items()
    )
    for kind, names in {
        "colours": {"red": "红色", "blue": "蓝色"},
        "sizes": {"small": "小", "large": "大"},
    }.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A cell: of each metric its baseline and its value, by the split `test`."""

    task: TaskCard
    model: ModelCard
    values: Mapping[str, tuple[float, float]]
    before: float | None = None
    no_before: str = NO_HEAD
    recipe: Recipe = FULL
    note: str | None = None
    classes: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    without: Mapping[str, float] = field(default_factory=dict)


def _task(kind: str, inputs: Mapping[Slot, str], **fields: object) -> TaskCard:
    values: dict[str, object] = {"target": Target(column="target"), "metrics": KINDS[kind].metrics}
    return TaskCard(
        name=f"a-{kind.replace('_', '-')}",
        version=1,
        kind=kind,
        languages=("en",),
        inputs=inputs,
        source=BundledData(via="bundled", files={"all": "fixture.parquet"}),
        **(values | fields),  # type: ignore[arg-type]
    )


PARTS = {
    "colour": TargetPart(column="colour", labels=LEVELS["colours"]),
    "size": TargetPart(column="size", labels=LEVELS["sizes"], weight=0.5),
}
BOTH = _task(
    "classification",
    {"image": "image", "text": "text"},
    target=Target(column="colour", labels=LEVELS["colours"]),
    metrics=("accuracy",),
)
BOTH_STAGES: tuple[tuple[Stage, float], ...] = (("majority", 0.5), ("after", 0.74))
STROKES = _task("regression", {"image": "image"}, unit={"en": "strokes", "zh": "画"})
CELLS = (
    Told(
        task=BOTH, model=FUSED, values={"accuracy": (0.51, 0.84)}, classes=("red", "blue"),
        without={"image": 0.62, "text": 0.71},
    ),
    Told(
        task=_task("multilabel", {"image": "image"}), model=EYE, classes=("round", "striped"),
        values={"mean_average_precision": (0.11, 0.42), "f1_micro": (0.0, 0.35),
                "f1_macro": (0.0, 0.31)},
    ),
    Told(
        task=_task("sentence_pair", {"text": "first", "text_pair": "second"}), model=READER,
        classes=("0", "1"),
        values={"accuracy": (0.66, 0.61), "f1_positive": (0.0, 0.42), "roc_auc": (0.5, 0.58)},
    ),
    Told(
        task=STROKES, model=EYE,
        values={"mae": (3.12, 1.274), "rmse": (3.9, 1.72), "pearson": (0.0, 0.88),
                "spearman": (0.0, 0.87)},
    ),
    Told(
        task=STROKES, model=EYE, recipe=PROBE,
        values={"mae": (3.12, 3.4), "rmse": (3.9, 4.4), "pearson": (0.0, 0.31),
                "spearman": (0.0, 0.3)},
    ),
    Told(
        task=_task("tagging", {"text": "words"}), model=READER, classes=("LOC", "ORG", "PER"),
        note="3 of 2104 words have no token and count as O",
        values={"entity_f1": (0.46, 0.81), "entity_precision": (0.61, 0.8),
                "entity_recall": (0.37, 0.82), "token_accuracy": (0.9, 0.97)},
    ),
    Told(
        task=_task("retrieval", {"image": "image", "text": "text"},
                   target=Target(column="key"), metrics=("mean_recall",)),
        model=PAIRED["fixture-pair-en"], values={"mean_recall": (0.02, 0.4)}, no_before=NO_SPACE,
    ),
    Told(
        task=_task("multitask", {"image": "image"}, target=Target(parts=PARTS)), model=EYE,
        values={"mean_accuracy": (0.5, 0.74), "mean_f1_macro": (0.33, 0.73)},
        parts=("colour", "size"), classes=("colour: red", "size: small"),
    ),
    Told(
        task=_task("transcription", {"audio": "audio"}), model=EAR,
        note="2 of 811 characters of the references stand in no training text",
        values={"cer": (0.83, 0.214), "wer": (1.0, 1.042)},
    ),
    Told(
        task=_task("captioning", {"image": "image"}), model=WRITER, before=0.112,
        values={"cider": (0.2, 1.913), "chrf": (0.2, 0.55), "bleu": (0.05, 0.31),
                "exact_match": (0.01, 0.12)},
    ),
    Told(
        task=_task("captioning", {"image": "image"}), model=NOVICE, no_before=RANDOM,
        values={"cider": (0.2, 0.153), "chrf": (0.2, 0.18), "bleu": (0.05, 0.02),
                "exact_match": (0.01, 0.0)},
    ),
    Told(
        task=_task("question_answering", {"image": "image", "text": "question"}), model=WRITER,
        before=0.61, values={"answer_accuracy": (0.31, 0.55)},
    ),
)  # fmt: skip


def every_kind() -> list[Record]:
    return [_record(told) for told in CELLS]


def _record(told: Told) -> Record:
    trial = Trial(
        model=told.model,
        task=told.task,
        recipe=told.recipe,
        seed=0,
        digests={"model": "m", "task": "t"},
    )
    primary, baseline = told.task.primary, KINDS[told.task.kind].baseline
    if told.before is None:
        before = replace(_score("before", primary, 0.0), value=None, low=None, high=None)
        before = replace(before, note=told.no_before)
    else:
        before = _score("before", primary, told.before)
    scores = [before]
    for name, (lowest, reached) in told.values.items():
        scores.append(_score(baseline, name, lowest))
        scores.append(replace(_score("after", name, reached), note=told.note))
    return Record(
        key=trial.key,
        trial=trial,
        fingerprint=FINGERPRINT,
        environment=ENVIRONMENT,
        status="ok",
        started_at="2026-11-01T10:00:00+00:00",
        seconds=60.0,
        scores=tuple(scores),
        classes=tuple(
            ClassScore(split="test", label=label, precision=0.8, recall=0.7, f1=0.75, support=80)
            for label in told.classes
        ),
        parts={
            name: tuple(
                _score(stage, one, value)
                for stage, value in BOTH_STAGES
                for one in ("accuracy", "f1_macro")
            )
            for name in told.parts
        },
        without={side: (_score("after", primary, value),) for side, value in told.without.items()},  # type: ignore[misc]
        data=(SplitFacts(split="test", examples=400),),
    )


def _score(stage: Stage, name: str, value: float) -> Score:
    """The interval is a tenth of the value to either side, within what the metric can be."""
    lowest, highest = metric(name).range
    return Score(
        stage=stage,
        split="test",
        metric=name,
        value=value,
        low=max(lowest, 0.9 * value),
        high=min(highest, 1.1 * value),
        count=400,
        interval="bootstrap over examples, 2000 resamples",
    )
