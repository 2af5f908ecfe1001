"""Text encoders of `transformers`: tokens in, one vector a text out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import torch
from torch import Tensor, nn

from mmbench.cards import ModelCard, NoTokenizer, RandomModel, TextRules, TrainedTokenizer
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples, Words
from mmbench.data.prepared import Inputs, Prepared
from mmbench.errors import CardError, TrialError
from mmbench.models.base import Adapter, Features, has_batch_statistics
from mmbench.models.cutting import FastTokenizer
from mmbench.models.pair_tokens import tokenise_pairs
from mmbench.models.sources import locate, why_no_tokenizer
from mmbench.models.synthetic import RandomIds, random_tokens
from mmbench.models.tokens import TokenRows, cut
from mmbench.models.vocabulary import PAD_ID, train_tokenizer
from mmbench.models.word_tokens import tokenise_words

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


class TextAdapter(Adapter):
    """Any `AutoModel` over tokens with its own fast tokenizer; pooled as `card.text.pooling` says.

    mean: of the token features, weighted by the mask, in float32 (as sentence-transformers does,
    before its normalisation). cls: the first token's. pooler: the model's own `pooler_output`.
    """

    def __init__(
        self,
        card: ModelCard,
        backbone: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerFast | None",
    ) -> None:
        """tokenizer: None where `learn_vocabulary` will train one, or where no text is read."""
        super().__init__()
        self.card = card
        self.rules = _rules(card)
        self.backbone = backbone
        self.tokenizer = tokenizer
        self.width = int(backbone.config.hidden_size)
        self.batch_statistics = has_batch_statistics(backbone)
        _check(card, backbone)
        if tokenizer is not None:
            _check_tokenizer(card, backbone, tokenizer)

    @classmethod
    def from_card(cls, card: ModelCard) -> Self:
        from mmbench.models import from_transformers  # seconds of import: only where it is used

        if card.library != "transformers":
            raise CardError(f"{card.name}: adapter text needs library: transformers")
        if not isinstance(card.source, RandomModel):
            folder = locate(card.source)
            backbone = from_transformers.pretrained(folder)
            return cls(card, backbone, from_transformers.tokenizer(folder))
        borrowed = card.source.tokenizer
        if borrowed is None:
            raise CardError(f"{card.name}: a random start needs source.tokenizer")
        backbone = from_transformers.random(card.source.config, card.name)
        if isinstance(borrowed, TrainedTokenizer):
            _check_room(card.name, backbone, borrowed)
            if borrowed.pieces != "wordpiece":
                raise CardError(
                    f"{card.name}: adapter text trains word pieces; remove source.tokenizer.pieces"
                )
            return cls(card, backbone, None)
        if isinstance(borrowed, NoTokenizer):
            return cls(card, backbone, None)
        return cls(card, backbone, from_transformers.tokenizer(locate(borrowed)))

    def learn_vocabulary(self, train: Examples) -> bytes | None:
        source = self.card.source
        wanted = source.tokenizer if isinstance(source, RandomModel) else None
        if not isinstance(wanted, TrainedTokenizer):
            return None
        self.tokenizer = train_tokenizer(
            _texts_of(train),
            vocabulary=wanted.vocabulary,
            lower_case=self.rules.lower_case,
        )
        content: str = cast(Any, self.tokenizer.backend_tokenizer).to_str()
        return content.encode()

    def prepare(self, examples: Examples, cache: Cache) -> Prepared:
        """Texts, pairs of them (`text_pair`), or words, as the rows hold them."""
        tokenizer = FastTokenizer(self._tokenizer())
        if "text_pair" in examples.inputs:
            return tokenise_pairs(
                tokenizer, self.rules, examples, cache, segments=self._segments() > 1
            )
        if isinstance(examples.inputs["text"][0], tuple):
            return tokenise_words(tokenizer, self.rules, examples, cache)
        return cut(tokenizer, self.rules, examples, cache)

    def _segments(self) -> int:
        """How many texts of one input the model tells apart by a vector of their own."""
        return int(getattr(cast(Any, self.backbone).config, "type_vocab_size", None) or 0)

    def random_rows(self, count: int, *, seed: int, tokens: int | None) -> TokenRows:
        config = cast(Any, self.backbone).config
        pad = getattr(config, "pad_token_id", None)
        ids = RandomIds(embedded=int(config.vocab_size), pad=0 if pad is None else int(pad))
        return random_tokens(self.card.name, self.rules, ids, count, seed=seed, tokens=tokens)

    def forward(self, inputs: Inputs) -> Features:
        """input_ids, attention_mask and, of pairs, token_type_ids: [B, T] int64. pooled: [B, D]
        float32 for the mean."""
        names = ("input_ids", "attention_mask", "token_type_ids")
        output = self.backbone(**{name: inputs[name] for name in names if name in inputs})
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
        tokenizer = self._tokenizer()
        # the last call's truncation is a state of the tokenizer and would be saved with it
        cast(Any, tokenizer.backend_tokenizer).no_truncation()
        cast(Any, tokenizer.backend_tokenizer).no_padding()
        from mmbench.models.from_transformers import quiet

        with quiet():
            self.backbone.save_pretrained(folder)
            tokenizer.save_pretrained(folder)

    def _tokenizer(self) -> "PreTrainedTokenizerFast":
        if self.tokenizer is None:
            raise TrialError(f"{self.card.name}: {why_no_tokenizer(self.card)}")
        return self.tokenizer


def mean_of_tokens(tokens: Tensor, mask: Tensor) -> Tensor:
    """[B, T, D], [B, T] bool → [B, D] float32. Every row has at least one token (`tokenise`)."""
    weights = mask.unsqueeze(-1).to(torch.float32)
    return (tokens.float() * weights).sum(dim=1) / weights.sum(dim=1)


def _texts_of(examples: Examples) -> list[str]:
    """All texts of the rows; words stand apart in them."""
    columns = [examples.inputs[slot] for slot in ("text", "text_pair") if slot in examples.inputs]
    cells = cast("list[str | Words]", [cell for column in columns for cell in column])
    return [cell if isinstance(cell, str) else " ".join(cell) for cell in cells]


def _rules(card: ModelCard) -> TextRules:
    if card.text is None:
        raise CardError(f"{card.name}: adapter text needs modality text and rules under text")
    if card.text.pooling == "own":
        raise CardError(
            f"{card.name}: text.pooling is own, which dual encoders alone have; use mean, cls or "
            "pooler"
        )
    if card.text.padding == "max":
        raise CardError(
            f"{card.name}: text.padding is max, which dual encoders alone need; adapter text masks "
            "its padding, so remove it"
        )
    return card.text


def _check(card: ModelCard, backbone: "PreTrainedModel") -> None:
    """CardError where the card and the model do not go together."""
    rules = _rules(card)
    if rules.pooling == "pooler" and getattr(backbone, "pooler", None) is None:
        raise CardError(
            f"{card.name}: text.pooling is pooler, but the model has none (or no weights for one); "
            "use mean or cls"
        )
    _check_length(card.name, rules, positions_of(backbone))


def _check_tokenizer(
    card: ModelCard, backbone: "PreTrainedModel", tokenizer: "PreTrainedTokenizerFast"
) -> None:
    """CardError where the tokenizer does not go together with the card or the model."""
    _check_length(card.name, _rules(card), tokenizer.model_max_length)
    entries, embedded = len(tokenizer), int(backbone.config.vocab_size)
    if entries > embedded:
        raise CardError(
            f"{card.name}: the tokenizer has {entries} entries, the model embeds only {embedded}"
        )


def _check_length(where: str, rules: TextRules, limit: int) -> None:
    if rules.max_tokens > limit:
        raise CardError(
            f"{where}: text.max_tokens is {rules.max_tokens}; the model takes at most {limit}"
        )


def _check_room(where: str, backbone: "PreTrainedModel", trained: TrainedTokenizer) -> None:
    """CardError unless the model embeds all that training may find, padding in its own place."""
    embedded, padding = int(backbone.config.vocab_size), backbone.config.pad_token_id
    if trained.vocabulary > embedded:
        raise CardError(
            f"{where}: source.tokenizer.vocabulary is {trained.vocabulary}, the model embeds only "
            f"{embedded}; set source.config.vocab_size to {trained.vocabulary}"
        )
    if padding not in (None, PAD_ID):
        raise CardError(
            f"{where}: a tokenizer that is trained pads with {PAD_ID}, the model with {padding}; "
            f"set source.config.pad_token_id to {PAD_ID}"
        )


def positions_of(backbone: nn.Module) -> int:
    """The longest sequence that the position embeddings allow."""
    limit = int(getattr(cast(Any, backbone).config, "max_position_embeddings", None) or 2**31)
    for name, module in backbone.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            # the RoBERTa family counts positions from behind the padding index
            offset = 0 if module.padding_idx is None else module.padding_idx + 1
            limit = min(limit, module.num_embeddings - offset)
    return limit
