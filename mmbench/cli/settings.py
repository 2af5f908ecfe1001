"""How `mmbench run` is to run, and where things go."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mmbench.cli.options import Language


class Keep(StrEnum):
    """What of the fine-tuned weights stays on disk."""

    BEST = "best"
    ALL = "all"
    NONE = "none"


class Executor(StrEnum):
    """Where trials run."""

    WORKER = "worker"
    INLINE = "inline"
    FRESH = "fresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the flags of the command say, besides what is run."""

    device: str
    results: Path | None
    reports: Path | None
    lang: Language
    keep: Keep
    fresh: bool
    dry_run: bool
    offline: bool
    executor: Executor
    trial_minutes: float | None
    downloads: Path | None = None

    def flags(self) -> list[str]:
        """As they are given to the command, without --fresh: it would not go on, but begin anew."""
        words = [] if self.device == "auto" else ["--device", self.device]
        for flag, folder in (
            ("--results", self.results),
            ("--reports", self.reports),
            ("--from", self.downloads),
        ):
            words += [flag, str(folder)] if folder is not None else []
        words += [] if self.lang == Language.BOTH else ["--lang", self.lang.value]
        words += [] if self.keep == Keep.NONE else ["--keep", self.keep.value]
        words += [] if self.executor == Executor.WORKER else ["--executor", self.executor.value]
        if self.trial_minutes is not None:
            words += ["--trial-minutes", f"{self.trial_minutes:g}"]
        return [*words, "--offline"] if self.offline else words
