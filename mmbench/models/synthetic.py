"""Rows of random ids and pixels: the work of real ones, with no tokenizer and no files.

Attention, convolutions and optimizers take as long on any numbers; what differs in real data is how
long the texts are, which the caller says.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmbench.cards import ImageRules, TextRules
from mmbench.data.joint import JointRows
from mmbench.data.prepared import Prepared, PreparedFacts
from mmbench.digests import digest_of
from mmbench.errors import TrialError
from mmbench.models.pixels import PixelRows
from mmbench.models.tokens import TokenRows


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomIds:
    """embedded: ids from 0 on that the model has a vector for. pad: never drawn, since some models
    count positions from it. end: stands at the end of each text and nowhere else, `highest` for the
    highest id; None if the model looks for none."""

    embedded: int
    pad: int
    end: int | Literal["highest"] | None = None


def random_tokens(
    where: str, rules: TextRules, ids: RandomIds, count: int, *, seed: int, tokens: int | None
) -> TokenRows:
    """`count` texts of exactly `tokens` ids; TrialError if the model takes none so long."""
    if tokens is None or not 2 <= tokens <= rules.max_tokens:
        raise TrialError(
            f"{where}: texts of {tokens} tokens; its card allows 2 to {rules.max_tokens}"
        )
    end = ids.embedded - 1 if ids.end == "highest" else ids.end
    kept = np.array([i for i in range(ids.embedded) if i not in (ids.pad, end)], dtype=np.int32)
    drawn = np.random.default_rng((seed, 1)).choice(kept, size=(count, tokens))
    if end is not None:
        drawn[:, -1] = end
    return TokenRows(
        ids=drawn.reshape(-1),
        offsets=np.arange(count + 1, dtype=np.int64) * tokens,
        lengths=np.full(count, tokens, dtype=np.int64),
        pad_id=ids.pad,
        digest=digest_of(["random tokens", count, tokens, ids.embedded, ids.pad, end, seed]),
        facts=PreparedFacts(tokens=count * tokens),
        padded_to=rules.max_tokens if rules.padding == "max" else None,
    )


def random_pixels(rules: ImageRules, count: int, *, seed: int) -> PixelRows:
    """`count` images of noise, of the card's size."""
    shape = (count, 3, rules.size, rules.size)
    return PixelRows(
        pixels=np.random.default_rng((seed, 2)).integers(256, size=shape, dtype=np.uint8),
        lengths=np.ones(count, dtype=np.int64),
        digest=digest_of(["random pixels", *shape, seed]),
        facts=PreparedFacts(),
    )


def random_pairs(image: Prepared, text: Prepared) -> JointRows:
    """Row i of one with row i of the other."""
    rows = np.arange(len(image), dtype=np.int64)
    return JointRows(image, text, rows, rows)
