"""Prompts and answers → token ids, once, into the cache; and rows of them with their media."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tokenizers
import torch
from numpy.typing import NDArray

from mmbench.data.cache import Cache
from mmbench.data.prepared import Inputs, Prepared, PreparedFacts
from mmbench.data.ragged import IGNORED, Ragged
from mmbench.digests import digest_of
from mmbench.models.cutting import FastTokenizer
from mmbench.models.generators import Generator

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

VERSION = 1  # raised when the same texts and rules would give other ids


class Spelling:
    """How one model writes. longest: tokens of a question, None if any; most: of an answer.

    digest: of all that decides which ids a text becomes.
    """

    def __init__(
        self,
        tokenizer: "PreTrainedTokenizerFast",
        generator: Generator,
        *,
        longest: int | None,
        most: int,
    ) -> None:
        self.tokenizer, self.generator = tokenizer, generator
        self.longest, self.most = longest, most
        cutter = FastTokenizer(tokenizer)
        self.unknown_id = cutter.unknown_id
        prefix = getattr(tokenizer, "prefix_tokens", None)
        self.digest = digest_of(
            [cutter.digest(), dict(generator.spelling()), longest, most, prefix]
        )

    def prompt(self, text: str | None) -> tuple[list[int], bool]:
        """The ids of a prompt, and whether it was cut short."""
        shorter = self._shortened(text)
        return self.generator.prompt(self.tokenizer, shorter), shorter != text

    def answer(self, text: str) -> tuple[list[int], bool]:
        """The ids of an answer with its end, and whether it was cut short."""
        ids = self.generator.answer(self.tokenizer, text)
        return ids[: self.most], len(ids) > self.most

    def _shortened(self, text: str | None) -> str | None:
        if text is None or self.longest is None:
            return text
        found = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        places = found["offset_mapping"]
        return text if len(places) <= self.longest else text[: places[self.longest - 1][1]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRows:
    """N rows to answer; a `Prepared`. media: what is seen or heard, or its features. prompts:
    what the decoder begins with. answers: what it should write; None of rows to predict on.

    lengths: tokens of prompt and answer; of sounds, their samples.
    """

    media: Prepared
    prompts: Ragged
    answers: Ragged | None
    pad_id: int
    digest: str
    facts: PreparedFacts
    padded_to: None = None

    def __len__(self) -> int:
        return len(self.prompts)

    @property
    def lengths(self) -> NDArray[np.int64]:
        if self.facts.sampling_rate is not None:
            return np.asarray(self.media.lengths)
        return self.prompts.lengths + (0 if self.answers is None else self.answers.lengths)

    def collate(self, indices: Sequence[int]) -> Inputs:
        """The media's inputs; prompt_ids, prompt_mask: [B, P] int64, padded on the left. Where
        answers are known: input_ids, attention_mask: [B, T] int64, a prompt and its answer padded
        on the right; labels: the same ids, -100 outside of the answer."""
        rows = np.asarray(indices, dtype=np.int64)
        prompts = self.prompts.take(rows)
        width = int(prompts.lengths.max())
        ids = np.full((len(rows), width), self.pad_id, dtype=np.int64)
        mask = np.arange(width) >= width - prompts.lengths[:, None]
        ids[mask] = prompts.values
        inputs = {
            **self.media.collate(indices),
            "prompt_ids": torch.from_numpy(ids),
            "prompt_mask": torch.from_numpy(mask.astype(np.int64)),
        }
        if self.answers is None:
            return inputs
        return {**inputs, **_packed(prompts, self.answers.take(rows), self.pad_id)}


def _packed(prompts: Ragged, answers: Ragged, pad_id: int) -> dict[str, torch.Tensor]:
    lengths = prompts.lengths + answers.lengths
    place = np.arange(int(lengths.max()))
    written = place < lengths[:, None]
    answer = written & (place >= prompts.lengths[:, None])
    ids = np.full(written.shape, pad_id, dtype=np.int64)
    ids[written & ~answer] = prompts.values
    ids[answer] = answers.values
    return {
        "input_ids": torch.from_numpy(ids),
        "attention_mask": torch.from_numpy(written.astype(np.int64)),
        "labels": torch.from_numpy(np.where(answer, ids, IGNORED)),
    }


def spell(
    spelled: Spelling,
    prompts: Sequence[str | None],
    answers: Sequence[str] | None,
    cache: Cache,
) -> tuple[Ragged, Ragged | None, str, PreparedFacts]:
    """The ids of every prompt and answer, from the cache where they are known; their digest, and
    how many texts were cut short."""
    key = digest_of(
        {
            "texts": hashlib.sha256(repr((list(prompts), answers)).encode()).hexdigest(),
            "spelled": spelled.digest,
            "tokenizers": tokenizers.__version__,
            "version": VERSION,
        }
    )
    entry, _ = cache.get("tokens", key, lambda to: _build(spelled, prompts, answers, to))
    known = entry.arrays
    found = Ragged(known["prompts"], known["prompt_offsets"])
    written = None if answers is None else Ragged(known["answers"], known["answer_offsets"])
    return found, written, key, PreparedFacts(**entry.facts)


def _build(
    spelled: Spelling,
    prompts: Sequence[str | None],
    answers: Sequence[str] | None,
    folder: Path,
) -> Mapping[str, Any]:
    known: dict[str | None, tuple[list[int], bool]] = {}
    asked = [known.setdefault(text, spelled.prompt(text)) for text in prompts]
    written = [spelled.answer(text) for text in answers or ()]
    columns = {"prompt": asked, "answer": written}
    for name, rows in columns.items():
        ragged = Ragged.of([ids for ids, _ in rows])
        np.save(folder / f"{name}s.npy", ragged.values)
        np.save(folder / f"{name}_offsets.npy", ragged.offsets)
    ids = [i for rows in columns.values() for row, _ in rows for i in row]
    unknown = spelled.unknown_id
    return {
        "truncated": sum(cut for rows in columns.values() for _, cut in rows),
        "tokens": len(ids),
        "unknown_token_share": None if unknown is None else ids.count(unknown) / len(ids),
    }
