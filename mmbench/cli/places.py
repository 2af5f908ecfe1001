"""Where a command reads models and data: `--hub`, `--model-path`, and a folder of downloads."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mmbench.cli.options import Hub

if TYPE_CHECKING:
    from mmbench.cards import Places
    from mmbench.plan import Plan

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_EVALUATE_OFFLINE": "1",
}


def places_of(hub: Hub, model_paths: Sequence[str]) -> "Places":
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
    return Places(hub=hub.value, folders=folders)


def check_used(places: "Places", planned: "Plan") -> None:
    """typer.BadParameter if a folder is given for a model that takes no part."""
    from mmbench.errors import did_you_mean

    models = [trial.model for trial in planned.trials]
    models += [refusal.trial.model for refusal in planned.refused]
    parts = [part for model in models for part in model.parts.values()]
    known = dict.fromkeys(model.name for model in [*models, *parts])
    for name in places.folders:
        if name not in known:
            raise typer.BadParameter(
                f"--model-path {name}: no model of {planned.suite.name} has this name"
                f"{did_you_mean(name, known) or '; it has: ' + ', '.join(known)}"
            )


def elsewhere(planned: "Plan") -> tuple[str, ...]:
    """The cards that are read from Hugging Face though ModelScope was asked for, by name."""
    models = [trial.model for trial in planned.trials]
    parts = [part for model in models for part in model.parts.values()]
    names = [model.name for model in (*models, *parts) if model.source.via == "hub"]
    names += [t.task.name for t in planned.trials if t.task.source.via == "hub"]
    return tuple(dict.fromkeys(names))


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


def flags(hub: Hub, model_paths: Iterable[str]) -> list[str]:
    """As they are given to the command."""
    words = [] if hub == Hub.HF else ["--hub", hub.value]
    for given in model_paths:
        words += ["--model-path", given]
    return words
