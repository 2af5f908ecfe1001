"""What is planned and what happened: Trial, Score, Measurement, Environment, Record.

A trial is one model × task × recipe × seed; its `key` hashes only what can change the result. A
record is a trial and all that was seen when it ran, cards included: a report needs nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mmbench.cards import ModelCard, Recipe, Side, TaskCard, prompt_language
from mmbench.cards.tuning import Value
from mmbench.digests import digest_of, set_fields
from mmbench.fingerprint import Environment, Fingerprint
from mmbench.fits import CurvePoint as CurvePoint
from mmbench.fits import GridPoint as GridPoint
from mmbench.fits import Tried as Tried

FORMAT = 3
BEHAVIOUR = 2  # raised when our own code may change a result; older records are then run again
UNSTABLE = "unstable"  # how a warning begins that makes a record's speeds unfit for a comparison

Status = Literal["ok", "failed", "refused"]
Stage = Literal["before", "after", "majority", "chance", "constant", "word_majority"]

MODEL_BEHAVIOUR = ("adapter", "library", "architecture", "text", "image")
LATER_BEHAVIOUR = ("audio",)  # named where a card has them, so that other cards keep their keys
TASK_BEHAVIOUR = (
    "name",
    "version",
    "kind",
    "inputs",
    "target",
    "splits",
    "group",
    "group_exempt",
    "unique",
    "metrics",
    "prompts",
)


def model_behaviour(model: ModelCard) -> list[Any]:
    """What of a model's card changes its features; the weights themselves are a digest."""
    card = set_fields(model)
    source = card["source"]
    # where files lie changes nothing; of a random start, and of nothing else, the config counts
    # and how a fusion brings its parts together
    counts: tuple[str, ...] = ("tensors", "by", "width")
    if model.start == "scratch":
        counts += ("config",)
    told = {name: source[name] for name in counts if name in source}
    told["start"] = model.start
    parts = {side: model_behaviour(part) for side, part in sorted(model.parts.items())}
    later = [{name: card[name]} for name in LATER_BEHAVIOUR if name in card]
    return [told, parts, *(card.get(name) for name in MODEL_BEHAVIOUR), *later]


