"""`mmbench predict`: what a kept model says of new samples."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmbench.cli.options import Device
from mmbench.errors import PlanError

if TYPE_CHECKING:
    from mmbench.answers import Answer
    from mmbench.store import Stored

ID = "id"


@dataclass(slots=True)
class Samples:
    """By slot, the samples in the order given; `ids` where the file has some."""

    inputs: dict[str, list[Any]] = field(default_factory=dict)
    ids: list[str] | None = None


def predict(
    record: Annotated[
        Path, typer.Argument(help="A record of mmbench run --keep best, or its folder.")
    ],
    text: Annotated[
        list[str] | None, typer.Option("--text", help="One text to predict on. Repeatable.")
    ] = None,
    text_pair: Annotated[
        list[str] | None,
        typer.Option("--text-pair", help="The second text of a sentence pair. Repeatable."),
    ] = None,
    image: Annotated[
        list[Path] | None,
        typer.Option("--image", metavar="FILE", help="One image to predict on. Repeatable."),
    ] = None,
    audio: Annotated[
        list[Path] | None,
        typer.Option("--audio", metavar="FILE", help="One sound to predict on. Repeatable."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="FILE",
            help="Many: .csv, .tsv, .jsonl or .parquet with the task's columns, or .txt with one "
            "text a line.",
        ),
    ] = None,
    device: Device = "auto",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the lines here, not to the screen."),
    ] = None,
) -> None:
    """Predict with a fine-tuned model.

    One JSON line a sample, by the task: label and probabilities, labels, value, tags and spans,
    ranked candidates, or text.
    """
    given = {"text": text, "text_pair": text_pair, "image": image, "audio": audio}
    if (file is None) == (not any(given.values())):
        raise PlanError("say what to predict on: --text, --image or --audio, or else --file")
    stored = find_record(record)
    if file is not None:
        samples = read_samples(file, stored)
    else:
        samples = Samples({name: list(values) for name, values in given.items() if values})

    from mmbench import api

    found = api.predict(
        stored,
        texts=samples.inputs.get("text"),
        text_pairs=samples.inputs.get("text_pair"),
        images=samples.inputs.get("image"),
        sounds=samples.inputs.get("audio"),
        device=device,
    )
    _print_lines(found, samples.ids, out)


def find_record(path: Path) -> "Stored":
    """The record at `path`, or the only one under it."""
    from mmbench.errors import StoreError
    from mmbench.store import RECORD, Store, load

    if path.is_file() or (path / RECORD).is_file():
        return load(path)
    found = Store(path).select()
    if not found:
        raise StoreError(f"{path}: no record here; mmbench run --keep best writes one")
    kept = [stored for stored in found if "model" in stored.record.artefacts]
    if len(kept) == 1:
        return kept[0]
    if not kept:
        raise StoreError(
            f"{path}: none of its {len(found)} records kept its model; run again with "
            "--keep best --fresh"
        )
    raise StoreError(
        f"{path}: {len(kept)} models are kept under it; name one, e.g. {kept[-1].folder}"
    )


def read_samples(file: Path, stored: "Stored") -> Samples:
    """The columns of the record's task, or the lines of a text file."""
    from mmbench.data.columns import read_given, require_column
    from mmbench.data.tables import read_lines, read_table
    from mmbench.errors import DataError

    inputs = stored.record.trial.task.inputs
    if file.suffix.lower() == ".txt":
        if tuple(inputs) != ("text",):
            raise DataError(f"{file}: the model takes {' + '.join(inputs)}, not lines of text")
        if not file.is_file():
            raise DataError(f"{file}: no such file")
        return Samples({"text": read_lines({"line": file}).values("text")})
    table = read_table(file, None)
    if not len(table):
        raise DataError(f"{file}: has no rows")
    samples = Samples()
    for slot, column in inputs.items():
        require_column(table, column, f"inputs.{slot}")
        samples.inputs[slot] = read_given(table, column, slot)
    if ID in table.columns:
        samples.ids = [str(value) for value in table.values(ID)]
    return samples


def _print_lines(found: "list[Answer]", ids: list[str] | None, out: Path | None) -> None:
    lines = "".join(f"{line}\n" for line in _lines(found, ids))
    if out is None:
        print(lines, end="")
        return
    from mmbench.atomic import write_atomically
    from mmbench.errors import StoreError

    try:
        write_atomically(out, lines.encode())
    except OSError as error:
        raise StoreError(f"{out}: cannot be written: {error.strerror or error}") from error


def _lines(found: "list[Answer]", ids: list[str] | None) -> Iterator[str]:
    for number, one in enumerate(found):
        line = asdict(one) | ({} if ids is None else {"id": ids[number]})
        yield json.dumps(_rounded(line), ensure_ascii=False)


def _rounded(value: Any) -> Any:
    """Floats to six decimals, at whatever depth; keys spelled out."""
    if isinstance(value, dict):
        return {str(key): _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return round(value, 6) if isinstance(value, float) else value
