"""Where and with what something ran: what parts records, and what only informs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any

from mmbench.digests import digest_of, set_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Where and with what a trial ran: records compare in speed only where these agree.

    `code` is told but parts nothing: what of the code changes results is `behaviour`. `threads`:
    of one operation. `cores`: that the process may use. `cpu_capability`: the vector instructions
    torch chose. `settings`: torch's, of precision and determinism. None: not recorded.
    """

    behaviour: int
    code: str
    device: str
    device_name: str
    precision: str
    threads: int
    libraries: Mapping[str, str]
    cpu: str | None = None
    cpu_capability: str | None = None
    cores: int | None = None
    governor: str | None = None
    interop_threads: int | None = None
    python: str | None = None
    driver: str | None = None
    cuda: str | None = None
    cudnn: str | None = None
    power_limit_watts: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Of everything but `code`. What is not recorded does not enter, and so parts a record from
        one that knows more."""
        libraries, settings = tuple(self.libraries.items()), tuple(self.settings.items())
        return _digest(_plain(self), libraries, settings)


_MAPPINGS = ("libraries", "settings")
_NAMES = tuple(item.name for item in fields(Fingerprint) if item.name not in _MAPPINGS)
_plain = attrgetter(*_NAMES)


@lru_cache(maxsize=1024)  # the records of a sweep share a few, and each is asked again and again
def _digest(plain: tuple[Any, ...], *mappings: tuple[tuple[str, str], ...]) -> str:
    """plain: the fields of `_NAMES`. mappings: the pairs of the others."""
    told: dict[str, Any] = dict(
        zip((*_NAMES, *_MAPPINGS), (*plain, *map(dict, mappings)), strict=True)
    )
    known = set_fields(Fingerprint(**told))
    return digest_of({name: value for name, value in known.items() if name != "code"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The machine, by an allow-list: nothing of the user's environment variables.

    It informs, and parts no records. `other_cores_busy`: how many cores other processes kept busy,
    on average, during the trial. `gpus`: how many the process sees. `gpu_mhz`: clock rates at the
    end, by the clock's name. `throttling`: NVML's reasons at the end why clocks are low; None if
    nobody tells. `libraries`: those that take no part in a timed step.
    """

    platform: str
    python: str
    cpu: str
    cores: int
    memory_bytes: int
    gpu: str | None
    gpu_memory_bytes: int | None
    load_at_start: float | None
    load_at_end: float | None
    other_cores_busy: float | None
    gpus: int | None = None
    gpu_mhz: Mapping[str, int] = field(default_factory=dict)
    throttling: tuple[str, ...] | None = None
    libraries: Mapping[str, str] = field(default_factory=dict)
