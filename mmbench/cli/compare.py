"""`mmbench compare`: two runs, two models or two recipes, on what they share."""

from pathlib import Path
from typing import Annotated

import typer

from mmbench.cli.options import Lang, Language, one_language
from mmbench.cli.reading import records_in, remembered


def compare(
    first: Annotated[str, typer.Argument(help="A folder of records, a model or a recipe.")],
    second: Annotated[str, typer.Argument(help="Another one of the same sort.")],
    results: Annotated[
        list[Path] | None,
        typer.Option(
            "--results", metavar="DIR", help="Where models or recipes were run. Repeatable."
        ),
    ] = None,
    lang: Lang = Language.EN,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, for a comment or a page.")
    ] = False,
) -> None:
    """Compare two runs, two models or two recipes on what they share.

    Each pair is tested on the same examples, as far as predictions were kept. The exit status says
    nothing of who is better: mmbench gate does that.
    """
    from mmbench.cli.console import output
    from mmbench.errors import PlanError
    from mmbench.report.comparing import comparison, judged, pairs_by_name, pairs_of_runs
    from mmbench.report.findings import findings
    from mmbench.report.markdown import render
    from mmbench.report.terminal import show

    folders = [Path(first), Path(second)]
    if all(folder.is_dir() for folder in folders):
        if results:
            raise PlanError("two folders are two runs; --results is for models and recipes")
        one, other = (findings(records_in([folder]), remembered()) for folder in folders)
        pairs, found = pairs_of_runs(one, other), one
        names = [folder.resolve().name for folder in folders]
        if names[0] == names[1]:
            names = [str(folder) for folder in folders]
    else:
        if not results:
            raise PlanError(f"{first} and {second} are no folders; for models say --results DIR")
        found = other = findings(records_in(results), remembered())
        pairs = pairs_by_name(found, first, second)
        names = [first, second]
    if not pairs:
        raise PlanError(f"{first} and {second} share no task with the same data and recipe")
    places = {id(r): f for f in (found, other) for r in f.records}
    document = comparison(judged(pairs, places), found, *names, lang=one_language(lang))
    if markdown:
        print(render(document))
    else:
        show(document, output())
