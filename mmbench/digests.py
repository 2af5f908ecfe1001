"""One spelling of a value, and its hash: what keys are made of."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def digest_of(value: Any) -> str:
    """sha256 of a JSON value in one canonical spelling."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def set_fields(value: Any) -> Any:
    """A card, or a part of one, as JSON values, without the fields that are at their default.

    So a field that cards gain later changes no key; a default that changes raises BEHAVIOUR.
    """
    if not is_dataclass(value):
        if isinstance(value, Mapping):
            return {key: set_fields(inner) for key, inner in value.items()}
        return [set_fields(inner) for inner in value] if isinstance(value, tuple) else value
    found = {}
    for item in fields(value):
        own = getattr(value, item.name)
        default = item.default_factory() if callable(item.default_factory) else item.default
        if own != default:
            found[item.name] = set_fields(own)
    return found
