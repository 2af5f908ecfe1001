"""Pairs of texts → token ids that a model reads at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from mmbench.cards import TextRules
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.prepared import Inputs, PreparedFacts
from mmbench.models import tokens
from mmbench.models.cutting import FastTokenizer
from mmbench.models.tokens import TokenRows, digest_of_texts, key_of, lower_case, token_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRows:
    """N rows of token ids, and of each token the text it is of: types [sum of lengths] int8, 0 for
    the first with the special tokens around it, 1 for the second."""

    tokens: TokenRows
    types: NDArray[np.int8]

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
        """Those of `TokenRows.collate`, and token_type_ids [B, T] int64, 0 where it is padded."""
        inputs = self.tokens.collate(indices)
        types = np.zeros(tuple(inputs["input_ids"].shape), dtype=np.int64)
        for row, index in zip(types, indices, strict=True):
            start, end = self.tokens.offsets[index : index + 2]
            row[: end - start] = self.types[start:end]
        return {**inputs, "token_type_ids": torch.from_numpy(types)}


def tokenise_pairs(
    tokenizer: FastTokenizer,
    rules: TextRules,
    examples: Examples,
    cache: Cache,
    *,
    segments: bool,
) -> PairRows | TokenRows:
    """Each row's `text` and `text_pair` behind each other, as the tokenizer joins two texts for its
    model: at most `rules.max_tokens` together, the longer one cut first (`facts.truncated` counts
    the pairs that were cut).

    segments: the model has vectors for the first and the second text. DataError as of `cut`.
    """
    texts, others = (cast("Sequence[str]", examples.inputs[slot]) for slot in ("text", "text_pair"))
    content = {
        "texts": digest_of_texts(texts, examples.ids),
        "pairs": digest_of_texts(others, examples.ids),
    }
    key = key_of(tokenizer, rules, content)
    entry, _ = cache.get("tokens", key, lambda to: _build(tokenizer, rules, texts, others, to))
    rows = token_rows(entry, key, tokenizer, rules, examples.ids)
    return PairRows(tokens=rows, types=entry.arrays["types"]) if segments else rows


def _build(
    tokenizer: FastTokenizer,
    rules: TextRules,
    texts: Sequence[str],
    others: Sequence[str],
    folder: Path,
) -> Mapping[str, Any]:
    rows: list[list[int]] = []
    types: list[NDArray[np.int8]] = [np.zeros(0, np.int8)]
    truncated = 0
    for start in range(0, len(texts), tokens.BATCH):
        both = [list(side[start : start + tokens.BATCH]) for side in (texts, others)]
        if rules.lower_case:
            both = [[lower_case(text) for text in side] for side in both]
        for found in tokenizer.encode_pairs(both[0], both[1], rules.max_tokens):
            rows.append(found.ids)
            types.append(np.asarray(found.type_ids, dtype=np.int8))
            truncated += bool(found.overflowing)
    np.save(folder / "types.npy", np.concatenate(types))
    return tokens.write_ids(tokenizer, rows, truncated, folder)
