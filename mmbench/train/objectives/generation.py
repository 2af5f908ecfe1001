"""Answers in words: captions, answers to questions about an image, transcripts by a model that
writes them."""

import copy
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from mmbench.answers import Answer, Generated
from mmbench.cards import Recipe, TaskCard
from mmbench.data.examples import Examples, LabelSets, TaskData
from mmbench.data.prepared import Prepared
from mmbench.data.views import rows_at, spread
from mmbench.digests import digest_of
from mmbench.errors import Diverged
from mmbench.metrics import generation, transcription
from mmbench.metrics.normalise import normalise
from mmbench.metrics.resampling import Measures, known_values
from mmbench.models.base import Adapter
from mmbench.models.generative import GenerativeAdapter
from mmbench.models.generative_rows import GenerationRows
from mmbench.records import Score, Stage
from mmbench.train import strategy
from mmbench.train.evaluate import Validation, run_over
from mmbench.train.features import Extracted, extract
from mmbench.train.generation import Generative
from mmbench.train.learner import Learner
from mmbench.train.objectives.base import Objective, Outputs, SplitRows
from mmbench.train.objectives.constant_text import constant_answer
from mmbench.train.objectives.scores import score_records
from mmbench.train.setting import Setting

RANDOM = "random weights: nothing is said before training"
ENCODER_FROZEN = ("probe", "head")
VALIDATION_ROWS = 256
"""Rows, at even distances, that weights are chosen by: writing costs a forward pass a token."""

IDS = "ids"


