"""Every error that mmbench raises on purpose.

    MmbenchError(ValueError)      something the user can mend
    ├── CardError                 a card, recipe or suite says something wrong or unknown
    ├── PlanError                 the matrix asks for what cannot be run
    ├── TrialError                one trial cannot be run to its end
    │   ├── DataError             its data are missing, unreadable or not as the card says
    │   └── Diverged              a loss or an output was not finite
    ├── StoreError                records cannot be read or written
    └── ArmError                  a process that is timed against another has died, hung or failed
        └── NotComparable         it lives, but its times would say nothing beside the other's

A message says what, where and what to do next, in one or two lines. `assert` is for what cannot
happen; a bare exception of another library is turned into one of these where it can be named.
"""

import difflib
from collections.abc import Iterable


class MmbenchError(ValueError):
    """Anything the user can mend; the command line prints it without a traceback."""


class CardError(MmbenchError):
    """A card, recipe or suite is unknown or says something that is not allowed."""


class PlanError(MmbenchError):
    """The matrix as a whole cannot be run."""


class TrialError(MmbenchError):
    """One trial cannot be run to its end; the sweep goes on."""


class DataError(TrialError):
    """The data of a trial are missing, unreadable or not as the card says."""


class Diverged(TrialError):
    """A loss or an output was not finite; the message names the step or the split."""


class StoreError(MmbenchError):
    """Records cannot be read or written."""


class ArmError(MmbenchError):
    """One side of a paired timing has died, hung or failed; the message holds its last words."""


class NotComparable(ArmError):
    """The two sides of a paired timing do not do the same work, or cannot be asked to."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the nearest known names, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(repr(name) for name in near)}?" if near else ""


def first_line(error: BaseException, most: int = 200) -> str:
    """What an error says, in one line of at most so many characters; what it is, if it says
    nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].strip()[:most] if lines else type(error).__name__


def brief(error: BaseException, most: int = 200) -> str:
    """What an error of another library is, and the first line of what it says."""
    said = first_line(error, most)
    return said if said == type(error).__name__ else f"{type(error).__name__}: {said}"
