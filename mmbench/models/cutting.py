"""One face for all tokenizers: what cuts texts into ids, whichever library it comes from."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from mmbench.digests import digest_of

if TYPE_CHECKING:
    from tokenizers import Encoding
    from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast


class Tokenizer(Protocol):
    """What cuts texts into ids.

    entries: how many ids it knows, the highest plus one. unknown_id: None where nothing is unknown
    to it. pad_id: what stands behind the end of a text.
    """

    @property
    def entries(self) -> int: ...

    @property
    def pad_id(self) -> int: ...

    @property
    def unknown_id(self) -> int | None: ...

    @property
    def special_ids(self) -> Sequence[int]: ...

    def __hash__(self) -> int: ...

    def digest(self) -> str:
        """Of all that decides which ids a text becomes."""

    def encode(self, texts: Sequence[str], max_tokens: int) -> tuple[list[list[int]], int]:
        """The ids of each text, special tokens included, and how many texts were cut short.

        A text that is cut to `max_tokens` keeps the special token at its end.
        """

    def save(self, folder: Path) -> None:
        """Write its files beside the model's, so that the model's library finds them."""


@dataclass(frozen=True, slots=True)
class _OfTransformers:
    """What transformers says alike of all its tokenizers."""

    inner: "PreTrainedTokenizerBase"

    @property
    def entries(self) -> int:
        return len(self.inner)

    @property
    def pad_id(self) -> int:
        return int(cast(Any, self.inner).pad_token_id or 0)

    @property
    def unknown_id(self) -> int | None:
        """None as well where the same token ends each text: such a vocabulary covers every byte."""
        inner = cast(Any, self.inner)
        unknown: int | None = inner.unk_token_id
        ends = (inner.bos_token_id, inner.eos_token_id, inner.pad_token_id)
        return None if unknown in ends else unknown

    @property
    def special_ids(self) -> Sequence[int]:
        return list(self.inner.all_special_ids)


@dataclass(frozen=True, slots=True)
class FastTokenizer(_OfTransformers):
    """A tokenizer of transformers that the `tokenizers` library runs."""

    inner: "PreTrainedTokenizerFast"

    def digest(self) -> str:
        """Of the whole pipeline, less the truncation and padding of the last call."""
        return hashlib.sha256(self._at_rest().to_str().encode()).hexdigest()

    def encode(self, texts: Sequence[str], max_tokens: int) -> tuple[list[list[int]], int]:
        encoded = self.inner(
            list(texts),
            truncation=True,
            max_length=max_tokens,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        cut_short = sum(bool(row.overflowing) for row in encoded.encodings or ())
        return cast("list[list[int]]", encoded["input_ids"]), cut_short

    def encode_pairs(
        self, texts: Sequence[str], others: Sequence[str], max_tokens: int
    ) -> "list[Encoding]":
        """Two texts a row, with the special tokens that the model parts them by. What is too long
        loses tokens at the end of its longer text until it fits."""
        return self._encodings(list(texts), list(others), truncation="longest_first", at=max_tokens)

    def encode_words(self, rows: Sequence[Sequence[str]], max_tokens: int) -> "list[Encoding]":
        """Texts that have been cut into words; no token holds pieces of two of them."""
        return self._encodings([list(row) for row in rows], None, truncation=True, at=max_tokens)

    def _encodings(
        self, texts: Any, others: Any, *, truncation: bool | str, at: int
    ) -> "list[Encoding]":
        encoded = cast(Any, self.inner)(
            texts,
            others,
            truncation=truncation,
            max_length=at,
            padding=False,
            is_split_into_words=others is None,
        )
        return list(encoded.encodings)

    def save(self, folder: Path) -> None:
        self._at_rest()
        self.inner.save_pretrained(folder)

    def _at_rest(self) -> Any:
        """The last call's truncation and padding are a state of it, and would be saved with it."""
        backend = cast(Any, self.inner.backend_tokenizer)
        backend.no_truncation()
        backend.no_padding()
        return backend


class SlowTokenizer(_OfTransformers):
    """A tokenizer of transformers that is written in Python: SigLIP's, around SentencePiece."""

    def digest(self) -> str:
        from transformers import __version__  # its Python code is part of what it does

        inner = cast(Any, self.inner)
        told: dict[str, Any]
        told = {name: str(value) for name, value in inner.special_tokens_map.items()}
        told |= {"folds": getattr(inner, "do_lower_case", None), "entries": inner.get_vocab()}
        model = getattr(inner, "vocab_file", None)  # none where the code is the whole of it
        content = None if model is None else hashlib.sha256(Path(model).read_bytes()).hexdigest()
        return digest_of([type(inner).__name__, __version__, told, content])

    def encode(self, texts: Sequence[str], max_tokens: int) -> tuple[list[list[int]], int]:
        rows, cut_short = [], 0
        for text in texts:
            row = cast(Any, self.inner)(text, verbose=False)["input_ids"]
            if len(row) > max_tokens:
                row = self.inner(text, truncation=True, max_length=max_tokens)["input_ids"]
                cut_short += 1
            rows.append(row)
        return rows, cut_short

    def save(self, folder: Path) -> None:
        self.inner.save_pretrained(folder)
