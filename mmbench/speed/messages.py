"""What the two ends of a paired timing say to each other: one line of JSON a message.

The child says `hello` once, then answers each line. It is asked

    {"load": {"case": …, "device": "cpu"}}   → {"loaded": …}
    {"warm": 0.15}                           → {"ran": …}   windows double until one is so long
    {"run": 3}                               → {"ran": …}   one window of three steps
    {"memory": true}                         → {"memory": …}

and in place of any answer it may say {"error": {"kind": …, "message": …}}. The child may be an
older or newer mmbench than the parent: a change of these shapes or of their meaning raises
PROTOCOL, and cards travel as plain data without the fields that are at their default.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROTOCOL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Said before anything heavy is imported. `package`: the folder of the mmbench that runs;
    `prefix`: of its Python environment."""

    protocol: int
    version: str
    package: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The case is ready. fingerprint: as the child's own mmbench has it, as plain data. work: what
    one step does, by name (samples, tokens, …); both sides must do the same."""

    fingerprint: Mapping[str, Any]
    work: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One window between two synchronisations. `cpu_seconds`: of all threads of the child."""

    steps: int
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Peaks since the child started; None where they cannot be told."""

    peak_rss_bytes: float | None
    peak_cuda_bytes: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error that somebody can mend. kind: its class in `mmbench.errors`, or "Incompatible"."""

    kind: str
    message: str
