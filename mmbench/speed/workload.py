"""A model with resident synthetic batches, and the step that is timed.

A training step is the loop's own: `Learner.backward`, clipping, the optimizer of a full
fine-tuning. Inference is the encoder's forward under `inference_mode`; of a model of images and
texts both towers, one pair a sample. Nothing of ours in a step waits for a CUDA device; text
encoders of transformers do, once, to see whether their mask hides anything, as in real training.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from mmbench.cards import ModelCard, Recipe
from mmbench.data.batches import Batch, to_device
from mmbench.data.joint import SIDES, JointRows, inputs_of
from mmbench.data.prepared import Prepared
from mmbench.errors import TrialError
from mmbench.heads.classify import ClassifyHead
from mmbench.models.base import Adapter, PairedAdapter
from mmbench.models.loading import load
from mmbench.speed_record import SpeedCase
from mmbench.train.contrastive import Contrastive
from mmbench.train.device import autocast, seed_everything, seed_for
from mmbench.train.learner import Headed, Learner, Place
from mmbench.train.objectives.retrieval import contrast_head, similarity_of
from mmbench.train.optim import make_optimizer
from mmbench.train.strategy import training_mode

BATCHES = 4
"""Different ones in rotation: with one alone, its activations and its rows of the embedding might
stay in caches that real data would not find warm."""

CLASSES = 10
DRAIN_STEPS = 256

RECIPE = Recipe(
    name="speed",
    description={"en": "The step of the recipe full, at a rate that leaves noise harmless."},
    strategy="full",
    learning_rates=(1e-6,),
    epochs=1,
    projection_width=256,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one step did. tokens: real ones; padded_tokens: those that were computed."""

    samples: int
    tokens: int
    padded_tokens: int
    images: int
    audio_seconds: float = 0.0


class Workload:
    """Made by `build`. adapter: the model, on the device. learner: with its head and its loss;
    `batches` are there too, so that whoever counts FLOPs or memory can run parts of a step."""

    def __init__(
        self, case: SpeedCase, device: torch.device, learner: Learner, batches: list[Batch]
    ) -> None:
        self.case = case
        self.device = device
        self.learner = learner
        self.batches = batches
        recipe = replace(RECIPE, precision=case.precision, batch_size=case.batch_size)
        self.optimizer: torch.optim.Optimizer | None = None
        self._place = Place(
            device=device,
            move=lambda batch: batch,  # it lies there already
            autocast=lambda: autocast(device, case.precision),
        )
        self._steps = 0
        if case.mode == "train":
            training_mode(learner, recipe)
            self.optimizer = make_optimizer(learner.parameters(), recipe, recipe.learning_rates[0])
        else:
            learner.eval()

    @property
    def adapter(self) -> Adapter:
        assert isinstance(self.learner.backbone, Adapter), "build puts one there"
        return self.learner.backbone

    def step(self) -> Work:
        """One training step, or one batch of inference; it may return before a GPU has done it."""
        batch = self.batches[self._steps % len(self.batches)]
        self._steps += 1
        if self.case.mode == "train":
            self._train(batch)
        else:
            self.infer(batch)
        return work_of(self.case.model, batch)

    def loss(self, batch: Batch) -> Tensor:
        """The mean loss of a batch with its graph: [], for counting what a step computes."""
        with self._place.autocast():
            return self.learner.loss(batch) / self.learner.count(batch)

    def encode(self, batch: Batch) -> list[Tensor]:
        """The features of a batch, one tensor a side: [B, D]; with a graph where the caller has."""
        with self._place.autocast():
            adapter = self.adapter
            if not isinstance(adapter, PairedAdapter):
                return [adapter(batch.inputs).pooled]
            return [adapter.encode(side, inputs_of(side, batch.inputs)) for side in SIDES]

    @torch.inference_mode()
    def infer(self, batch: Batch) -> list[Tensor]:
        return self.encode(batch)

    def _train(self, batch: Batch) -> None:
        assert self.optimizer is not None, "a training workload has one"
        self.learner.backward([batch], self._place)
        if RECIPE.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.learner.parameters(), RECIPE.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.learner.after_step()
        if self._steps % DRAIN_STEPS == 0:
            self.learner.take_in_batch()  # which the loop does at each validation; it grows else


