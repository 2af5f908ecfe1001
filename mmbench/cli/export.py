"""`mmbench export`: scores of finished runs for other programs."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mmbench.cli.reading import records_in


class ExportFormat(StrEnum):
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    MODEL_INDEX = "model-index"


def export(
    results: Annotated[
        list[Path], typer.Argument(help="Folders of records, e.g. results/quickstart.")
    ],
    form: Annotated[
        ExportFormat,
        typer.Option(
            "--format", help="A row a score; model-index: metadata of Hugging Face model cards."
        ),
    ] = ExportFormat.CSV,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="In place of standard output.")
    ] = None,
) -> None:
    """Export scores over seeds, with their intervals, unrounded."""
    from mmbench.atomic import write_atomically
    from mmbench.errors import PlanError, StoreError
    from mmbench.report import export as forms
    from mmbench.store import latest

    records = [item.record for item in latest(records_in(results))]
    match form:
        case ExportFormat.CSV:
            content = forms.as_csv(forms.rows(records)).encode()
        case ExportFormat.JSON:
            content = forms.as_json(forms.rows(records)).encode()
        case ExportFormat.PARQUET:
            if out is None and sys.stdout.isatty():
                raise PlanError(
                    "Parquet is no text for a terminal; name a file: --out scores.parquet"
                )
            content = forms.as_parquet(forms.rows(records))
        case ExportFormat.MODEL_INDEX:
            content = forms.model_index(records).encode()
    if out is None:
        sys.stdout.buffer.write(content)
        return
    try:
        write_atomically(out, content)
    except OSError as error:
        raise StoreError(f"{out}: cannot be written: {error.strerror or error}") from error
    print(out)
