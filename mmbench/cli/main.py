"""The entry point: the commands, the global options, and how an error ends the program.

Exit status: 0 all well; 1 a trial or a timed case failed, or records cannot be read or written; 2
the command, a card or the plan is wrong; 70 a bug of ours; 130 interrupted.
"""

import io
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from mmbench import __version__
from mmbench.cli.bench import bench
from mmbench.cli.cache import cache
from mmbench.cli.check import check
from mmbench.cli.compare import compare
from mmbench.cli.console import complain
from mmbench.cli.doctor import doctor
from mmbench.cli.export import export
from mmbench.cli.gate import gate
from mmbench.cli.gate_benchmarks import gate_benchmarks
from mmbench.cli.list import list_cards
from mmbench.cli.new import app as new
from mmbench.cli.pin import pin
from mmbench.cli.predict import predict
from mmbench.cli.prefetch import prefetch
from mmbench.cli.report import report
from mmbench.cli.run import run
from mmbench.cli.show import show
from mmbench.errors import MmbenchError, StoreError

BUG = 70  # EX_SOFTWARE of sysexits.h

app = typer.Typer(
    name="mmbench",
    help="Which backbone should I fine-tune for my task, and what will it cost?",
    epilog="Start with:  mmbench doctor   then:  mmbench run quickstart",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: at once, and nothing in it is markup
)
app.command()(run)
app.command()(report)
app.command()(gate)
app.command("gate-benchmarks")(gate_benchmarks)
app.command()(bench)
app.command()(predict)
app.command("list")(list_cards)
app.command()(show)
app.command()(check)
app.command()(prefetch)
app.command()(pin)
app.command()(compare)
app.command()(export)
app.add_typer(cache, name="cache")
app.add_typer(new, name="new")
app.command()(doctor)


@dataclass(slots=True)
class Session:
    """What the global options said; errors are shown after the command is gone."""

    debug: bool = False


def _print_version(asked: bool) -> None:
    if asked:
        print(f"mmbench {__version__}")
        raise typer.Exit


@app.callback()
def _globals(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    context.obj.debug = debug


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks `×` is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    session = Session()
    try:
        app(args=arguments, obj=session, prog_name="mmbench")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        complain(str(end.code))  # a library's last words, for which Python ends with 1
        return 1
    except MmbenchError as error:
        if session.debug:
            traceback.print_exc()
        complain(str(error))
        return 1 if isinstance(error, StoreError) else 2
    except Exception as error:  # noqa: BLE001 - the last place where a bug gets a sentence
        if session.debug:
            traceback.print_exc()
        complain(
            f"{type(error).__name__}: {error}\nThis is a bug in mmbench; put --debug behind "
            "mmbench to see where it comes from, and report it with that traceback."
        )
        return BUG
    return 0
