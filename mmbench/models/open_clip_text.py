"""The tokenizers of `open_clip`, which clean a text first: ids as its own give them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ftfy
import open_clip
from open_clip.tokenizer import get_clean_fn

from mmbench.digests import digest_of
from mmbench.errors import CardError
from mmbench.models.cutting import Tokenizer

CLEANINGS = ("canonicalize", "lower", "whitespace")
VERSIONS = (open_clip.__version__, ftfy.__version__)
"""Of the code that cleans: it decides ids as a vocabulary does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Of `text_cfg.tokenizer_kwargs`, as far as they are supported."""

    clean: str
    strip_separator: bool


def settings_of(text: Mapping[str, Any], where: str, *, default: str) -> Settings:
    """CardError for a setting that would cut texts in another way. default: how to clean."""
    told = dict(text.get("tokenizer_kwargs") or {})
    clean, strip = told.pop("clean", default), told.pop("strip_sep_token", False)
    if text.get("tokenizer_mode"):
        told["tokenizer_mode"] = text["tokenizer_mode"]
    if told or clean not in CLEANINGS:
        what = ", ".join(told) or f"clean: {clean}"
        raise CardError(f"{where}: the tokenizer's setting {what} is not supported")
    return Settings(clean=clean, strip_separator=bool(strip))


@dataclass(frozen=True, slots=True)
class BytePairs:
    """CLIP's own byte pairs, which open_clip carries with it: `SimpleTokenizer`."""

    inner: Any
    clean: str

    @property
    def entries(self) -> int:
        return int(self.inner.vocab_size)

    @property
    def pad_id(self) -> int:
        return 0

    @property
    def unknown_id(self) -> None:
        return None

    @property
    def special_ids(self) -> Sequence[int]:
        return list(self.inner.all_special_ids)

    def digest(self) -> str:
        return digest_of(["BytePairs", self.clean, *VERSIONS, self.inner.encoder])

    def encode(self, texts: Sequence[str], max_tokens: int) -> tuple[list[list[int]], int]:
        first, last = self.inner.sot_token_id, self.inner.eot_token_id
        rows, cut_short = [], 0
        for text in texts:
            row = [first, *self.inner.encode(text), last]
            if len(row) > max_tokens:
                row = [*row[: max_tokens - 1], last]
                cut_short += 1
            rows.append(row)
        return rows, cut_short

    def save(self, folder: Path) -> None:
        """Nothing: open_clip brings it along."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A tokenizer of transformers behind open_clip's cleaning: `HFTokenizer`.

    strip_separator: the separator becomes 0, as CLIPA was trained.
    """

    inner: Tokenizer
    clean: str
    strip_separator: int | None

    @property
    def entries(self) -> int:
        return self.inner.entries

    @property
    def pad_id(self) -> int:
        return self.inner.pad_id

    @property
    def unknown_id(self) -> int | None:
        return self.inner.unknown_id

    @property
    def special_ids(self) -> Sequence[int]:
        return self.inner.special_ids

    def digest(self) -> str:
        return digest_of(
            ["Cleaned", self.clean, self.strip_separator, *VERSIONS, self.inner.digest()]
        )

    def encode(self, texts: Sequence[str], max_tokens: int) -> tuple[list[list[int]], int]:
        clean = get_clean_fn(self.clean)
        rows, cut_short = self.inner.encode([clean(text) for text in texts], max_tokens)
        if self.strip_separator is not None:
            rows = [[0 if i == self.strip_separator else i for i in row] for row in rows]
        return rows, cut_short

    def save(self, folder: Path) -> None:
        self.inner.save(folder)


def byte_pairs(text: Mapping[str, Any], where: str) -> BytePairs:
    """CLIP's own tokenizer with the settings of a `text_cfg`."""
    settings = settings_of(text, where, default="lower")
    return BytePairs(open_clip.SimpleTokenizer(clean=settings.clean), settings.clean)


def cleaned(
    inner: Tokenizer, separator: int | None, text: Mapping[str, Any], where: str
) -> Cleaned:
    """A tokenizer of transformers with the settings of a `text_cfg`; separator: its own's id."""
    settings = settings_of(text, where, default="whitespace")
    return Cleaned(inner, settings.clean, separator if settings.strip_separator else None)
