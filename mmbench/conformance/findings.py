"""What a check found of a card."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mmbench.errors import MmbenchError

Verdict = Literal["pass", "note", "fail", "not applicable"]
"""`note`: worth knowing, and the card keeps its promises all the same."""

Label = Literal["architecture-checked", "weights-checked", "data-checked"]
"""`architecture-checked`: at tiny size, with random weights and a vocabulary of a few sentences;
the vocabulary, the preprocessing files and the weights of the real repository were not seen.
`weights-checked`: with the card's own weights. `data-checked`: of a task, with its own rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Of one check: its name, what came out, and in one line why."""

    what: str
    verdict: Verdict
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """about: how the card was looked at. summary: lines for people, beside the findings."""

    card: str
    kind: Literal["model", "task"]
    label: Label
    about: str
    findings: tuple[Finding, ...]
    summary: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return all(finding.verdict != "fail" for finding in self.findings)


class Violation(Exception):
    """What a check raises where the promise is broken; its message is one line for people."""


class NotApplicable(Exception):
    """What a check raises where the promise means nothing of this card."""


def found(what: str, check: Callable[[], str]) -> Finding:
    """The finding of one check, which gives what it saw, or raises.

    Whatever else a model's own code raises is a failed check too: a crash is what is looked for.
    """
    try:
        return Finding(what=what, verdict="pass", said=check())
    except NotApplicable as reason:
        return Finding(what=what, verdict="not applicable", said=str(reason))
    except (Violation, MmbenchError) as error:
        return Finding(what=what, verdict="fail", said=_line(str(error)))
    except Exception as error:  # noqa: BLE001 - the one place that turns a crash into a finding
        said = _line(str(error)) or "no message"
        return Finding(what=what, verdict="fail", said=f"{type(error).__name__}: {said}")


def each(checks: "Mapping[str, Callable[[], str]]") -> Iterator[Finding]:
    """The findings of several, in their order."""
    for what, check in checks.items():
        yield found(what, check)


def _line(text: str) -> str:
    return " ".join(text.split())[:400]
