"""Paired statistics that were worked out before, by the digest of all that they are made of.

A report over thousands of records redraws examples for minutes; the same answers under the same
code give the same numbers. They lie in the shared cache, among its other entries.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import mmbench
from mmbench.data.cache import Cache
from mmbench.digests import digest_of
from mmbench.errors import TrialError

KIND = "statistics"
ROOMS = ("compare", "metrics")
LIBRARIES = ("numpy", "scipy")
Numbers = dict[str, float]


@dataclass(frozen=True, slots=True)
class Remembered:
    """Numbers by name, or None where nothing could be shown. A cache that cannot be written costs
    the time to work them out again, and nothing else."""

    cache: Cache

    def once(
        self, parts: Sequence[object], work_out: Callable[[], Numbers | None]
    ) -> Numbers | None:
        """parts: JSON values, all that the numbers follow from but for our own code."""

        def build(_: Path) -> dict[str, Numbers | None]:
            return {"numbers": work_out()}

        try:
            entry, _ = self.cache.get(KIND, digest_of([_code(), *parts]), build)
        except (OSError, TrialError):  # of the cache: what is worked out has errors of its own
            return work_out()
        found: Numbers | None = entry.facts["numbers"]
        return found


@cache
def _code() -> str:
    """Of the source that works statistics out, and of the libraries that it calls: an edit makes
    every number new."""
    whole = hashlib.sha256()
    package = Path(mmbench.__file__).parent
    for room in ROOMS:
        for path in sorted((package / room).glob("*.py")):
            whole.update(path.read_bytes())
    for library in LIBRARIES:
        whole.update(version(library).encode())
    return whole.hexdigest()
