"""`mmbench show`: one card in full, and what follows from it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmbench.cli.options import Cards

if TYPE_CHECKING:
    from mmbench.cards import Card
    from mmbench.catalog import Catalog

WIDTH = 100  # of the fields, in columns
USUAL = ("probe", "contrast-probe", "head", "full")  # recipes, the quickest first


def show(
    name: Annotated[str, typer.Argument(help="The name of a model, task, recipe or suite.")],
    cards: Cards = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show one card in full.

    Where the name stands for two kinds of card, both are shown.
    """
    from mmbench.catalog import Catalog
    from mmbench.cli.list import tree

    catalog = Catalog.standard(tuple(cards or ()))
    found = _cards(catalog, name)
    if as_json:
        trees = [{"card": kind, "file": str(path), **tree(card)} for kind, path, card in found]
        print(json.dumps(trees, ensure_ascii=False, indent=1))
        return
    for number, (kind, path, card) in enumerate(found):
        if number:
            print()
        _print_card(catalog, kind, path, card)


def _cards(catalog: "Catalog", name: str) -> "list[tuple[str, Path, Card]]":
    """Every card of that name: what it is, its file, the card. CardError if there is none."""
    from mmbench.cli.list import Listed, shelf
    from mmbench.errors import CardError, did_you_mean

    found: list[tuple[str, Path, Card]] = []
    known: list[str] = []
    for what in Listed:
        cards = shelf(catalog, what)
        known += cards.names
        if name in cards.names:
            found.append((what.value.removesuffix("s"), cards.path(name), cards.load(name)))
    if not found:
        near = did_you_mean(name, known)
        raise CardError(f"no card {name!r}{near or '; see: mmbench list models (or tasks …)'}")
    return found


def _print_card(catalog: "Catalog", kind: str, path: Path, card: "Card") -> None:
    from mmbench.cli.console import output, plain, say
    from mmbench.cli.list import tree

    console = output()
    console.print(plain(f"{kind} {card.name}", "bold").append_text(plain(f"   {path}", "dim")))
    fields = _set_fields(tree(card))
    del fields["name"]
    for line in [*_spelled(fields).splitlines(), *_follows(catalog, card)]:
        say(console, f"  {line}" if line else "")


def _spelled(fields: dict[str, Any]) -> str:
    """As a card spells them: YAML, a list of plain values on one line."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def represent_list(self, data: Any) -> yaml.SequenceNode:
            flat = not any(isinstance(item, dict | list) for item in data)
            return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flat)

    Dumper.add_representer(list, Dumper.represent_list)
    spelled: str = yaml.dump(
        fields, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=WIDTH
    )
    return spelled


def _set_fields(value: Any) -> Any:
    """Without what is unset, all the way down."""
    if isinstance(value, dict):
        unset: tuple[object, ...] = (None, [], {}, "")
        return {key: _set_fields(inner) for key, inner in value.items() if inner not in unset}
    return [_set_fields(inner) for inner in value] if isinstance(value, list) else value


def _follows(catalog: "Catalog", card: "Card") -> Iterator[str]:
    """What is in no card because it follows from two: which models can do which tasks."""
    from mmbench.cards import ModelCard, Recipe, TaskCard
    from mmbench.cli.list import Listed, readable_cards
    from mmbench.plan import mismatch

    recipes = [r for r in readable_cards(catalog, Listed.RECIPES)[0] if isinstance(r, Recipe)]

    def ways(model: ModelCard, task: TaskCard) -> list[str]:
        return [recipe.name for recipe in recipes if mismatch(model, task, recipe) is None]

    if isinstance(card, ModelCard):
        others = [c for c in readable_cards(catalog, Listed.TASKS)[0] if isinstance(c, TaskCard)]
        tasks = {task.name: found for task in others if (found := ways(card, task))}
        yield f"can do: {', '.join(tasks) or 'none of the tasks here'}"
        task, found = next(iter(tasks.items()), ("TASK", []))
        yield from _next(card.name, task, found)
    elif isinstance(card, TaskCard):
        models = [c for c in readable_cards(catalog, Listed.MODELS)[0] if isinstance(c, ModelCard)]
        able = {model.name: found for model in models if (found := ways(model, card))}
        yield f"models that can do it: {', '.join(able) or 'none here'}"
        model, found = next(iter(able.items()), ("MODEL", []))
        yield from _next(model, card.name, found)


def _next(model: str, task: str, recipes: list[str]) -> Iterator[str]:
    """recipes: by which the model can be fine-tuned for the task; the quickest of the usual ones is
    proposed."""
    recipe = next((name for name in USUAL if name in recipes), (*recipes, USUAL[0])[0])
    yield ""
    yield f"next: mmbench run --models {model} --tasks {task} --recipes {recipe} --dry-run"
