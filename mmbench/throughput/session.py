"""One pytest session: what its options mean for timing, what it measured, what it saves."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mmbench.throughput.fixture import Options, Throughput

if TYPE_CHECKING:
    from mmbench.throughput.baselines import Baselines, SavedTest


@dataclass(slots=True)
class Session:
    """Tests in the order in which they ended; `saved_at` is where their baseline was written."""

    options: Options
    seen: list[Throughput] = field(default_factory=list)
    to_save: "dict[str, SavedTest]" = field(default_factory=dict)
    saved_at: Path | None = None

    def see(self, throughput: Throughput, *, failed: bool) -> None:
        """A test has ended; only what did not fail is worth being a baseline."""
        self.seen.append(throughput)
        if self.options.save is None or failed:
            return
        windows = throughput.to_save()
        if windows is not None:
            self.to_save[throughput.test] = windows

    def save(self) -> None:
        if self.options.save is not None and self.to_save:
            self.saved_at = self.options.baselines().put(self.options.save, self.to_save)

    @property
    def save_was_empty(self) -> bool:
        """A baseline was asked for, and there is nothing to write into it."""
        return self.options.save is not None and not self.to_save

    def lines(self) -> list[str]:
        """What a reader of the terminal should see: each measurement, and what was saved."""
        lines = [_line(each) for each in self.seen if each.measured is not None]
        if self.saved_at is not None:
            lines.append(f"saved {len(self.to_save)} as {self.options.save!r}: {self.saved_at}")
        elif self.options.save is not None:
            lines.append(
                f"{self.options.save!r} was not saved: no test that passed measured a call"
            )
        return lines


def options_of(config: pytest.Config) -> Options:
    root = config.rootpath

    def baselines() -> "Baselines":
        from mmbench.throughput.baselines import FOLDER, Baselines

        return Baselines(root / FOLDER)

    return Options(
        baselines=baselines,
        off=why_off(config),
        save=config.getoption("throughput_save"),
        undecided=config.getoption("throughput_undecided"),
        most_seconds=config.getoption("throughput_seconds"),
    )


def check_name(save: str) -> None:
    """UsageError for what cannot name a baseline: before anything is timed for it."""
    from mmbench.throughput.baselines import checked_name
    from mmbench.throughput.errors import CannotTime

    try:
        checked_name(save)
    except CannotTime as error:
        raise pytest.UsageError(f"--throughput-save: {error}") from None


def why_off(config: pytest.Config) -> str | None:
    """Why nothing is timed in this session, with what to do about it; None if timing is on."""
    if config.getoption("throughput_disable"):
        return "--throughput-disable was given"
    # the options of pytest-benchmark and pytest-xdist, absent where these are not installed
    if config.getoption("benchmark_disable", False) and not config.getoption(
        "benchmark_enable", False
    ):
        return "--benchmark-disable was given (in addopts?); add --benchmark-enable"
    if hasattr(config, "workerinput") or config.getoption("numprocesses", None):
        return "pytest-xdist runs tests side by side; run these alone: pytest -n 0 -m throughput"
    return None


def _line(throughput: Throughput) -> str:
    measured = throughput.measured
    assert measured is not None, "asked before"
    count = f"{len(measured.seconds)} windows of {measured.calls} calls"
    verdict = "" if throughput.verdict is None else f"; {throughput.verdict}"
    return f"{throughput.test}: {seconds_text(measured.median)} a call ({count}){verdict}"


def seconds_text(seconds: float) -> str:
    """Three digits and a unit that fits: 1.23 ms."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
