"""`mmbench pin`: revisions, digests and licences from the hubs into the cards of a suite."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmbench.cli.options import Cards
from mmbench.cli.places import is_offline

if TYPE_CHECKING:
    from mmbench.cards import Suite
    from mmbench.catalog import Catalog
    from mmbench.pinning.pin import Pinned


def pin(
    suite: Annotated[str, typer.Argument(help="A suite, by name or as the path of its card.")],
    cards: Cards = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be filled in; write nothing.")
    ] = False,
) -> None:
    """Fill revisions, digests and licences into a suite's cards.

    Only what a card leaves open is filled in, and only with what a hub tells; comments and order
    stay. Exit status: 0, or 1 if a hub could not be reached or had no answer for some card.
    """
    from mmbench.catalog import Catalog
    from mmbench.cli.console import complain, counted, note, output, say
    from mmbench.errors import MmbenchError, PlanError
    from mmbench.pinning.pin import pin_model, pin_task

    if is_offline():
        raise PlanError("HF_HUB_OFFLINE is set, and the hubs are to be asked; unset it")
    catalog = Catalog.standard(tuple(cards or ()))
    models, tasks = _paths(catalog, catalog.suite(suite))
    changed, missed = 0, 0
    for pin_card, paths in ((pin_model, models), (pin_task, tasks)):
        for path in paths:
            try:
                found = pin_card(path)
                if found.changes and not dry_run:
                    _write(found)
            except MmbenchError as error:
                complain(str(error))
                missed += 1
                continue
            changed += bool(found.changes)
            missed += bool(found.missed)
            for line in _lines(found):
                say(output(), line)
    verb = "would be changed" if dry_run else "changed"
    note(f"{counted(changed, 'card')} {verb}, {missed} not learnt in full")
    raise typer.Exit(1 if missed else 0)


def _write(found: "Pinned") -> None:
    from mmbench.atomic import write_atomically
    from mmbench.errors import StoreError

    try:
        write_atomically(found.path, found.text.encode())
    except OSError as error:
        raise StoreError(
            f"{found.path}: cannot be written: {error.strerror}; copy the cards into a folder of "
            "yours and name it by --cards"
        ) from None


def _lines(found: "Pinned") -> list[str]:
    """What became of the card; nothing of one that a hub has no part in."""
    lines = [f"{found.name}: {', '.join(found.changes)}"] if found.changes else []
    lines += [f"{found.name}: note: {said}" for said in found.notes]
    return lines + [f"{found.name}: not learnt: {said}" for said in found.missed]


def _paths(catalog: "Catalog", suite: "Suite") -> tuple[list[Path], list[Path]]:
    """The files of the models, the parts of a pair included, and of the tasks; each once."""
    from mmbench.cards import FusionModel, ModelCard, PairModel, TaskCard

    names = [name for block in suite.blocks for name in block.models]
    names += [name for block in suite.bench for name in block.models]
    models: list[Path] = []
    for name in names:
        path = catalog.path(ModelCard, name)
        models.append(path)
        source = catalog.model(name).source
        if isinstance(source, PairModel | FusionModel):
            models += [
                catalog.path(ModelCard, part.name) for part in catalog.model(name).parts.values()
            ]
    tasks = [catalog.path(TaskCard, name) for block in suite.blocks for name in block.tasks]
    return list(dict.fromkeys(models)), list(dict.fromkeys(tasks))
