"""What a draft is: a card, and what was guessed in it."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The card as YAML, and what was guessed, a sentence each."""

    name: str
    text: str
    guesses: tuple[str, ...]


def name_from(said: str) -> str:
    """A name of a card from that of a file or a repository; `mine` where nothing of it may stay."""
    return re.sub(r"[^a-z0-9.]+", "-", said.lower()).strip("-.")[:64] or "mine"
