"""Image–text retrieval in training: both sides in one space, compared with all candidates."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

import numpy as np
import torch

from mmbench.answers import Answer, ranked
from mmbench.cards import Recipe, Side, TaskCard
from mmbench.data.batches import training_batches
from mmbench.data.examples import Examples, LabelSets
from mmbench.data.joint import SIDES, JointRows, distinct
from mmbench.data.prepared import FeatureRows, Prepared
from mmbench.data.views import Subset, spread
from mmbench.heads.contrast import (
    START,
    ContrastHead,
    Embeddings,
    Projection,
    ProjectionShape,
    Similarity,
    cosine_logits,
    same_but_not_own,
)
from mmbench.metrics.pairs import Candidates, candidates
from mmbench.metrics.retrieval import VALUE, Ranked, chance, rank_candidates
from mmbench.metrics.retrieval_intervals import retrieval_intervals
from mmbench.models.base import Adapter, PairedAdapter
from mmbench.records import Score, Stage
from mmbench.train import strategy
from mmbench.train.contrastive import LOSSES, Contrastive, PairedFeatures
from mmbench.train.device import seed_everything
from mmbench.train.evaluate import Validation, run_over
from mmbench.train.features import Extracted, Pass, extract
from mmbench.train.learner import Learner
from mmbench.train.objectives.base import (
    ONE_GROUP,
    STANDARDISE_ROWS,
    Objective,
    Outputs,
    SplitRows,
)
from mmbench.train.objectives.classification import targets_of

NO_SPACE = "images and texts are in no common space before training"


class Retrieval(Objective):
    """Outputs: image [I, D], text [T, D]: the distinct images and texts of a split in the common
    space, each of length 1."""

    @property
    def paired(self) -> PairedAdapter:
        assert isinstance(self.adapter, PairedAdapter), "plan refuses other models"
        return self.adapter

    def features(self, rows: Prepared) -> Extracted:
        joint = as_joint(rows)
        found: dict[Side, FeatureRows] = {}
        passes = {}
        for side in SIDES:
            found[side], passes[side] = self._encoded(side, joint.side(side))
        pairs = JointRows(found["image"], found["text"], joint.image_index, joint.text_index)
        return Extracted(rows=pairs, passes=cast("Mapping[str, Any]", passes))

    def _encoded(self, side: Side, rows: Prepared) -> tuple[FeatureRows, Pass]:
        answer = partial(self.paired.encode, side)
        return extract(self.adapter, answer, rows, self.setting.identities[side], self.setting)

    def learner(self, train: Prepared, extracted: Extracted | None) -> Learner:
        """Before projections of its own, a frozen backbone's features are standardised: the
        statistics come from up to 1,024 distinct images and texts at even distances."""
        recipe = self.setting.recipe
        seed_everything(self.setting.seed, "head")
        head = contrast_head(self.paired, recipe)
        for side, projection in head.projections.items():
            assert isinstance(projection, Projection), "a head holds projections"
            if projection.standardise is not None:
                projection.standardise.fit(self._some(cast("Side", side), train, extracted))
        backbone = PairedFeatures() if recipe.strategy == "probe" else self.paired
        learner = Contrastive(backbone, head, similarity=similarity_of(self.paired, recipe))
        strategy.freeze(learner, recipe)
        return learner.to(self.setting.device)

    def _some(self, side: Side, train: Prepared, extracted: Extracted | None) -> torch.Tensor:
        """Features of some of a side's rows: [≤ 1024, D]."""
        if extracted is not None:
            known = as_joint(extracted.rows).side(side)
            some = spread(len(known), STANDARDISE_ROWS)
            return known.collate(some.tolist())["features"]
        rows = as_joint(train).side(side)
        found, _ = self._encoded(side, Subset(rows, spread(len(rows), STANDARDISE_ROWS)))
        return found.collate(range(len(found)))["features"]

    def whole(self, learner: Learner) -> Learner:
        assert isinstance(learner, Contrastive), "made by this objective"
        if learner.backbone is self.adapter:
            return learner
        return Contrastive(self.paired, learner.head, similarity=learner.similarity)

    @classmethod
    def empty_learner(
        cls, adapter: Adapter, task: TaskCard, recipe: Recipe, labels: LabelSets
    ) -> Learner:
        assert isinstance(adapter, PairedAdapter), "a kept retrieval model is one"
        similarity = similarity_of(adapter, recipe)
        return Contrastive(adapter, contrast_head(adapter, recipe), similarity=similarity)

    def untrained(self, *, on_features: bool) -> Learner | None:
        if not self.paired.joint:
            return None
        backbone = PairedFeatures() if on_features else self.paired
        head = ContrastHead(self.paired.widths, None, start=own_start(self.paired))
        learner = Contrastive(backbone, head, similarity=self.paired.similarity)
        return learner.to(self.setting.device)

    def why_not_before(self) -> str:
        return NO_SPACE

    # ---------------------------------------------------------------------------- outputs

    def outputs(self, learner: Learner, rows: Prepared) -> Outputs:
        assert isinstance(learner, Contrastive), "made by this objective"
        joint = as_joint(rows)
        found = {}
        for side in SIDES:
            embedded = run_over(
                learner,
                partial(learner.encode, side),
                joint.side(side),
                device=self.setting.device,
                precision=self.setting.recipe.precision,
                batch_size=self.setting.recipe.batch_size,
            )
            lengths = np.linalg.norm(embedded, axis=1, keepdims=True)
            found[side] = embedded / np.maximum(lengths, np.finfo(np.float32).tiny)
        return cast("Outputs", found)

    def validation(self, learner: Learner, split: SplitRows) -> Validation:
        """The loss is the training loss on the split's rows, in batches of the same size."""
        assert isinstance(learner, Contrastive), "made by this objective"
        outputs = self.outputs(learner, split.rows)
        ranked = self._ranked(split, outputs)
        return Validation(
            scores={name: VALUE[name](ranked) for name in self.metrics},
            loss=self._loss(learner, split, outputs),
        )

    def scores(self, stage: Stage, split: SplitRows, outputs: Outputs) -> list[Score]:
        ranked = self._ranked(split, outputs)
        alone = ranked.candidates.groups < 2
        note = "; ".join(filter(None, (split.note, ONE_GROUP if alone else None))) or None
        spans = retrieval_intervals(self.metrics, ranked)
        found = []
        for name in self.metrics:
            span = spans[name]
            found.append(
                Score(
                    stage=stage,
                    split=split.name,
                    metric=name,
                    value=VALUE[name](ranked),
                    count=len(split.examples),
                    low=None if span is None else span.low,
                    high=None if span is None else span.high,
                    interval=None if span is None else span.method,
                    note=note,
                )
            )
        return found

    def baseline(self, split: SplitRows) -> list[Score]:
        """What a random order of the candidates is worth, in closed form."""
        found = self._candidates(split)
        return [
            Score(
                stage="chance",
                split=split.name,
                metric=name,
                value=chance(name, found),
                count=len(split.examples),
                note=split.note,
            )
            for name in self.metrics
        ]

    def predictions(self, split: SplitRows, outputs: Outputs) -> Mapping[str, Any]:
        """query: image or text. id: of the first row with that image or text. group: equal for
        queries of both kinds that depend on each other. rank: from 1, of the best candidate that
        belongs to it."""
        ranked = self._ranked(split, outputs)
        found = ranked.candidates
        ids = split.examples.ids
        return {
            "query": ["image"] * len(found.images) + ["text"] * len(found.texts),
            "id": [ids[row] for row in (*found.images.tolist(), *found.texts.tolist())],
            "group": np.concatenate([found.image_groups, found.text_groups]),
            "rank": np.concatenate([ranked.i2t, ranked.t2i]),
        }

    def answers(self, examples: Examples, outputs: Outputs) -> list[Answer]:
        """For each distinct image all distinct texts."""
        images, _ = distinct(examples, "image")
        texts, _ = distinct(examples, "text")
        names = cast("Sequence[str]", texts.inputs["text"])
        return [*ranked(images.ids, names, outputs["image"], outputs["text"])]

    def _ranked(self, split: SplitRows, outputs: Outputs) -> Ranked:
        return rank_candidates(self._candidates(split), outputs["image"], outputs["text"])

    def _candidates(self, split: SplitRows) -> Candidates:
        """All distinct images and texts of the split, in the order of its rows' sides."""
        joint = as_joint(split.rows)
        groups = split.examples.groups
        return candidates(joint.image_index, joint.text_index, targets_of(split.examples), groups)

    def _loss(self, learner: Contrastive, split: SplitRows, outputs: Outputs) -> float:
        joint = as_joint(split.rows)
        found = JointRows(
            FeatureRows(outputs["image"], "image"),
            FeatureRows(outputs["text"], "text"),
            joint.image_index,
            joint.text_index,
        )
        total = 0.0
        for (batch,) in training_batches(
            found,
            targets_of(split.examples),
            batch_size=self.setting.recipe.batch_size,
            micro_batch=None,
            seed=0,
            epoch=0,
            by_length=False,
        ):
            assert batch.targets is not None, "they were given"
            pairs = Embeddings(
                image=batch.inputs["image.features"], text=batch.inputs["text.features"]
            )
            bias = None if learner.bias is None else learner.bias.detach().cpu()
            logits = cosine_logits(pairs, learner.log_scale.detach().cpu(), bias)
            total += float(LOSSES[learner.similarity](logits, same_but_not_own(batch.targets)))
        return total / len(found)


