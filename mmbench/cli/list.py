"""`mmbench list`: what there is to choose from."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmbench.cli.console import complain
from mmbench.cli.filters import Filters, OfInput, OfKind, OfLanguage, OfRegion
from mmbench.cli.options import Cards

if TYPE_CHECKING:
    from mmbench.cards import Card, ModelCard, Recipe, Suite, TaskCard
    from mmbench.catalog import Catalog
    from mmbench.errors import CardError

NOTHING = "–"


class Listed(StrEnum):
    MODELS = "models"
    TASKS = "tasks"
    RECIPES = "recipes"
    SUITES = "suites"


NEXT = {
    Listed.MODELS: "mmbench run --models NAME,NAME --tasks NAME --recipes probe",
    Listed.TASKS: "mmbench run --models NAME,NAME --tasks NAME --recipes probe",
    Listed.RECIPES: "mmbench run --models NAME,NAME --tasks NAME --recipes NAME",
    Listed.SUITES: "mmbench run NAME --dry-run",
}


def list_cards(
    what: Annotated[Listed, typer.Argument(help="What to list.")],
    region: OfRegion = None,
    modality: OfInput = None,
    language: OfLanguage = None,
    kind: OfKind = None,
    cards: Cards = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every field, as JSON.")] = False,
) -> None:
    """List models, tasks, recipes or suites."""
    from mmbench.catalog import Catalog

    filters = Filters(region=region, modality=modality, language=language, kind=kind)
    filters.check(what.value)
    every, wrong = readable_cards(Catalog.standard(tuple(cards or ())), what)
    found = filters.of(every)
    if as_json:
        print(json.dumps([tree(card) for card in found], ensure_ascii=False, indent=1))
    else:
        _print_table(what, found, of=len(every))
    for error in wrong:
        complain(str(error))
    if wrong:
        raise typer.Exit(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One kind of card in a catalog: all names, and a name's card and file."""

    names: list[str]
    load: "Callable[[str], Card]"
    path: Callable[[str], Path]


def shelf(catalog: "Catalog", what: Listed) -> Shelf:
    from mmbench.cards import ModelCard, Recipe, Suite, TaskCard

    if what is Listed.MODELS:
        path = partial(catalog.path, ModelCard)
        return Shelf(names=catalog.names(ModelCard), load=catalog.model, path=path)
    if what is Listed.TASKS:
        path = partial(catalog.path, TaskCard)
        return Shelf(names=catalog.names(TaskCard), load=catalog.task, path=path)
    if what is Listed.RECIPES:
        path = partial(catalog.path, Recipe)
        return Shelf(names=catalog.names(Recipe), load=catalog.recipe, path=path)
    path = partial(catalog.path, Suite)
    return Shelf(names=catalog.names(Suite), load=catalog.suite, path=path)


def readable_cards(catalog: "Catalog", what: Listed) -> "tuple[list[Card], list[CardError]]":
    """All cards of one kind, by name; one that is wrong hides no other, and is told apart."""
    from mmbench.errors import CardError

    cards = shelf(catalog, what)
    found: list[Card] = []
    wrong: list[CardError] = []
    for name in cards.names:
        try:
            found.append(cards.load(name))
        except CardError as error:
            wrong.append(error)
    return found, wrong


def tree(card: "Card") -> dict[str, Any]:
    """A card as JSON values; a model's with what follows from it."""
    from mmbench.cards import ModelCard
    from mmbench.codec import dump_json

    fields: dict[str, Any] = json.loads(dump_json(card))
    if isinstance(card, ModelCard):
        fields |= {"start": card.start, "region": card.region}
    return fields


def _print_table(what: Listed, found: "list[Card]", *, of: int) -> None:
    """of: how many there are without filters."""
    from rich.table import Table

    from mmbench.cli.console import counted, messages, output, plain

    if not found:
        rest = f" of this description; without the filters there are {of}" if of else " here"
        messages().print(f"no {what}{rest}")
        return
    rows = [_row(card) for card in found]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in rows[0]:
        table.add_column(title, no_wrap=title == "name", overflow="fold")
    for row in rows:
        table.add_row(*(plain(cell) for cell in row.values()))
    output().print(table)
    count = counted(len(found), what.value.removesuffix("s"))
    some = f" of {of}" if len(found) < of else ""
    messages().print(f"\n{count}{some}. One in full: mmbench show NAME. Next: {NEXT[what]}")


def _row(card: "Card") -> Mapping[str, str]:
    from mmbench.cards import ModelCard, Recipe, TaskCard

    if isinstance(card, ModelCard):
        return _model_row(card)
    if isinstance(card, TaskCard):
        return _task_row(card)
    if isinstance(card, Recipe):
        return _recipe_row(card)
    return _suite_row(card)


def _model_row(card: "ModelCard") -> Mapping[str, str]:
    return {
        "name": card.name,
        "country": card.country or NOTHING,
        "lang": " ".join(card.languages) or NOTHING,
        "input": " ".join(card.modalities),
        "size": f"{card.parameters / 1e6:,.1f} M" if card.parameters else NOTHING,
        "from": "scratch" if card.start == "scratch" else card.source.via,
    }


def _task_row(card: "TaskCard") -> Mapping[str, str]:
    return {
        "name": card.name,
        "kind": card.kind,
        "input": " ".join(card.inputs),
        "lang": " ".join(card.languages) or NOTHING,
        "from": card.source.via,
        "about": first_sentence(card.description),
    }


def _recipe_row(card: "Recipe") -> Mapping[str, str]:
    rates = ", ".join(f"{rate:g}" for rate in card.learning_rates)
    return {
        "name": card.name,
        "strategy": card.strategy,
        "learning rates": rates or NOTHING,
        "epochs": str(card.epochs or NOTHING),
        "precision": card.precision,
        "about": first_sentence(card.description),
    }


def _suite_row(card: "Suite") -> Mapping[str, str]:
    trials = sum(len(b.models) * len(b.tasks) * len(b.recipes) for b in card.blocks)
    return {
        "name": card.name,
        "trials": str(trials * len(card.seeds) or NOTHING),
        "seeds": str(len(card.seeds)) if card.blocks else NOTHING,
        "limit": str(card.limit or NOTHING),
        "about": first_sentence(card.description),
    }


def first_sentence(description: Mapping[str, str]) -> str:
    """Of the English description, or of whichever there is."""
    text = description.get("en") or next(iter(description.values()), "")
    return " ".join(text.split()).partition(". ")[0].removesuffix(".")
