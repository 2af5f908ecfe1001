"""Where a command reads models and data: `--hub`, `--model-path`, and a folder of downloads."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mmbench.cli.options import Hub

if TYPE_CHECKING:
    from mmbench.cards import ModelCard, Places, TaskCard
    from mmbench.cards.places import Hub as HubName
    from mmbench.plan import Plan

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_EVALUATE_OFFLINE": "1",
}


def reached(hub: Hub) -> "HubName":
    """The hub to ask; of `auto` the first that answers, which is told. PlanError if none does."""
    if hub is not Hub.AUTO:
        return "modelscope" if hub is Hub.MODELSCOPE else "hf"
    from mmbench.cli.console import note
    from mmbench.hubs.reachable import first_reachable

    found = first_reachable()
    note(f"--hub auto: {found.why}")
    return found.hub


def places_of(hub: "HubName", model_paths: Sequence[str]) -> "Places":
    """What the flags say; typer.BadParameter for what is no NAME=DIR, or no folder or file."""
    from mmbench.cards import Places

    folders: dict[str, str] = {}
    for given in model_paths:
        name, separator, path = given.partition("=")
        if not separator or not name or not path:
            raise typer.BadParameter(f"--model-path {given!r} is not NAME=DIR")
        if name in folders:
            raise typer.BadParameter(f"--model-path {name} is given twice; leave one")
        place = Path(path).expanduser()
        if not place.exists():
            raise typer.BadParameter(
                f"--model-path {name}: there is no {place}; give a folder that save_pretrained "
                "wrote, or one weights file"
            )
        folders[name] = str(place.resolve())
    return Places(hub=hub, folders=folders)


def check_used(places: "Places", models: "Iterable[ModelCard]", what: str) -> None:
    """typer.BadParameter if a folder is given for a model that takes no part in `what`."""
    from mmbench.errors import did_you_mean

    known = dict.fromkeys(part.name for model in models for part in (model, *model.parts.values()))
    for name in places.folders:
        if name not in known:
            raise typer.BadParameter(
                f"--model-path {name}: no model of {what} has this name"
                f"{did_you_mean(name, known) or '; it has: ' + ', '.join(known)}"
            )


def check_planned(places: "Places", planned: "Plan") -> None:
    """`check_used` of all that was asked for, `tell_elsewhere` of what will be read."""
    trials = planned.trials
    asked = [*trials, *(refusal.trial for refusal in planned.refused)]
    check_used(places, [trial.model for trial in asked], planned.suite.name)
    tell_elsewhere(places.hub, [t.model for t in trials], [t.task for t in trials])


def check_read(hub: Hub, model_paths: Sequence[str] | None, *, unread: str | None) -> None:
    """typer.BadParameter if they are given where nothing is read; `unread` says when that is."""
    given = ["--hub"] if hub is not Hub.HF else []
    given += ["--model-path"] if model_paths else []
    if given and unread is not None:
        raise typer.BadParameter(f"{' and '.join(given)}: no weights are read {unread}")


def tell_elsewhere(
    hub: "HubName", models: "Iterable[ModelCard]", tasks: "Iterable[TaskCard]" = ()
) -> None:
    """Name what is read from Hugging Face though ModelScope is asked."""
    if hub != "modelscope":
        return
    read: list[ModelCard | TaskCard] = [
        m for model in models for m in (model, *model.parts.values())
    ]
    names = dict.fromkeys(card.name for card in (*read, *tasks) if card.source.via == "hub")
    if names:
        from mmbench.cli.console import note

        note(f"no copy on ModelScope is known, read from Hugging Face: {', '.join(names)}")


def go_offline() -> None:
    """Before any library reads it."""
    os.environ.update(OFFLINE)


def is_offline() -> bool:
    """As the client libraries read it."""
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def keep_downloads_in(folder: Path) -> None:
    """What is fetched goes to this folder and is looked for there; before any library reads it.

    The child processes of a run inherit it. The user's token stays where it is.
    """
    root = folder.expanduser().resolve()
    os.environ["HF_HUB_CACHE"] = str(root / "hub")
    os.environ["HF_DATASETS_CACHE"] = str(root / "datasets")


def flags(hub: "HubName", model_paths: Iterable[str]) -> list[str]:
    """As they are given to the command."""
    words = [] if hub == "hf" else ["--hub", hub]
    for given in model_paths:
        words += ["--model-path", given]
    return words
