"""Texts that are cut into words → token ids, and where each word begins among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from mmbench.cards import TextRules
from mmbench.data.cache import Cache
from mmbench.data.columns import name_some
from mmbench.data.examples import Examples, Words
from mmbench.data.prepared import Inputs, PreparedFacts
from mmbench.data.ragged import Ragged
from mmbench.errors import CardError, DataError
from mmbench.models import tokens
from mmbench.models.cutting import FastTokenizer
from mmbench.models.tokens import TokenRows, digest_of_texts, key_of, lower_case, token_rows

NOWHERE = -1
"""Where a word begins that has no token: cut off, or of characters that the tokenizer drops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordRows:
    """N rows of token ids. starts: for each word of each row the place of its first token in the
    row, NOWHERE if it has none."""

    tokens: TokenRows
    starts: Ragged

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def lengths(self) -> NDArray[np.int64]:
        return self.tokens.lengths

    @property
    def digest(self) -> str:
        return self.tokens.digest

    @property
    def facts(self) -> PreparedFacts:
        return self.tokens.facts

    @property
    def padded_to(self) -> int | None:
        return self.tokens.padded_to

    def collate(self, indices: Sequence[int]) -> Inputs:
        """Those of `TokenRows.collate`, and word_starts [B, W] int64, W being the words of the row
        that has most; `ragged.IGNORED` where a row has no more words."""
        starts = torch.from_numpy(self.starts.padded(indices))
        return {**self.tokens.collate(indices), "word_starts": starts}


def tokenise_words(
    tokenizer: FastTokenizer, rules: TextRules, examples: Examples, cache: Cache
) -> WordRows:
    """The words of each row's `text`, at most `rules.max_tokens` tokens of them.

    `facts.truncated` counts the rows that were cut. DataError names rows of which no word has a
    token. CardError for a tokenizer that cuts a word otherwise behind a space.
    """
    if getattr(tokenizer.inner, "add_prefix_space", None) is False and _by_bytes(tokenizer):
        raise CardError(
            "the tokenizer cuts a word otherwise behind a space than at the start of a text; set "
            "add_prefix_space in its tokenizer_config.json to tag words with it"
        )
    rows = cast("Sequence[Words]", examples.inputs["text"])
    content = {"words": digest_of_texts(["\0".join(row) for row in rows], examples.ids)}
    key = key_of(tokenizer, rules, content)
    entry, _ = cache.get("tokens", key, lambda to: _build(tokenizer, rules, rows, to))
    starts = Ragged(entry.arrays["starts"], entry.arrays["word_offsets"])
    unread = [
        name
        for name, row in zip(examples.ids, starts.rows(), strict=True)
        if not (row != NOWHERE).any()
    ]
    if unread:
        raise DataError(
            f"{len(unread)} rows have no word that gives a token: {name_some(unread)}; remove them"
        )
    return WordRows(
        tokens=token_rows(entry, key, tokenizer, rules, examples.ids),
        starts=starts,
    )


def _by_bytes(tokenizer: FastTokenizer) -> bool:
    return "ByteLevel" in str(cast(Any, tokenizer.inner.backend_tokenizer).pre_tokenizer)


def _build(
    tokenizer: FastTokenizer, rules: TextRules, rows: Sequence[Words], folder: Path
) -> Mapping[str, Any]:
    ids: list[list[int]] = []
    starts: list[list[int]] = []
    truncated = 0
    for first in range(0, len(rows), tokens.BATCH):
        batch: list[Sequence[str]] = list(rows[first : first + tokens.BATCH])
        if rules.lower_case:
            batch = [[lower_case(word) for word in row] for row in batch]
        for row, found in zip(batch, tokenizer.encode_words(batch, rules.max_tokens), strict=True):
            ids.append(found.ids)
            starts.append(_starts(found.word_ids, len(row)))
            truncated += bool(found.overflowing)
    ragged = Ragged.of(starts)
    np.save(folder / "starts.npy", ragged.values)
    np.save(folder / "word_offsets.npy", ragged.offsets)
    return tokens.write_ids(tokenizer, ids, truncated, folder)


def _starts(word_of: Sequence[int | None], words: int) -> list[int]:
    """word_of: for each token its word, None for a special token."""
    found = [NOWHERE] * words
    for place, word in reversed(list(enumerate(word_of))):
        if word is not None:
            found[word] = place
    return found
