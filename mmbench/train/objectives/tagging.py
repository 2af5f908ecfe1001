"""A tag a word in training (names in texts, parts of speech)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mmbench.answers import Answer, Span, Tagged
from mmbench.cards import Recipe, TaskCard
from mmbench.data.examples import Examples, LabelSets, TaskData, Words
from mmbench.data.prepared import Prepared
from mmbench.data.ragged import Ragged
from mmbench.data.views import Subset, spread
from mmbench.data.words import text_of, words_of
from mmbench.errors import DataError
from mmbench.heads.tag import TagHead
from mmbench.metrics import tagging
from mmbench.metrics.tagging import entities
from mmbench.models.base import Adapter
from mmbench.records import ClassScore, Score, Stage
from mmbench.train import strategy
from mmbench.train.device import seed_everything
from mmbench.train.evaluate import Validation
from mmbench.train.features import Extracted
from mmbench.train.learner import Learner
from mmbench.train.objectives.base import Objective, Outputs, SplitRows
from mmbench.train.objectives.classification import classify_head, log_loss
from mmbench.train.objectives.pooled import NO_HEAD, columns_of, validated
from mmbench.train.objectives.scores import score_records
from mmbench.train.setting import Setting
from mmbench.train.tagger import Tagger, word_features
from mmbench.train.words import run_over_words

LOGITS, READ = "logits", "read"
OUTSIDE = "O"
STANDARDISE_ROWS = 256
"""Training rows of whose words the statistics of frozen features are taken, at even distances."""

Tags = Sequence[Sequence[str]]


class Tagging(Objective):
    """Outputs, of the words of all rows behind each other (M): logits [M, C], read [M], whether
    the word has a token. A word without one is tagged `O`: it is cut off, or of characters that
    the tokenizer drops."""

    def __init__(self, adapter: Adapter, data: TaskData, setting: Setting) -> None:
        super().__init__(adapter, data, setting)
        self.tags = [str(label) for label in data.labels]
        where = f"task {setting.task.name}"
        if OUTSIDE not in self.tags:
            raise DataError(
                f"{where}: tagging needs the tag O, of words outside of entities, among the tags; "
                f"there are {', '.join(self.tags)}"
            )
        try:
            entities(self.tags)
        except ValueError as error:
            raise DataError(f"{where}: {error}") from None
        self.outside = self.tags.index(OUTSIDE)

    def features(self, rows: Prepared) -> Extracted:
        raise AssertionError("plan refuses probes of tokens")

    def learner(self, train: Prepared, extracted: Extracted | None) -> Learner:
        """Before the head, a frozen backbone's features are standardised by the words of up to 256
        training rows."""
        recipe, adapter = self.setting.recipe, self.adapter
        seed_everything(self.setting.seed, "head")
        head = TagHead(classify_head(adapter, recipe, len(self.tags)))
        if head.layers.standardise is not None:
            some = Subset(train, spread(len(train), STANDARDISE_ROWS))
            words = run_over_words(
                adapter, lambda inputs: word_features(adapter, inputs), some, self.setting
            )
            head.layers.standardise.fit(words.known)
        learner = Tagger(adapter, head, label_smoothing=recipe.label_smoothing)
        strategy.freeze(learner, recipe)
        return learner.to(self.setting.device)

    def whole(self, learner: Learner) -> Learner:
        return learner

    @classmethod
    def empty_learner(
        cls, adapter: Adapter, task: TaskCard, recipe: Recipe, labels: LabelSets
    ) -> Learner:
        head = TagHead(classify_head(adapter, recipe, len(labels.labels)))
        return Tagger(adapter, head, label_smoothing=0.0)

    def untrained(self, *, on_features: bool) -> Learner | None:
        return None

    def why_not_before(self) -> str:
        return NO_HEAD

    # ---------------------------------------------------------------------------- outputs

    def outputs(self, learner: Learner, rows: Prepared) -> Outputs:
        found = run_over_words(learner, learner.predict, rows, self.setting)
        return {LOGITS: found.values, READ: found.read}

    def validation(self, learner: Learner, split: SplitRows) -> Validation:
        """The loss is the mean cross-entropy in nats over the words that have a token."""
        outputs = self.outputs(learner, split.rows)
        read, known = outputs[READ], targets_of(split.examples)
        measures = tagging.measures(
            self.metrics, self._named(known), self._predicted(known.offsets, outputs)
        )
        return validated(
            measures, float(log_loss(outputs[LOGITS][read], known.values[read]).mean())
        )

    def scores(self, stage: Stage, split: SplitRows, outputs: Outputs) -> list[Score]:
        read = outputs[READ]
        if not read.all():
            note = f"{np.count_nonzero(~read)} of {len(read)} words have no token and count as O"
            split = replace(split, note="; ".join(filter(None, (split.note, note))))
        predicted = self._predicted(targets_of(split.examples).offsets, outputs)
        return self._scores(stage, split, predicted)

    def baseline(self, split: SplitRows) -> list[Score]:
        """Each word's most frequent tag in the training split (the first of the labels, if several
        are), `O` for a word that does not stand there."""
        train = self.data.splits["train"]
        counts: dict[str, Counter[str]] = {}
        for words, tags in zip(_words(train), self._named(targets_of(train)), strict=True):
            for word, tag in zip(words, tags, strict=True):
                counts.setdefault(word, Counter())[tag] += 1
        most = {word: max(self.tags, key=lambda tag: found[tag]) for word, found in counts.items()}
        predicted = [[most.get(word, OUTSIDE) for word in row] for row in _words(split.examples)]
        return self._scores("word_majority", split, predicted)

    def predictions(self, split: SplitRows, outputs: Outputs) -> Mapping[str, Any]:
        """target, predicted: lists of class indices, one a word."""
        known = targets_of(split.examples)
        predicted = Ragged(self._indices(outputs), known.offsets)
        return columns_of(split, target=known.rows(), predicted=predicted.rows())

    def answers(self, examples: Examples, outputs: Outputs) -> list[Answer]:
        rows = _words(examples)
        offsets = np.cumsum([0, *map(len, rows)])
        found: list[Answer] = []
        for identity, words, tags in zip(
            examples.ids, rows, self._predicted(offsets, outputs), strict=True
        ):
            spans = tuple(
                Span(
                    start=entity.start,
                    end=entity.end,
                    type=entity.type,
                    text=text_of(words[entity.start : entity.end]),
                )
                for entity in entities(tags)
            )
            found.append(Tagged(id=identity, words=words, tags=tuple(tags), spans=spans))
        return found

    def given(self, examples: Examples) -> Examples:
        """Whole texts are cut into words, see `words_of`."""
        cells = cast("Sequence[str | Words]", examples.inputs["text"])
        cut = [words_of(cell) if isinstance(cell, str) else cell for cell in cells]
        return replace(examples, inputs={"text": cut})

    def classes(self, split: SplitRows, outputs: Outputs) -> list[ClassScore]:
        """Of each type of entity, whole entities."""
        known = targets_of(split.examples)
        reports = tagging.type_report(self._named(known), self._predicted(known.offsets, outputs))
        return [
            ClassScore(
                split=split.name,
                label=name,
                precision=report.precision,
                recall=report.recall,
                f1=report.f1,
                support=report.support,
            )
            for name, report in reports.items()
        ]

    # ---------------------------------------------------------------------------- helpers

    def _scores(self, stage: Stage, split: SplitRows, predicted: Tags) -> list[Score]:
        known = self._named(targets_of(split.examples))
        return score_records(stage, split, tagging.measures(self.metrics, known, predicted))

    def _indices(self, outputs: Outputs) -> NDArray[np.int64]:
        """[M] the tags that are answered."""
        return np.where(outputs[READ], outputs[LOGITS].argmax(1), self.outside)

    def _predicted(self, offsets: NDArray[np.int64], outputs: Outputs) -> list[list[str]]:
        return self._named(Ragged(self._indices(outputs), offsets))

    def _named(self, tags: Ragged) -> list[list[str]]:
        return [[self.tags[tag] for tag in row.tolist()] for row in tags.rows()]


def targets_of(examples: Examples) -> Ragged:
    assert isinstance(examples.targets, Ragged), "the splits of such a task carry tags"
    return examples.targets


def _words(examples: Examples) -> Sequence[Words]:
    return cast("Sequence[Words]", examples.inputs["text"])
