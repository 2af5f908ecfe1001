"""What is printed, and how: text from cards and data can style, move or crash nothing."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

WIDE = 400  # of a line that goes to a file or a pipe: nothing is folded there
JOINERS = "\u200c\u200d"  # hold an emoji or a syllable together; the other format marks deceive


def safe(text: object) -> str:
    """The text with everything but printable characters and line breaks spelled out.

    An escape sequence in a label must not colour, erase or rename anything in the terminal.
    """
    return "".join(
        c if c.isprintable() or c in JOINERS or c == "\n" else ascii(c)[1:-1] for c in str(text)
    )


def plain(text: object, style: str = "") -> "Text":
    """rich's Text of it: nothing in it is read as markup."""
    from rich.text import Text

    return Text(safe(text), style=style)


def output() -> "Console":
    """Standard output: results only."""
    return _console(stderr=False)


def messages() -> "Console":
    """Standard error: progress, notes and warnings."""
    return _console(stderr=True)


def say(console: "Console", text: object, style: str = "") -> None:
    """One line of it, folded at words, and by a terminal alone."""
    from rich.text import Text

    line = text if isinstance(text, Text) else plain(text, style)
    console.print(line, soft_wrap=not console.is_terminal)


def complain(message: str) -> None:
    """One error, on standard error."""
    print(f"error: {safe(message)}", file=sys.stderr)


def note(message: str) -> None:
    """One line, on standard error, that is no error."""
    print(safe(message), file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """`12 s`, `3 min 20 s`, `2 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if isinstance(seconds, float) and seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def counted(count: int, word: str) -> str:
    """`1 trial`, `2 trials`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def size(quantity: int) -> str:
    """`512 MiB`, `1.2 GiB`."""
    return f"{quantity / 2**30:.1f} GiB" if quantity >= 2**30 else f"{quantity / 2**20:.0f} MiB"


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDE
    return console
