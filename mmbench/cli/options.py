"""Options that several commands take, each spelled once."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


class Language(StrEnum):
    """Of a report."""

    EN = "en"
    ZH = "zh"
    BOTH = "both"


class Hub(StrEnum):
    """Which of the two is asked: Hugging Face (or $HF_ENDPOINT), ModelScope, or the first of them
    that answers."""

    HF = "hf"
    MODELSCOPE = "modelscope"
    AUTO = "auto"


def one_language(lang: Language) -> Literal["en", "zh"]:
    """Where a text can be in one alone: of both the first."""
    return "zh" if lang is Language.ZH else "en"


def split_names(values: list[str] | None) -> tuple[str, ...]:
    """`-m a,b -m c` → a, b, c."""
    parts = (part.strip() for value in values or () for part in value.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _check_device(value: str) -> str:
    if not DEVICE.fullmatch(value):
        raise typer.BadParameter(f"{value!r} is none of auto, cpu, cuda, cuda:0, cuda:1 …")
    return value


Cards = Annotated[
    list[Path] | None,
    typer.Option(
        "--cards",
        metavar="DIR",
        help="A folder of your own cards: models/, tasks/, recipes/, suites/. Repeatable.",
    ),
]
FromHub = Annotated[
    Hub,
    typer.Option(
        "--hub",
        help="Where to read what lies on both hubs; ModelScope has what the cards say it has; "
        "auto takes the first that answers.",
    ),
]
ModelPaths = Annotated[
    list[str] | None,
    typer.Option(
        "--model-path",
        metavar="NAME=DIR",
        help="Read this model from a folder of yours. Repeatable.",
    ),
]
Device = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="auto|cpu|cuda|cuda:N",
        help="Where to run; auto takes the first GPU, or else the CPU.",
        callback=_check_device,
    ),
]
Lang = Annotated[Language, typer.Option("--lang", help="The report's language.")]
AllowMissing = Annotated[
    bool, typer.Option("--allow-missing", help="What only one side has is listed, and no error.")
]
PullRequest = Annotated[
    Path | None,
    typer.Option("--markdown", metavar="FILE", help="Write the report for a pull request."),
]
JUnit = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Write it as JUnit XML.")
]
