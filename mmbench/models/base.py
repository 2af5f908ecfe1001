"""The one interface between the models and everything that trains, times or reads them."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from torch import Tensor, nn

from mmbench.cards import ModelCard, Recipe, Side, TaskCard
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.prepared import Inputs, Prepared
from mmbench.errors import TrialError
from mmbench.models.layers import Layers, layers_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What an adapter makes of a batch.

    pooled: [B, D] float. tokens: [B, T, D] float and mask: [B, T] bool (True at real tokens),
    where the model has them.
    """

    pooled: Tensor
    tokens: Tensor | None = None
    mask: Tensor | None = None


class Adapter(nn.Module):
    """A model with its own preprocessing. Made by `models.loading.load(card)`, in eval mode.

    width: D of the pooled features. batch_statistics: the model holds BatchNorm layers, whose
    training-mode output depends on the other rows of a batch. towers_in_it: how many stacks of
    blocks stand side by side.
    """

    card: ModelCard
    width: int
    batch_statistics: bool
    towers_in_it: int = 1

    @classmethod
    @abstractmethod
    def from_card(cls, card: ModelCard) -> Self:
        """The model with its weights, on the CPU, in float32.

        Random weights come from torch's default generator, which `load` has seeded and restores.
        CardError or TrialError where the card or its files are wrong.
        """

    def for_task(self, task: TaskCard, recipe: Recipe) -> None:
        """Take what a model that answers in words is told: its language, its prompts. Called once,
        before anything else is asked."""
        return

    def learn_vocabulary(self, train: Examples) -> bytes | None:
        """Train the tokenizer, if the card asks for one that is trained on the training split.

        Called once, before anything is prepared. Gives the tokenizer.json to be kept with the
        record; None, and nothing is done, for a model whose tokenizer is given.
        """
        return None

    @abstractmethod
    def prepare(self, examples: Examples, cache: Cache) -> Prepared:
        """Tokenise, or decode and resize, every row once; from the cache where it is known.

        DataError names the rows that cannot be read.
        """

    def random_rows(self, count: int, *, seed: int, tokens: int | None) -> Prepared:
        """Synthetic rows that the model takes, to be timed on: no tokenizer and no file is needed.

        tokens: of every text, None for a model of images alone. The work is that of real rows of
        that size; what the model makes of them means nothing. TrialError if it cannot.
        """
        raise TrialError(
            f"{self.card.name}: its adapter makes no synthetic rows, so its speed cannot be timed "
            f"alone; give {type(self).__name__} a method random_rows"
        )

    @abstractmethod
    def forward(self, inputs: Inputs) -> Features:
        """Features of a collated batch on the module's own device."""

    def pieces(self) -> Iterator[tuple[ModelCard, nn.Module]]:
        """The models that it is made of, each with the card that describes it: itself, or those of
        its parts, which it holds in `parts`."""
        if not self.card.parts:
            yield self.card, self
            return
        parts = self.get_submodule("parts")
        for side, card in self.card.parts.items():
            yield card, parts.get_submodule(side)

    def fresh(self) -> Sequence[nn.Module]:
        """Modules of the backbone that nobody has trained before (a block that fuses two encoders):
        they train with the head where the rest is frozen."""
        return ()

    def layers(self) -> Layers:
        """Its blocks from the input to the output, and what stands below and above them.

        Found by the structure of the model; TrialError if nothing in it repeats. A model that
        stacks its blocks in another way overrides it.
        """
        try:
            return layers_of(self, towers=self.towers_in_it)
        except ValueError as error:
            raise TrialError(
                f"{self.card.name}: no blocks are known: {error}; give {type(self).__name__} a "
                "method layers"
            ) from error

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the backbone so that its own library loads the folder, weights as safetensors."""


class PairedAdapter(Adapter):
    """A model that turns an image into one vector and a text into another.

    `prepare` gives `JointRows` where the examples have both inputs. `encode` takes the inputs of
    one side alone, as that side's rows collate them.

    joint: both lie in one space from the start (a dual encoder; D_image = D_text = width).
    log_scale, bias: what a dual encoder multiplies and adds to cosines before its loss, as
    parameters that `full` trains; None where there are none. similarity: the loss it was made for.
    """

    towers_in_it: int = 2
    widths: Mapping[Side, int]
    joint: bool
    similarity: Literal["softmax", "sigmoid"]
    log_scale: nn.Parameter | None
    bias: nn.Parameter | None

    @abstractmethod
    def encode(self, side: Side, inputs: Inputs) -> Tensor:
        """[B, widths[side]] of one side's inputs, not normalised."""

    @abstractmethod
    def encoder_card(self, side: Side) -> ModelCard:
        """The card whose weights and rules `encode(side, …)` depends on: a part's, or its own."""


def has_batch_statistics(module: nn.Module) -> bool:
    """Whether any layer normalises by the statistics of the batch (BatchNorm of any kind)."""
    return any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in module.modules())
