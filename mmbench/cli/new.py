"""`mmbench new`: a card from a look at the data or at a model's files, checked at once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mmbench.conformance.findings import CheckReport
    from mmbench.drafting.draft import Draft

app = typer.Typer(no_args_is_help=True, help="Write a card after a look at your data or model.")

Cards = Annotated[
    Path, typer.Option("--cards", metavar="DIR", help="The folder of cards that it goes to.")
]


@app.command()
def task(
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="FILE|FOLDER|OWNER/NAME",
            help="A table, a folder of images, or a data set on the hub.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Of the card; the file's if unset.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="COLUMN", help="What is to be predicted.")
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="COLUMN", help="Rows that share a value stay together."),
    ] = None,
    subset: Annotated[
        str | None,
        typer.Option("--subset", metavar="NAME", help="Of a data set on the hub that has several."),
    ] = None,
    cards: Cards = Path("cards"),
) -> None:
    """Draft a task card, say what was guessed, and check it against the data.

    Exit status: 0, or 1 if a check failed; the card is there all the same, to be put right.
    """
    from mmbench.catalog import Catalog
    from mmbench.cli.check import report_on
    from mmbench.drafting.tasks import draft_task

    draft = draft_task(source, name=name, target=target, group=group, subset=subset)
    path = _write(draft, cards / "tasks")
    report = report_on(Catalog.standard((cards,)).task(draft.name))
    _end(report, path, f"--models NAME,NAME --tasks {draft.name} --recipes probe", cards)


@app.command()
def model(
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="FOLDER|OWNER/NAME", help="A model's folder, or its name on the hub."
        ),
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Of the card; the folder's if unset.")
    ] = None,
    cards: Cards = Path("cards"),
) -> None:
    """Draft a model card, say what was guessed, and check its architecture at tiny size.

    From the hub the small files alone are fetched. Exit status: 0, or 1 if a check failed; the card
    is there all the same, to be put right.
    """
    from mmbench.catalog import Catalog
    from mmbench.cli.check import report_on
    from mmbench.drafting.models import draft_model

    draft = draft_model(source, name=name)
    path = _write(draft, cards / "models")
    report = report_on(Catalog.standard((cards,)).model(draft.name))
    _end(report, path, f"--models {draft.name},NAME --tasks NAME --recipes probe", cards)


def _write(draft: "Draft", folder: Path) -> Path:
    """CardError if such a card is there already; says what was guessed."""
    from mmbench.atomic import write_atomically
    from mmbench.cli.console import note
    from mmbench.errors import CardError

    path = folder / f"{draft.name}.yaml"
    if path.exists():
        raise CardError(f"{path} is there already; take another --name, or remove it")
    write_atomically(path, draft.text.encode())
    for guess in draft.guesses:
        note(f"guessed: {guess}")
    return path


def _end(report: "CheckReport", path: Path, matrix: str, cards: Path) -> None:
    from mmbench.cli.check import print_report
    from mmbench.cli.console import note

    print_report(report)
    note(f"Next: mmbench run --cards {cards} {matrix}")
    print(path)
    raise typer.Exit(0 if report.passed else 1)