def contrast_head(adapter: PairedAdapter, recipe: Recipe) -> ContrastHead:
    """The projections and the scale that the recipe describes, with fresh weights.

    A dual encoder whose weights change from the start keeps its own projections, and, with the loss
    that it was made for, its own scale.
    """
    assert recipe.head != "zero_shot", "plan refuses it"
    similarity = similarity_of(adapter, recipe)
    keeps_scale = adapter.joint and similarity == adapter.similarity
    as_a_whole = adapter.joint and not recipe.frozen_at_first
    shape = ProjectionShape(
        layers=recipe.head,
        width=None if adapter.joint else recipe.projection_width,
        hidden=recipe.head_width,
        dropout=recipe.dropout,
        standardise=recipe.frozen_at_first,
    )
    start = own_start(adapter) if keeps_scale else START[similarity]
    return ContrastHead(
        adapter.widths,
        None if as_a_whole else shape,
        start=None if as_a_whole and keeps_scale and adapter.log_scale is not None else start,
    )


def similarity_of(adapter: PairedAdapter, recipe: Recipe) -> Similarity:
    return recipe.similarity or adapter.similarity


def own_start(adapter: PairedAdapter) -> tuple[float, float]:
    """The logarithm of the scale and the bias that a dual encoder has, or else the usual ones."""
    scale, bias = START[adapter.similarity]
    if adapter.log_scale is not None:
        scale = float(adapter.log_scale.detach())
    if adapter.bias is not None:
        bias = float(adapter.bias.detach())
    return scale, bias


def as_joint(rows: Prepared) -> JointRows:
    assert isinstance(rows, JointRows), "a task with images and texts has pairs"
    return rows
