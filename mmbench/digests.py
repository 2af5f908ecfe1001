"""One spelling of a value, and its hash: what keys are made of."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any


def digest_of(value: Any) -> str:
    """sha256 of a JSON value in one canonical spelling."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """sha256 of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_digest(digests: Mapping[str, str]) -> str:
    """sha256 over names and sha256 of files, whatever the order: that of a folder of them."""
    total = hashlib.sha256()
    for name, digest in sorted(digests.items()):
        total.update(f"{name}\0{digest}\n".encode())
    return total.hexdigest()


def set_fields(value: Any) -> Any:
    """A card, or a part of one, as JSON values, without the fields that are at their default.

    So a field that cards gain later changes no key; a default that changes raises BEHAVIOUR.
    """
    if isinstance(value, _PLAIN):
        return value
    if not is_dataclass(value):
        if isinstance(value, Mapping):
            return {key: set_fields(inner) for key, inner in value.items()}
        return [set_fields(inner) for inner in value] if isinstance(value, tuple) else value
    card: type = type(value)
    found = {}
    for name, default in _defaults(card):
        own = getattr(value, name)
        if own != default:
            found[name] = own if isinstance(own, _PLAIN) else set_fields(own)
    return found


_PLAIN = (str, int, float)


@cache
def _defaults(card: type) -> tuple[tuple[str, Any], ...]:
    """Its fields and their defaults, which are compared with and never given away."""
    return tuple(
        (item.name, item.default_factory() if callable(item.default_factory) else item.default)
        for item in fields(card)
    )