def lora_targets(model: ModelCard) -> dict[str, list[str]]:
    """The layers that strategy lora adds to, by the side of a part; "" is the model itself."""
    parts = {str(side): part for side, part in sorted(model.parts.items())}
    return {side: list(card.lora_targets) for side, card in (parts or {"": model}).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """`digests` hold the content of what the cards only point to: {"model": …, "task": …}.

    `parents`: the keys of trials whose fine-tuned models this one starts from. `start`: the folder
    that holds such a model; where it lies changes nothing, so it is no part of the key.

    `search`: it looks for the setting that `recipe.tune` asks for, on validation, for all seeds of
    the cell. `tuned`: the setting that a search found; it follows from that one, which is a parent.
    """

    model: ModelCard
    task: TaskCard
    recipe: Recipe
    seed: int
    limit: int | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    start: str | None = None
    search: bool = False
    tuned: Mapping[str, Value] = field(default_factory=dict)

    @property
    def cell(self) -> tuple[str, str, str]:
        """Trials that differ only by seed share a cell."""
        return (self.model.name, self.task.name, self.recipe.name)

    @property
    def name(self) -> str:
        return " × ".join((*self.cell, f"seed {self.seed}"))

    @property
    def trained(self) -> Recipe:
        """The recipe with the setting that a search found, if there was one."""
        return self.recipe.with_setting(self.tuned) if self.tuned else self.recipe

    @property
    def task_behaviour(self) -> list[Any]:
        """What of the task's card changes its examples or scores."""
        task = set_fields(self.task)
        # the order of cuts decides what they hold
        task["splits"] = [[name, set_fields(rule)] for name, rule in self.task.splits.items()]
        return [task.get(name) for name in TASK_BEHAVIOUR]

    @property
    def key(self) -> str:
        """Hash of what changes behaviour; a corrected citation or a moved file does not."""
        recipe = set_fields(self.recipe)
        return digest_of(
            {
                "model": model_behaviour(self.model),
                "task": self.task_behaviour,
                "language": prompt_language(self.model, self.task, self.recipe),
                "recipe": {k: v for k, v in recipe.items() if k not in ("name", "description")},
                "seed": self.seed,
                "limit": self.limit,
                "digests": dict(self.digests),
                "parents": list(self.parents),
                **({"search": True} if self.search else {}),
                **(
                    {"lora_targets": lora_targets(self.model)}
                    if self.recipe.strategy == "lora"
                    else {}
                ),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One metric on one split. `value` None means not applicable; `note` says why.

    `low`, `high`: the 95 % interval over the `count` test examples, by the method `interval`.
    """

    stage: Stage
    split: str
    metric: str
    value: float | None
    count: int
    low: float | None = None
    high: float | None = None
    interval: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScore:
    """Precision, recall and F1 of one class on one split, after fine-tuning."""

    split: str
    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A measured quantity. `values` are the raw readings behind `value`, their median."""

    name: str
    unit: str
    value: float | None
    low: float | None = None
    high: float | None = None
    values: tuple[float, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFacts:
    """What one split held, and all that was done to it that a reader must know.

    `candidates`: of a retrieval task, the distinct images and texts that are ranked.
    """

    split: str
    examples: int
    candidates: Mapping[str, int] = field(default_factory=dict)
    groups: int | None = None
    truncated: int = 0
    unknown_token_share: float | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFacts:
    """What came before the fine-tuning itself: a start from another record's model, continued
    pre-training, or a probe.

    `loss_before`, `loss_after`: of pre-training, the mean on the inputs of the validation split,
    per token that was to be guessed or per pair. `grid`: of a probe, its learning rates.
    """

    name: Literal["start", "pretraining", "probe"]
    seconds: float = 0.0
    steps: int = 0
    samples: int = 0
    trainable_parameters: int = 0
    loss_before: float | None = None
    loss_after: float | None = None
    curve: tuple[CurvePoint, ...] = ()
    grid: tuple[GridPoint, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A file of the trial's folder, by its relative path."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a trial failed: one line for people, and the traceback."""

    kind: str
    message: str
    traceback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that was seen in one trial. `labels` are the classes in the order of the logits.

    `parts`, `part_labels`: of several targets at once, the scores and the classes of each.
    `without`: of a fused model, the scores after fine-tuning with one input taken away, by that
    input; see `train.ablation`. `tried`: of a search, every setting.
    """

    format: int = FORMAT
    key: str
    trial: Trial
    fingerprint: Fingerprint
    environment: Environment
    status: Status
    started_at: str
    seconds: float
    labels: tuple[str | int, ...] = ()
    scores: tuple[Score, ...] = ()
    classes: tuple[ClassScore, ...] = ()
    parts: Mapping[str, tuple[Score, ...]] = field(default_factory=dict)
    part_labels: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    without: Mapping[Side, tuple[Score, ...]] = field(default_factory=dict)
    measurements: tuple[Measurement, ...] = ()
    stages: tuple[StageFacts, ...] = ()
    grid: tuple[GridPoint, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    tried: tuple[Tried, ...] = ()
    data: tuple[SplitFacts, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    logits_digest: str | None = None
    warnings: tuple[str, ...] = ()
    artefacts: Mapping[str, Artefact] = field(default_factory=dict)
    failure: Failure | None = None

    def score(self, stage: Stage, split: str, metric: str) -> Score | None:
        return score_of(self.scores, stage, split, metric)

    def measurement(self, name: str) -> Measurement | None:
        return next((m for m in self.measurements if m.name == name), None)


def score_of(scores: Sequence[Score], stage: Stage, split: str, metric: str) -> Score | None:
    for score in scores:
        if (score.stage, score.split, score.metric) == (stage, split, metric):
            return score
    return None