class Generation(Objective):
    """Outputs: ids [N, max_new_tokens] int32 of the answers, padded.

    `head` and `probe` freeze the encoder and train the decoder; `probe` computes once what the
    decoder attends to.
    """

    def __init__(self, adapter: Adapter, data: TaskData, setting: Setting) -> None:
        if setting.recipe.strategy in ENCODER_FROZEN:  # the decoder is written into
            adapter = copy.deepcopy(adapter)
        super().__init__(adapter, data, setting)

    @property
    def writer(self) -> GenerativeAdapter:
        assert isinstance(self.adapter, GenerativeAdapter), "plan refuses other models"
        return self.adapter

    # --------------------------------------------------------------------------- learners

    def targets(self, examples: Examples) -> None:
        return

    def features(self, rows: Prepared) -> Extracted:
        """What the decoder attends to, [N, T × D]."""
        assert isinstance(rows, GenerationRows), "made by the adapter"
        self.writer.check_remembers()
        identity = self.setting.identities
        known = identity.get("image", identity["whole"])
        media, done = extract(
            self.adapter,
            lambda inputs: self.writer.memory(inputs).flatten(1),
            rows.media,
            digest_of([known, "what a decoder attends to"]),
            self.setting,
        )
        kept = replace(rows, media=media, digest=digest_of([rows.digest, media.digest]))
        return Extracted(rows=kept, passes={"": done})

    def learner(self, train: Prepared, extracted: Extracted | None) -> Learner:
        recipe = self.setting.recipe
        frozen = recipe.strategy in ENCODER_FROZEN
        learner = Generative(
            self.writer, encoder_frozen=frozen, label_smoothing=recipe.label_smoothing
        )
        self.writer.requires_grad_(True)
        strategy.freeze(learner, recipe)
        return learner.to(self.setting.device)

    def whole(self, learner: Learner) -> Learner:
        return Generative(self.writer)

    @classmethod
    def empty_learner(
        cls, adapter: Adapter, task: TaskCard, recipe: Recipe, labels: LabelSets
    ) -> Learner:
        assert isinstance(adapter, GenerativeAdapter), "a kept model that writes is one"
        return Generative(adapter)

    def untrained(self, *, on_features: bool) -> Learner | None:
        if self.adapter.card.start != "pretrained":
            return None
        return Generative(self.writer).to(self.setting.device)

    def why_not_before(self) -> str:
        return RANDOM

    # ---------------------------------------------------------------------------- outputs

    def outputs(self, learner: Learner, rows: Prepared) -> Outputs:
        return {IDS: self._over(learner, learner.predict, rows).astype(np.int32)}

    def validation(self, learner: Learner, split: SplitRows) -> Validation:
        """On up to 256 rows. The loss is the mean over the tokens of their answers, in nats."""
        assert isinstance(learner, Generative), "made by this objective"
        some = spread(len(split.examples), VALIDATION_ROWS)
        rows, examples = rows_at(split.rows, some), split.examples.take(some)
        assert isinstance(split.rows, GenerationRows), "made by the adapter"
        assert split.rows.answers is not None, "the splits of a task carry targets"
        sums = self._over(learner, learner.sums, rows)
        if not np.isfinite(sums).all():
            raise Diverged("the validation loss is not finite; lower the learning rate")
        texts = self.writer.texts(self.outputs(learner, rows)[IDS])
        return Validation(
            scores=known_values(self._measures(references_of(examples), texts)),
            loss=float(sums.sum() / split.rows.answers.lengths[some].sum()),
        )

    def scores(self, stage: Stage, split: SplitRows, outputs: Outputs) -> list[Score]:
        texts = self.writer.texts(outputs[IDS])
        return score_records(stage, split, self._measures(references_of(split.examples), texts))

    def baseline(self, split: SplitRows) -> list[Score]:
        """What is said most often in training: to the same question, where there are questions. Of
        transcripts, most of which differ, the one that is nearest to all (`constant_answer`)."""
        train = self.data.splits["train"]
        if self.setting.task.kind == "transcription":
            steps = self.setting.task.target.normalise
            known = [normalise(text, steps) for text in references_of(train)]
            texts = [constant_answer(known)] * len(split.examples)
        else:
            texts = most_frequent(train, split.examples)
        measures = self._measures(references_of(split.examples), texts)
        return score_records(self.kind.baseline, split, measures)

    def predictions(self, split: SplitRows, outputs: Outputs) -> Mapping[str, Any]:
        """target, predicted: texts. group: equal for rows that depend on each other, where the task
        has groups."""
        groups = split.examples.groups
        return {
            "id": list(split.examples.ids),
            **({} if groups is None else {"group": list(groups)}),
            "target": list(references_of(split.examples)),
            "predicted": list(self.writer.texts(outputs[IDS])),
        }

    def answers(self, examples: Examples, outputs: Outputs) -> list[Answer]:
        texts = self.writer.texts(outputs[IDS])
        return [Generated(id=i, text=t) for i, t in zip(examples.ids, texts, strict=True)]

    # ---------------------------------------------------------------------------- helpers

    def _measures(self, references: Sequence[str], texts: Sequence[str]) -> Measures:
        task = self.setting.task
        steps = task.target.normalise
        if task.kind == "transcription":
            return transcription.measures(self.metrics, references, texts, steps=steps)
        return generation.measures(
            task.kind, self.metrics, references, texts, languages=task.languages, steps=steps
        )

    def _over(self, learner: Learner, answer: Callable[..., Any], rows: Prepared) -> Any:
        return run_over(
            learner,
            answer,
            rows,
            device=self.setting.device,
            precision=self.setting.recipe.precision,
            batch_size=self.setting.recipe.batch_size,
        )


def references_of(examples: Examples) -> tuple[str, ...]:
    assert isinstance(examples.targets, tuple), "a task that is answered in words has texts"
    return examples.targets


def most_frequent(train: Examples, asked: Examples) -> list[str]:
    """For each row of `asked` the commonest answer of the training rows with the same question; of
    all, where none has it or there are no questions. Of equally common ones the first in order."""
    counts = Counter(references_of(train))
    overall = min(counts, key=lambda text: (-counts[text], text))
    questions = cast("Sequence[str] | None", train.inputs.get("text"))
    if questions is None:
        return [overall] * len(asked)
    by_question: dict[str, Counter[str]] = {}
    for question, answer in zip(questions, references_of(train), strict=True):
        by_question.setdefault(question, Counter())[answer] += 1
    best = {
        question: min(found, key=lambda text: (-found[text], text))
        for question, found in by_question.items()
    }
    return [best.get(q, overall) for q in cast("Sequence[str]", asked.inputs["text"])]
