"""How a throughput test ends other than well.

    AssertionError
    └── Slower             a clear slow-down, with its numbers
    MmbenchError
    ├── CannotTime         nothing was timed, so nothing may pass
    └── CannotTell         it was timed, and the readings decide nothing

They are kinds of their own so that a test can name the one that it expects:
`@pytest.mark.xfail(raises=CannotTell)`.
"""

from mmbench.errors import MmbenchError


class Slower(AssertionError):
    """The call takes longer than the threshold allows."""


class CannotTime(MmbenchError):
    """No measurement or no baseline to hold it against; the message says how to get one."""


class CannotTell(MmbenchError):
    """The noise, or another machine state, is larger than what was asked about."""
