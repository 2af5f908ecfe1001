"""Texts → token ids, once, into the cache; and token ids → padded batches."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import tokenizers
import torch
from numpy.typing import NDArray
from tokenizers.normalizers import Lowercase

from mmbench.cards import TextRules
from mmbench.data.cache import Cache, Entry
from mmbench.data.examples import Examples
from mmbench.data.prepared import Inputs, PreparedFacts
from mmbench.digests import digest_of
from mmbench.errors import DataError, TrialError
from mmbench.models.cutting import FastTokenizer, Tokenizer

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
    padded_to: int | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, indices: Sequence[int]) -> Inputs:
        """input_ids, attention_mask: [B, T] int64, padded on the right to `padded_to`, or else to
        the longest row of the batch."""
        chosen = np.asarray(indices, dtype=np.int64)
        lengths = self.lengths[chosen]
        width = self.padded_to or int(lengths.max())
        ids = np.full((len(chosen), width), self.pad_id, dtype=np.int64)
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
    """The texts of `examples` as this fast tokenizer of transformers cuts them; see `cut`."""
    return cut(FastTokenizer(tokenizer), rules, examples, cache)


def cut(tokenizer: Tokenizer, rules: TextRules, examples: Examples, cache: Cache) -> TokenRows:
    """The texts of `examples` as this tokenizer cuts them, at most `rules.max_tokens` each.

    DataError names rows that are no valid text or that the tokenizer makes nothing of. TrialError
    where the rows hold more than a text each.
    """
    texts = _single_texts(examples)
    key = key_of(tokenizer, rules, {"texts": digest_of_texts(texts, examples.ids)})
    entry, _ = cache.get("tokens", key, lambda to: _build(tokenizer, rules, texts, to))
    return token_rows(entry, key, tokenizer, rules, examples.ids)


def key_of(tokenizer: Tokenizer, rules: TextRules, content: Mapping[str, str]) -> str:
    """Of all that decides which ids come out. content: digests of what is cut, by what it is."""
    return digest_of(
        {
            **content,
            "tokenizer": _digest_of_tokenizer(tokenizer),
            "tokenizers": tokenizers.__version__,
            "max_tokens": rules.max_tokens,
            "lower_case": rules.lower_case,
            "version": VERSION,
        }
    )


def token_rows(
    entry: Entry, key: str, tokenizer: Tokenizer, rules: TextRules, names: Sequence[str]
) -> TokenRows:
    """The rows of a cache entry; DataError with the names of those that have no token."""
    offsets = entry.arrays["offsets"]
    lengths = np.diff(offsets)
    empty = [name for name, length in zip(names, lengths, strict=True) if length == 0]
    if empty:
        raise DataError(
            f"{len(empty)} texts give no token at all, e.g. {', '.join(empty[:NAMED])}; "
            "remove these rows"
        )
    return TokenRows(
        ids=entry.arrays["ids"],
        offsets=offsets,
        lengths=lengths,
        pad_id=tokenizer.pad_id,
        # with the rules that forward applies: features cached by it are never another card's
        digest=digest_of({"rows": key, "pad": tokenizer.pad_id, "rules": asdict(rules)}),
        facts=PreparedFacts(**entry.facts),
        padded_to=rules.max_tokens if rules.padding == "max" else None,
    )


def lower_case(text: str) -> str:
    """The text without capitals, letter by letter, as the tokenizers that do it themselves."""
    return Lowercase().normalize_str(text)


def write_ids(
    tokenizer: Tokenizer, rows: Sequence[Sequence[int]], truncated: int, folder: Path
) -> Mapping[str, Any]:
    """ids.npy and offsets.npy; the facts of them."""
    ids = np.concatenate([np.zeros(0, np.int32), *(np.asarray(row, np.int32) for row in rows)])
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    np.save(folder / "ids.npy", ids)
    np.save(folder / "offsets.npy", offsets)
    return {
        "truncated": truncated,
        "tokens": len(ids),
        "unknown_token_share": _unknown_share(tokenizer, ids),
    }


def _single_texts(examples: Examples) -> Sequence[str]:
    """One text a row; whoever reads pairs or words looks at them before."""
    if "text_pair" in examples.inputs:
        raise TrialError("this model reads one text at a time; take one of adapter: text for pairs")
    texts = examples.inputs["text"]
    if texts and isinstance(texts[0], tuple):
        raise TrialError("this model reads whole texts; take one of adapter: text for tagged words")
    return cast("Sequence[str]", texts)


def _build(
    tokenizer: Tokenizer, rules: TextRules, texts: Sequence[str], folder: Path
) -> Mapping[str, Any]:
    rows: list[list[int]] = []
    truncated = 0
    for start in range(0, len(texts), BATCH):
        batch = list(texts[start : start + BATCH])
        if rules.lower_case:
            batch = [lower_case(text) for text in batch]
        found, cut_off = tokenizer.encode(batch, rules.max_tokens)
        rows += found
        truncated += cut_off
    return write_ids(tokenizer, rows, truncated, folder)


def _unknown_share(tokenizer: Tokenizer, ids: NDArray[np.int32]) -> float | None:
    """Unknown ids / ids that are not special; None without an unknown token, or without ids."""
    unknown = tokenizer.unknown_id
    if unknown is None:
        return None
    special = [other for other in tokenizer.special_ids if other != unknown]
    count = len(ids) - int(np.isin(ids, special).sum())
    return int((ids == unknown).sum()) / count if count else None


@lru_cache(maxsize=8)
def _digest_of_tokenizer(tokenizer: Tokenizer) -> str:
    """Once each: it spells the whole vocabulary, which takes longer than to cut a text. None of
    them is changed after it was made."""
    return tokenizer.digest()


def digest_of_texts(texts: Sequence[str], ids: Sequence[str]) -> str:
    """Of the texts in their order; DataError names one that is no valid text."""
    total = hashlib.sha256()
    for name, text in zip(ids, texts, strict=True):
        try:
            content = text.encode()
        except UnicodeEncodeError as error:
            raise DataError(f"the text of {name} is no valid Unicode: {error}") from None
        total.update(len(content).to_bytes(8, "little"))  # so that no two lists run together
        total.update(content)
    return total.hexdigest()
