"""Text encoders of `transformers`: tokens in, one vector a text out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import torch
from torch import Tensor, nn

from mmbench.cards import ModelCard, RandomModel, TextRules
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.prepared import Inputs
from mmbench.errors import CardError
from mmbench.models.base import Adapter, Features, has_batch_statistics
from mmbench.models.sources import locate
from mmbench.models.tokens import TokenRows, tokenise

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


class TextAdapter(Adapter):
    """Any `AutoModel` over tokens with its own fast tokenizer; pooled as `card.text.pooling` says.

    mean: of the token features, weighted by the mask, in float32 (as sentence-transformers does,
    before its normalisation). cls: the first token's. pooler: the model's own `pooler_output`.
    """

    def __init__(
        self, card: ModelCard, backbone: "PreTrainedModel", tokenizer: "PreTrainedTokenizerFast"
    ) -> None:
        super().__init__()
        self.card = card
        self.rules = _rules(card)
        self.backbone = backbone
        self.tokenizer = tokenizer
        self.width = int(backbone.config.hidden_size)
        self.batch_statistics = has_batch_statistics(backbone)
        _check(card, backbone, tokenizer)

    @classmethod
    def from_card(cls, card: ModelCard) -> Self:
        from mmbench.models import from_transformers  # seconds of import: only where it is used

        if card.library != "transformers":
            raise CardError(f"{card.name}: adapter text needs library: transformers")
        if not isinstance(card.source, RandomModel):
            folder = locate(card.source)
            backbone = from_transformers.pretrained(folder)
            return cls(card, backbone, from_transformers.tokenizer(folder))
        if card.source.tokenizer is None:
            raise CardError(f"{card.name}: a random start needs source.tokenizer")
        tokenizer = from_transformers.tokenizer(locate(card.source.tokenizer))
        return cls(card, from_transformers.random(card.source.config, card.name), tokenizer)

    def prepare(self, examples: Examples, cache: Cache) -> TokenRows:
        return tokenise(self.tokenizer, self.rules, examples, cache)

    def forward(self, inputs: Inputs) -> Features:
        """input_ids and attention_mask: [B, T] int64. pooled: [B, D] float32 for the mean."""
        output = self.backbone(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
        )
        tokens: Tensor = output.last_hidden_state
        mask = inputs["attention_mask"].bool()
        if self.rules.pooling == "mean":
            pooled = mean_of_tokens(tokens, mask)
        elif self.rules.pooling == "cls":
            pooled = tokens[:, 0]
        else:
            pooled = output.pooler_output
        return Features(pooled=pooled, tokens=tokens, mask=mask)

    def save(self, folder: Path) -> None:
        # the last call's truncation is a state of the tokenizer and would be saved with it
        cast(Any, self.tokenizer.backend_tokenizer).no_truncation()
        cast(Any, self.tokenizer.backend_tokenizer).no_padding()
        from mmbench.models.from_transformers import quiet

        with quiet():
            self.backbone.save_pretrained(folder)
            self.tokenizer.save_pretrained(folder)


def mean_of_tokens(tokens: Tensor, mask: Tensor) -> Tensor:
    """[B, T, D], [B, T] bool → [B, D] float32. Every row has at least one token (`tokenise`)."""
    weights = mask.unsqueeze(-1).to(torch.float32)
    return (tokens.float() * weights).sum(dim=1) / weights.sum(dim=1)


def _rules(card: ModelCard) -> TextRules:
    if card.text is None:
        raise CardError(f"{card.name}: adapter text needs modality text and rules under text")
    return card.text


def _check(
    card: ModelCard, backbone: "PreTrainedModel", tokenizer: "PreTrainedTokenizerFast"
) -> None:
    """CardError where the card, the model and the tokenizer do not go together."""
    rules = _rules(card)
    if rules.pooling == "pooler" and getattr(backbone, "pooler", None) is None:
        raise CardError(
            f"{card.name}: text.pooling is pooler, but the model has none (or no weights for one); "
            "use mean or cls"
        )
    limit = min(_positions(backbone), tokenizer.model_max_length)
    if rules.max_tokens > limit:
        raise CardError(
            f"{card.name}: text.max_tokens is {rules.max_tokens}; the model takes at most {limit}"
        )
    entries, embedded = len(tokenizer), int(backbone.config.vocab_size)
    if entries > embedded:
        raise CardError(
            f"{card.name}: the tokenizer has {entries} entries, the model embeds only {embedded}"
        )


def _positions(backbone: nn.Module) -> int:
    """The longest sequence that the position embeddings allow."""
    limit = int(getattr(cast(Any, backbone).config, "max_position_embeddings", None) or 2**31)
    for name, module in backbone.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            # the RoBERTa family counts positions from behind the padding index
            offset = 0 if module.padding_idx is None else module.padding_idx + 1
            limit = min(limit, module.num_embeddings - offset)
    return limit
