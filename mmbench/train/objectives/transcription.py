"""Speech recognition by a head on the frames of an encoder (CTC)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbench.answers import Answer, Generated
from mmbench.cards import Recipe, TaskCard
from mmbench.data.batches import Batch, RowTargets, evaluation_batches, to_device
from mmbench.data.columns import name_some
from mmbench.data.examples import Examples, LabelSets, TaskData
from mmbench.data.prepared import Prepared
from mmbench.data.ragged import Ragged
from mmbench.data.views import Subset, rows_at, spread
from mmbench.errors import CardError, DataError, Diverged
from mmbench.heads.ctc import CtcHead, collapse, frames_needed
from mmbench.metrics import transcription
from mmbench.metrics.normalise import normalise
from mmbench.models.base import Adapter
from mmbench.models.clips import ClipRows
from mmbench.records import Score, Stage
from mmbench.train import strategy
from mmbench.train.device import autocast, seed_everything
from mmbench.train.evaluate import Validation
from mmbench.train.features import Extracted
from mmbench.train.learner import Learner
from mmbench.train.objectives.base import Objective, Outputs, SplitRows
from mmbench.train.objectives.classification import classify_head
from mmbench.train.objectives.constant_text import constant_answer
from mmbench.train.objectives.pooled import NO_HEAD, columns_of, validated
from mmbench.train.objectives.scores import score_records
from mmbench.train.setting import Setting
from mmbench.train.transcriber import Transcriber, frame_features

IDS = "ids"
NONE = 0
"""What stands behind the last character of an answer: the blank, which is none."""

STANDARDISE_ROWS = 64
"""Training clips of whose frames the statistics of frozen features are taken, at even distances."""


class Transcription(Objective):
    """Outputs: ids [N, L] int32, 1 + the place of each character among the labels, 0 behind the
    last one.

    References are normalised as the task card says before they are learnt; the characters of the
    training references are the labels.
    """

    def __init__(self, adapter: Adapter, data: TaskData, setting: Setting) -> None:
        super().__init__(adapter, data, setting)
        if setting.recipe.label_smoothing:
            raise CardError(
                f"recipe {setting.recipe.name}: label_smoothing is not used by CTC; remove it"
            )
        self.characters = [str(c) for c in data.labels] or self._characters_of_training()

    @property
    def labels(self) -> LabelSets:
        return LabelSets(labels=tuple(self.characters))

    # --------------------------------------------------------------------------- learners

    def targets(self, examples: Examples) -> Ragged:
        """Classes of the characters; those that training does not have are left out."""
        place = {character: 1 + i for i, character in enumerate(self.characters)}
        return Ragged.of([[place[c] for c in row if c in place] for row in self._known(examples)])

    def features(self, rows: Prepared) -> Extracted:
        raise AssertionError("plan refuses probes of frames")

    def learner(self, train: Prepared, extracted: Extracted | None) -> Learner:
        """Before the head, a frozen backbone's features are standardised by the frames of up to 64
        training clips. DataError names clips that are too short for their transcripts."""
        short = self._too_short(self.data.splits["train"], train)
        if short.any():
            ids = [i for i, bad in zip(self.data.splits["train"].ids, short, strict=True) if bad]
            raise DataError(
                f"task {self.setting.task.name}: {len(ids)} of {len(train)} training clips give "
                f"{self.adapter.card.name} fewer frames than CTC needs to spell their transcripts: "
                f"{name_some(ids)}. Remove them, or raise audio.max_seconds if it cut them."
            )
        seed_everything(self.setting.seed, "head")
        recipe, adapter = self.setting.recipe, self.adapter
        head = CtcHead(classify_head(adapter, recipe, 1 + len(self.characters)))
        if head.layers.standardise is not None:
            head.layers.standardise.fit(self._some_frames(train))
        learner = Transcriber(adapter, head)
        strategy.freeze(learner, recipe)
        return learner.to(self.setting.device)

    def whole(self, learner: Learner) -> Learner:
        return learner

    @classmethod
    def empty_learner(
        cls, adapter: Adapter, task: TaskCard, recipe: Recipe, labels: LabelSets
    ) -> Learner:
        return Transcriber(adapter, CtcHead(classify_head(adapter, recipe, 1 + len(labels.labels))))

    def untrained(self, *, on_features: bool) -> Learner | None:
        return None

    def why_not_before(self) -> str:
        return NO_HEAD

    # ---------------------------------------------------------------------------- outputs

    def outputs(self, learner: Learner, rows: Prepared) -> Outputs:
        """Of the likeliest class of each frame, not of the likeliest transcript."""
        paths = self._over(learner, rows, None, lambda batch: learner.predict(batch.inputs))
        if any(-1 in path for path in paths):
            raise Diverged("the model's outputs are not finite; lower the learning rate")
        found = Ragged.of([collapse(path.tolist()) for path in paths])
        return {IDS: found.padded(range(len(found)), fill=NONE).astype(np.int32)}

    def validation(self, learner: Learner, split: SplitRows) -> Validation:
        """The loss is −log p(transcript) in nats a character, of the clips that the model can
        spell; see `_spelled`."""
        texts = self._texts(self.outputs(learner, split.rows))
        measures = self._measures(split.examples, texts)
        return validated(measures, self._loss(learner, split))

    def scores(self, stage: Stage, split: SplitRows, outputs: Outputs) -> list[Score]:
        unseen, count = self._unseen(split.examples)
        if unseen:
            note = f"{unseen} of {count} characters of the references stand in no training text"
            split = replace(split, note="; ".join(filter(None, (split.note, note))))
        return score_records(stage, split, self._measures(split.examples, self._texts(outputs)))

    def baseline(self, split: SplitRows) -> list[Score]:
        """The same transcript for every clip, see `constant_answer`."""
        said = constant_answer(self._known(self.data.splits["train"]))
        measures = self._measures(split.examples, [said] * len(split.examples))
        return score_records(self.kind.baseline, split, measures)

    def predictions(self, split: SplitRows, outputs: Outputs) -> Mapping[str, Any]:
        """target, predicted: texts, the target as it stands in the data."""
        return columns_of(
            split, target=list(references_of(split.examples)), predicted=self._texts(outputs)
        )

    def answers(self, examples: Examples, outputs: Outputs) -> list[Answer]:
        texts = self._texts(outputs)
        return [Generated(id=i, text=text) for i, text in zip(examples.ids, texts, strict=True)]

    # ---------------------------------------------------------------------------- helpers

    def _known(self, examples: Examples) -> list[str]:
        """The references as they are learnt and compared."""
        steps = self.setting.task.target.normalise
        return [normalise(text, steps) for text in references_of(examples)]

    def _characters_of_training(self) -> list[str]:
        train = self.data.splits["train"]
        texts = self._known(train)
        empty = [name for name, text in zip(train.ids, texts, strict=True) if not text]
        if empty:
            raise DataError(
                f"task {self.setting.task.name}: normalising leaves nothing of the transcript of "
                f"{len(empty)} training clips: {name_some(empty)}. Remove these rows."
            )
        return sorted(set("".join(texts)))

    def _texts(self, outputs: Outputs) -> list[str]:
        return ["".join(self.characters[i - 1] for i in row if i) for row in outputs[IDS].tolist()]

    def _measures(self, examples: Examples, texts: Sequence[str]) -> dict[str, Any]:
        steps = self.setting.task.target.normalise
        return transcription.measures(self.metrics, references_of(examples), texts, steps=steps)

    def _unseen(self, examples: Examples) -> tuple[int, int]:
        """Characters of the references that the head cannot say, and all of them."""
        known, spoken = set(self.characters), "".join(self._known(examples))
        return sum(character not in known for character in spoken), len(spoken)

    def _too_short(self, examples: Examples, rows: Prepared) -> NDArray[np.bool_]:
        """[N] whether a clip has fewer frames than its transcript needs. Of rows that do not say
        how many they have, none is taken to be."""
        needed = frames_needed(self.targets(examples))
        return needed > rows.frames if isinstance(rows, ClipRows) else np.zeros(len(rows), bool)

    def _loss(self, learner: Learner, split: SplitRows) -> float:
        """Of clips with a character that training lacks, or too short, the loss would be infinite:
        they are left out of it (and of nothing else). DataError if none is left."""
        assert isinstance(learner, Transcriber), "made by this objective"
        known = set(self.characters)
        spelled = np.array([bool(t) and set(t) <= known for t in self._known(split.examples)])
        kept = np.flatnonzero(spelled & ~self._too_short(split.examples, split.rows))
        if not len(kept):
            raise DataError(
                f"task {self.setting.task.name}: no transcript of split {split.name!r} can be "
                "spelled with the characters of the training split"
            )
        targets = self.targets(split.examples).take(kept)
        losses = self._over(learner, rows_at(split.rows, kept), targets, learner.losses)
        total = float(np.sum(losses))
        if not np.isfinite(total):
            raise Diverged("the validation loss is not finite; lower the learning rate")
        return total / len(targets.values)

    @torch.inference_mode()
    def _over(
        self,
        learner: Learner,
        rows: Prepared,
        targets: RowTargets,
        answer: Callable[[Batch], Tensor],
    ) -> list[NDArray[Any]]:
        """What `answer` gives for every row, [B, …] a batch, in the order of the rows. In eval
        mode, whatever the mode before."""
        setting, training = self.setting, learner.training
        learner.eval()
        found: list[NDArray[Any]] = [np.zeros(0)] * len(rows)
        for batch in evaluation_batches(rows, targets, batch_size=setting.recipe.batch_size):
            with autocast(setting.device, setting.recipe.precision):
                answered = answer(to_device(batch, setting.device)).cpu().numpy()
            for index, row in zip(batch.indices, answered, strict=True):
                found[index] = row
        learner.train(training)
        return found

    @torch.inference_mode()
    def _some_frames(self, train: Prepared) -> Tensor:
        """[F, D] features of a frozen backbone."""
        setting, adapter = self.setting, self.adapter.eval()
        frames = []
        some = Subset(train, spread(len(train), STANDARDISE_ROWS))
        for batch in evaluation_batches(some, None, batch_size=setting.recipe.batch_size):
            with autocast(setting.device, setting.recipe.precision):
                tokens, real = frame_features(adapter, to_device(batch, setting.device).inputs)
            frames += [row[:count].float().cpu() for row, count in zip(tokens, real, strict=True)]
        return torch.cat(frames)


def references_of(examples: Examples) -> tuple[str, ...]:
    assert isinstance(examples.targets, tuple), "the splits of such a task carry texts"
    return examples.targets
