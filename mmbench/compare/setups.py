"""What parts two setups, in words: speeds compare only where nothing does."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from mmbench.fingerprint import Fingerprint

NOT_RECORDED = "not recorded"
TOLD_ONLY = ("code",)
"""A gate compares two versions of our code; what of them changes results is `behaviour`."""
UNITS = {"power_limit_watts": "W"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`one` and `other` as text; None where it was not recorded, by an older format or since the
    machine did not tell. `name`: a field of the fingerprint, a library, or a setting."""

    name: str
    one: str | None
    other: str | None

    @property
    def known(self) -> bool:
        """Both are recorded, so that they do differ; else they may."""
        return self.one is not None and self.other is not None

    def __str__(self) -> str:
        what, unit = self.name, ""
        for ending, word in UNITS.items():
            if what == ending:
                what, unit = what.rpartition("_")[0], f" {word}"
        one, other = (NOT_RECORDED if v is None else v + unit for v in (self.one, self.other))
        return f"{what.replace('_', ' ')}: {one} against {other}"


def differing(one: Fingerprint, other: Fingerprint) -> tuple[Difference, ...]:
    """Empty exactly if their digests are equal. In the order of the fingerprint's fields."""
    ours, theirs = dict(_facts(one)), dict(_facts(other))
    return tuple(
        Difference(name=name, one=ours.get(name), other=theirs.get(name))
        for name in dict.fromkeys((*ours, *theirs))
        if ours.get(name) != theirs.get(name)
    )


def differences(
    one: Fingerprint, other: Fingerprint, *, ignoring: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Each in words, as "threads: 2 against 4", without those whose names are ignored."""
    return tuple(str(found) for found in differing(one, other) if found.name not in ignoring)


def _facts(fingerprint: Fingerprint) -> Iterator[tuple[str, str]]:
    """All that is recorded and parts; of each library its version, of each setting its word."""
    for item in fields(fingerprint):
        value = getattr(fingerprint, item.name)
        if item.name in ("libraries", "settings"):
            yield from sorted(value.items())
        elif item.name not in TOLD_ONLY and value is not None:
            yield item.name, str(value)
