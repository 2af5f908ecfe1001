"""Masked language modelling: tokens are hidden, and a text encoder guesses them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mmbench.cards import RandomModel
from mmbench.data.batches import Batch
from mmbench.data.prepared import Inputs, Prepared, PreparedFacts
from mmbench.errors import TrialError
from mmbench.models.base import Adapter
from mmbench.train.learner import Learner

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

LABELS = "mlm_labels"
IGNORED = -100
HIDDEN, REPLACED = 0.8, 0.9
"""Of the chosen tokens 80 % become the mask, 10 % another token, and 10 % stay (Devlin et al. 2019,
arXiv:1810.04805, section 3.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    """share: of the tokens that are to be guessed. special: ids that never are."""

    share: float
    mask_id: int
    entries: int
    special: frozenset[int]


def masking_of(tokenizer: "PreTrainedTokenizerFast", share: float, where: str) -> Masking:
    """TrialError where the tokenizer has no token to hide others behind."""
    mask_id = cast(Any, tokenizer).mask_token_id
    if mask_id is None:
        raise TrialError(f"{where}: its tokenizer has no mask token; pre-training by mlm needs one")
    special = frozenset(map(int, tokenizer.all_special_ids))
    return Masking(share=share, mask_id=int(mask_id), entries=len(tokenizer), special=special)


class MaskedRows:
    """Prepared texts, hidden anew each time they are collated; itself prepared rows.

    What is hidden follows from the seed and from what was collated before.
    """

    def __init__(self, rows: Prepared, masking: Masking, seed: int) -> None:
        self.rows = rows
        self.masking = masking
        self.lengths: NDArray[np.int64] = rows.lengths
        self.digest = rows.digest
        self.facts: PreparedFacts = rows.facts
        self.padded_to = rows.padded_to
        self._generator = np.random.default_rng(seed)

    def __len__(self) -> int:
        return len(self.rows)

    def collate(self, indices: Sequence[int]) -> Inputs:
        inputs = self.rows.collate(indices)
        real = inputs["attention_mask"].bool()
        ids, labels = hide(inputs["input_ids"], real, self.masking, self._generator)
        return {**inputs, "input_ids": ids, LABELS: labels}


def hide(
    ids: Tensor, real: Tensor, masking: Masking, generator: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """ids, real: [B, T] → the ids that the model sees, and the labels: the token's own id where it
    is to be guessed, -100 elsewhere. Real tokens that are not special are chosen, one by one."""
    known = ids.numpy()
    free = real.numpy() & ~np.isin(known, list(masking.special))
    chosen = free & (generator.random(known.shape) < masking.share)
    how = generator.random(known.shape)
    others = generator.integers(masking.entries, size=known.shape)
    seen = np.where(how < HIDDEN, masking.mask_id, np.where(how < REPLACED, others, known))
    return (
        torch.from_numpy(np.where(chosen, seen, known)),
        torch.from_numpy(np.where(chosen, known, IGNORED)),
    )


class MaskedLanguage(Learner):
    """A text adapter with a head that guesses tokens."""

    backbone: Adapter
    head: nn.Module

    def __init__(self, backbone: Adapter, head: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def count(self, batch: Batch) -> int:
        """Tokens to be guessed; 1 where chance has chosen none, whose loss is 0."""
        return max(1, int((batch.inputs[LABELS] != IGNORED).sum()))

    def loss(self, batch: Batch) -> Tensor:
        labels = batch.inputs[LABELS]
        logits = self.predict(batch.inputs)
        return functional.cross_entropy(logits.float(), labels[labels != IGNORED], reduction="sum")

    def predict(self, inputs: Inputs) -> Tensor:
        """Logits of the tokens that are to be guessed alone: [hidden, entries]."""
        tokens = self.backbone(inputs).tokens
        assert tokens is not None, "a text adapter gives tokens"
        logits: Tensor = self.head(tokens[inputs[LABELS] != IGNORED])
        return logits


def masked_language(adapter: Adapter) -> tuple[MaskedLanguage, str | None]:
    """The learner, its head that of the checkpoint, or at random where it has none; then a note.

    The head shares the embeddings of the backbone where the model's config says so. TrialError for
    an architecture whose head is not one module of transformers.
    """
    from transformers import AutoModelForMaskedLM

    from mmbench.models.from_transformers import quiet
    from mmbench.models.sources import locate

    backbone: Any = cast(Any, adapter).backbone
    source, note = adapter.card.source, "its head starts at random"
    library = cast(Any, AutoModelForMaskedLM)
    with quiet():
        if isinstance(source, RandomModel):
            model = library.from_config(backbone.config, dtype=torch.float32)
        else:
            model, report = library.from_pretrained(
                locate(source), dtype=torch.float32, local_files_only=True, output_loading_info=True
            )
            base = f"{model.base_model_prefix}."
            if all(name.startswith(base) for name in report["missing_keys"]):
                note = ""
    heads = [m for name, m in model.named_children() if name != model.base_model_prefix]
    if len(heads) != 1:
        raise TrialError(
            f"{adapter.card.name}: the masked-language head of {type(model).__name__} is of "
            "several modules, which is not supported"
        )
    if backbone.config.tie_word_embeddings:
        model.get_output_embeddings().weight = backbone.get_input_embeddings().weight
    return MaskedLanguage(adapter, heads[0]), note or None
