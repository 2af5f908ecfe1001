"""`mmbench list` with fewer cards: those of a region, an input, a language, a kind."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from mmbench.errors import PlanError, did_you_mean

if TYPE_CHECKING:
    from mmbench.cards import Card, ModelCard, TaskCard


class Region(StrEnum):
    """Where a model is from; one from a random start is of neither."""

    DOMESTIC = "domestic"
    INTERNATIONAL = "international"


class Input(StrEnum):
    """What is read."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"


OfRegion = Annotated[
    Region | None, typer.Option("--region", help="Models from China, or from elsewhere.")
]
OfInput = Annotated[Input | None, typer.Option("--modality", help="Models or tasks that read it.")]
OfLanguage = Annotated[
    str | None,
    typer.Option("--language", metavar="zh|en|…", help="Models or tasks of this language."),
]
OfKind = Annotated[str | None, typer.Option("--kind", help="Tasks of this kind.")]

WHOSE = {
    "models": ("region", "modality", "language"),
    "tasks": ("modality", "language", "kind"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a card must be to be listed; None where it does not matter."""

    region: str | None = None
    modality: str | None = None
    language: str | None = None
    kind: str | None = None

    @property
    def given(self) -> tuple[str, ...]:
        return tuple(f.name for f in fields(self) if getattr(self, f.name) is not None)

    def check(self, what: str) -> None:
        """PlanError for a filter that such cards do not have, or a kind that is none."""
        for name in self.given:
            if name not in WHOSE.get(what, ()):
                whose = [f"list {cards}" for cards, names in WHOSE.items() if name in names]
                raise PlanError(f"--{name} goes with {' and '.join(whose)}, not with list {what}")
        from mmbench.kinds import KINDS

        if self.kind is not None and self.kind not in KINDS:
            near = did_you_mean(self.kind, KINDS) or f"; there are {', '.join(KINDS)}"
            raise PlanError(f"--kind {self.kind}: no such kind{near}")

    def of(self, cards: "Sequence[Card]") -> "list[Card]":
        """Those that are so."""
        from mmbench.cards import ModelCard, TaskCard

        if not self.given:
            return list(cards)
        return [
            card
            for card in cards
            if (isinstance(card, ModelCard) and self._of_model(card))
            or (isinstance(card, TaskCard) and self._of_task(card))
        ]

    def _of_model(self, card: "ModelCard") -> bool:
        return (
            self.region in (None, card.region)
            and (self.modality is None or self.modality in card.modalities)
            and self._speaks(card.languages)
        )

    def _of_task(self, card: "TaskCard") -> bool:
        from mmbench.cards import modality_of

        return (
            (self.modality is None or self.modality in {modality_of(slot) for slot in card.inputs})
            and self._speaks(card.languages)
            and self.kind in (None, card.kind)
        )

    def _speaks(self, languages: Sequence[str]) -> bool:
        return self.language is None or self.language in languages
