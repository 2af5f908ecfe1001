"""The task kinds: what each needs of a model, and what may be asked of it.

A kind is a row of this table. What a model can do follows from what its card `gives` and what
the kind `needs`; nothing else decides it.
"""

from dataclasses import dataclass
from typing import Literal

from mmbench.cards import Gives, Slot, Strategy
from mmbench.errors import CardError, did_you_mean

Baseline = Literal["majority", "chance", "constant", "word_majority"]
"""The answer that is most frequent in training; candidates in random order; the same answer to
every sample; for every word the tag it has most often in training."""

TargetForm = Literal["class", "key", "labels", "number", "tags", "text", "classes"]
"""`data.targets` has a class for each."""

TRAINED: tuple[Strategy, ...] = ("probe", "head", "partial", "full", "lora", "bitfit")
EVERY: tuple[Strategy, ...] = ("zero_shot", *TRAINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`needs`: what a model must give, any one of them. `inputs`: what a task of the kind must have
    as input, if that is fixed. `target`: the form of what is to be predicted. `decomposable`: the
    loss of a batch is the sum of the losses of its rows, so that a batch may be cut into
    micro-batches and give the same gradient. `baseline`: what a model must beat. `ignores`: fields
    of a recipe that mean nothing here."""

    name: str
    needs: tuple[Gives, ...]
    inputs: tuple[Slot, ...] | None = None
    target: TargetForm
    metrics: tuple[str, ...]
    strategies: tuple[Strategy, ...]
    decomposable: bool
    baseline: Baseline
    ignores: tuple[str, ...]


TWO_CLASSES = ("f1_positive", "roc_auc")
"""Metrics of two classes, of which the second in the order of the card is the positive one."""

NO_WRITER_HAS = ("probe_first", "projection_width", "regression_loss", "shots", "similarity")
"""Fields of a recipe without a meaning where the target is a text."""

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            name="classification",
            needs=("pooled",),
            target="class",
            metrics=("accuracy", "balanced_accuracy", "f1_macro", "f1_micro", "roc_auc"),
            strategies=EVERY,
            decomposable=True,
            baseline="majority",
            ignores=("projection_width", "similarity", "regression_loss"),
        ),
        Kind(
            name="multilabel",
            needs=("pooled",),
            target="labels",
            metrics=("mean_average_precision", "f1_micro", "f1_macro"),
            strategies=TRAINED,
            decomposable=True,
            baseline="constant",
            ignores=(
                "label_smoothing",
                "projection_width",
                "prompts",
                "regression_loss",
                "shots",
                "similarity",
            ),
        ),
        Kind(
            name="sentence_pair",
            needs=("pooled",),
            inputs=("text", "text_pair"),
            target="class",
            metrics=("accuracy", "f1_positive", "roc_auc"),
            strategies=TRAINED,
            decomposable=True,
            baseline="majority",
            ignores=("projection_width", "prompts", "regression_loss", "similarity"),
        ),
        Kind(
            name="regression",
            needs=("pooled",),
            target="number",
            metrics=("mae", "rmse", "pearson", "spearman"),
            strategies=TRAINED,
            decomposable=True,
            baseline="constant",
            ignores=("label_smoothing", "projection_width", "prompts", "shots", "similarity"),
        ),
        Kind(
            name="tagging",
            needs=("tokens",),
            inputs=("text",),
            target="tags",
            metrics=("entity_f1", "entity_precision", "entity_recall", "token_accuracy"),
            strategies=("head", "partial", "full", "lora", "bitfit"),
            decomposable=True,
            baseline="word_majority",
            ignores=(
                "probe_first",
                "projection_width",
                "prompts",
                "regression_loss",
                "shots",
                "similarity",
            ),
        ),
        Kind(
            name="multitask",
            needs=("pooled",),
            target="classes",
            metrics=("mean_accuracy", "mean_f1_macro"),
            strategies=TRAINED,
            decomposable=True,
            baseline="majority",
            ignores=("projection_width", "prompts", "regression_loss", "shots", "similarity"),
        ),
        Kind(
            name="transcription",
            needs=("tokens", "generates"),
            inputs=("audio",),
            target="text",
            metrics=("cer", "wer"),
            strategies=EVERY,
            decomposable=True,
            baseline="constant",
            ignores=NO_WRITER_HAS,
        ),
        Kind(
            name="retrieval",
            needs=("paired",),
            inputs=("image", "text"),
            target="key",
            metrics=(
                "mean_recall",
                "i2t_recall@1",
                "i2t_recall@5",
                "i2t_recall@10",
                "t2i_recall@1",
                "t2i_recall@5",
                "t2i_recall@10",
                "i2t_median_rank",
                "t2i_median_rank",
            ),
            strategies=EVERY,
            decomposable=False,
            baseline="chance",
            ignores=("label_smoothing", "prompts", "regression_loss"),
        ),
        Kind(
            name="captioning",
            needs=("generates",),
            inputs=("image",),
            target="text",
            metrics=("cider", "chrf", "bleu", "exact_match"),
            strategies=EVERY,
            decomposable=True,
            baseline="majority",
            ignores=("dropout", "head_width", *NO_WRITER_HAS),
        ),
        Kind(
            name="question_answering",
            needs=("generates",),
            inputs=("image", "text"),
            target="text",
            metrics=("answer_accuracy",),
            strategies=EVERY,
            decomposable=True,
            baseline="majority",
            ignores=("dropout", "head_width", *NO_WRITER_HAS),
        ),
    )
}


def kind(name: str) -> Kind:
    if name not in KINDS:
        raise CardError(f"no task kind {name!r}{did_you_mean(name, KINDS)} ({', '.join(KINDS)})")
    return KINDS[name]
