"""`mmbench new`: a card from a look at the data, checked at once."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Write a card after a look at your data.")


@app.command()
def task(
    source: Annotated[
        Path, typer.Option("--from", metavar="FILE|FOLDER", help="A table, or a folder of images.")
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
    cards: Annotated[
        Path, typer.Option("--cards", metavar="DIR", help="The card goes to DIR/tasks.")
    ] = Path("cards"),
) -> None:
    """Draft a task card, say what was guessed, and check it against the data.

    Exit status: 0, or 1 if a check failed; the card is there all the same, to be put right.
    """
    from mmbench.atomic import write_atomically
    from mmbench.catalog import Catalog
    from mmbench.cli.check import print_report, report_on
    from mmbench.cli.console import note
    from mmbench.drafting.tasks import draft_task
    from mmbench.errors import CardError

    draft = draft_task(source, name=name, target=target, group=group)
    path = cards / "tasks" / f"{draft.name}.yaml"
    if path.exists():
        raise CardError(f"{path} is there already; take another --name, or remove it")
    write_atomically(path, draft.text.encode())
    for guess in draft.guesses:
        note(f"guessed: {guess}")
    report = report_on(Catalog.standard((cards,)).task(draft.name))
    print_report(report)
    note(
        f"Next: mmbench run --cards {cards} --models NAME,NAME --tasks {draft.name} --recipes probe"
    )
    print(path)
    raise typer.Exit(0 if report.passed else 1)
