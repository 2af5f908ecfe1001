"""Texts → token ids, once, into the cache; and token ids → padded batches."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import tokenizers
import torch
from numpy.typing import NDArray

from mmbench.cards import TextRules
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.prepared import Inputs, PreparedFacts
from mmbench.errors import DataError
from mmbench.records import digest_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

VERSION = 1  # raised when the same texts and tokenizer would give other ids or facts
BATCH = 1024  # texts handed to the tokenizer at a time: bounds memory, not the result
NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRows:
    """N rows of token ids, one after another. ids: [sum of lengths] int32, special tokens included.

    offsets: [N + 1] int64, row i is ids[offsets[i]:offsets[i + 1]]. lengths: [N] int64, none 0.
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    pad_id: int
    digest: str
    facts: PreparedFacts

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, indices: Sequence[int]) -> Inputs:
        """input_ids, attention_mask: [B, longest row of the batch] int64, padded on the right."""
        chosen = np.asarray(indices, dtype=np.int64)
        lengths = self.lengths[chosen]
        ids = np.full((len(chosen), int(lengths.max())), self.pad_id, dtype=np.int64)
        for row, start, length in zip(ids, self.offsets[chosen], lengths, strict=True):
            row[:length] = self.ids[start : start + length]
        mask = np.arange(ids.shape[1]) < lengths[:, None]
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy(mask.astype(np.int64)),
        }


def tokenise(
    tokenizer: "PreTrainedTokenizerFast", rules: TextRules, examples: Examples, cache: Cache
) -> TokenRows:
    """The texts of `examples` as this tokenizer cuts them, at most `rules.max_tokens` each.

    DataError names rows that are no valid text or that the tokenizer makes nothing of.
    """
    texts = cast("Sequence[str]", examples.inputs["text"])
    key = digest_of(
        {
            "texts": _digest_of_texts(texts, examples.ids),
            "tokenizer": _digest_of_tokenizer(tokenizer),
            "tokenizers": tokenizers.__version__,
            "max_tokens": rules.max_tokens,
            "version": VERSION,
        }
    )
    entry, _ = cache.get("tokens", key, lambda to: _build(tokenizer, rules, texts, to))
    offsets = entry.arrays["offsets"]
    lengths = np.diff(offsets)
    empty = [name for name, length in zip(examples.ids, lengths, strict=True) if length == 0]
    if empty:
        raise DataError(
            f"{len(empty)} texts give no token at all, e.g. {', '.join(empty[:NAMED])}; "
            "remove these rows"
        )
    return TokenRows(
        ids=entry.arrays["ids"],
        offsets=offsets,
        lengths=lengths,
        pad_id=int(cast(Any, tokenizer).pad_token_id or 0),
        # with the rules that forward applies: features cached by it are never another card's
        digest=digest_of({"rows": key, "rules": asdict(rules)}),
        facts=PreparedFacts(**entry.facts),
    )


def _build(
    tokenizer: "PreTrainedTokenizerFast", rules: TextRules, texts: Sequence[str], folder: Path
) -> Mapping[str, Any]:
    rows: list[NDArray[np.int32]] = []
    truncated = 0
    for start in range(0, len(texts), BATCH):
        encoded = tokenizer(
            list(texts[start : start + BATCH]),
            truncation=True,
            max_length=rules.max_tokens,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        rows += [np.asarray(row, dtype=np.int32) for row in encoded["input_ids"]]
        truncated += sum(bool(row.overflowing) for row in encoded.encodings or ())
    ids = np.concatenate([np.zeros(0, np.int32), *rows])
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    np.save(folder / "ids.npy", ids)
    np.save(folder / "offsets.npy", offsets)
    return {
        "truncated": truncated,
        "tokens": len(ids),
        "unknown_token_share": _unknown_share(tokenizer, ids),
    }


def _unknown_share(tokenizer: "PreTrainedTokenizerFast", ids: NDArray[np.int32]) -> float | None:
    """Unknown ids / ids that are not special; None without an unknown token, or without ids."""
    unknown = cast(Any, tokenizer).unk_token_id
    if unknown is None:
        return None
    special = [other for other in tokenizer.all_special_ids if other != unknown]
    count = len(ids) - int(np.isin(ids, special).sum())
    return int((ids == unknown).sum()) / count if count else None


def _digest_of_texts(texts: Sequence[str], ids: Sequence[str]) -> str:
    total = hashlib.sha256()
    for name, text in zip(ids, texts, strict=True):
        try:
            content = text.encode()
        except UnicodeEncodeError as error:
            raise DataError(f"the text of {name} is no valid Unicode: {error}") from None
        total.update(len(content).to_bytes(8, "little"))  # so that no two lists run together
        total.update(content)
    return total.hexdigest()


def _digest_of_tokenizer(tokenizer: "PreTrainedTokenizerFast") -> str:
    """Of all that the tokenizer does, less the truncation and padding of its last call."""
    backend = cast(Any, tokenizer.backend_tokenizer)
    backend.no_truncation()
    backend.no_padding()
    return hashlib.sha256(backend.to_str().encode()).hexdigest()