def build(case: SpeedCase, device: torch.device, *, seed: int = 0) -> Workload:
    """The case's model, with its weights (its own, or drawn from `seed`) and batches, on `device`.

    CardError or TrialError where the card is wrong, its files are missing, or it takes no batch of
    this size of text or image.
    """
    return fill(case, load_learner(case, device, seed=seed), device, seed=seed)


def load_learner(case: SpeedCase, device: torch.device, *, seed: int = 0) -> Learner:
    """The model with a head, on `device`; it serves any batch size, mode and precision."""
    adapter = load(_sized(case), seed=seed_for(seed, "weights"))
    seed_everything(seed, "speed")
    return _learner(adapter).to(device)


def fill(case: SpeedCase, learner: Learner, device: torch.device, *, seed: int = 0) -> Workload:
    """The workload of a learner that is loaded."""
    assert isinstance(learner.backbone, Adapter), "load_learner puts one there"
    count = BATCHES * case.batch_size
    rows = learner.backbone.random_rows(count, seed=seed, tokens=case.tokens)
    batches = [to_device(batch, device) for batch in _batches(rows, case.batch_size, seed)]
    return Workload(case, device, learner, batches)


def work_of(model: ModelCard, batch: Batch) -> Work:
    """What a batch holds; a model of images alone has no tokens."""
    has_text = "text" in model.modalities
    rate = None if model.audio is None else model.audio.sampling_rate
    return Work(
        samples=batch.samples,
        tokens=batch.tokens if has_text else 0,
        padded_tokens=batch.padded_tokens if has_text else 0,
        images=batch.samples if "image" in model.modalities else 0,
        audio_seconds=batch.tokens / rate if rate else 0.0,
    )


def _sized(case: SpeedCase) -> ModelCard:
    """The card, its images and sounds of the size that the case asks for."""
    card = case.model
    if case.audio_seconds is not None and card.audio is not None:
        card = replace(card, audio=replace(card.audio, max_seconds=case.audio_seconds))
    if case.image_size is None or card.image is None:
        return card
    return replace(card, image=replace(card.image, size=case.image_size))


def _learner(adapter: Adapter) -> Learner:
    if isinstance(adapter, PairedAdapter):
        head = contrast_head(adapter, RECIPE)
        return Contrastive(adapter, head, similarity=similarity_of(adapter, RECIPE))
    if "pooled" not in adapter.card.gives:
        raise TrialError(f"{adapter.card.name}: gives no pooled features, so no head goes on it")
    head_of_classes = ClassifyHead(adapter.width, CLASSES, dropout=RECIPE.dropout)
    return Headed(adapter, head_of_classes, label_smoothing=RECIPE.label_smoothing)


def _batches(rows: Prepared, size: int, seed: int) -> list[Batch]:
    """BATCHES of `size` rows. Targets: a class a row; of pairs, for the contrastive loss, a key of
    its own for each, so that none belongs to another."""
    lengths = np.asarray(rows.lengths)
    drawn = np.random.default_rng((seed, 3)).integers(CLASSES, size=len(rows))
    targets = np.arange(len(rows)) if isinstance(rows, JointRows) else drawn
    found = []
    for start in range(0, len(rows), size):
        indices = list(range(start, start + size))
        chosen = lengths[start : start + size]
        found.append(
            Batch(
                inputs=rows.collate(indices),
                targets=torch.from_numpy(targets[start : start + size].astype(np.int64)),
                indices=indices,
                samples=size,
                tokens=int(chosen.sum()),
                padded_tokens=size * (rows.padded_to or int(chosen.max())),
            )
        )
    return found
