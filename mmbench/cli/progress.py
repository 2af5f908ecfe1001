"""What a run shows while it runs: a live line in a terminal, plain lines in a log."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.live import Live as RichLive
from rich.text import Text

from mmbench.cli.console import duration, messages, plain, say
from mmbench.compare.checks import input_concerns
from mmbench.kinds import kind
from mmbench.records import UNSTABLE
from mmbench.report.i18n import Messages
from mmbench.report.notes import unstable_warnings
from mmbench.report.numbers import percent, score, score_with_unit

if TYPE_CHECKING:
    from mmbench.cli.estimate import Estimate
    from mmbench.records import Record, Score, Stage, Trial

PATIENCE = 15.0  # seconds of silence before a log is told what the trial is doing
TEST = "test"


@contextmanager
def watching(todo: "Sequence[Trial]", estimate: "Estimate") -> "Iterator[Showing]":
    """A watcher for these trials, drawn as standard error allows."""
    console = messages()
    if not console.is_terminal:
        yield Showing(console, Lines(console), Left(todo, estimate))
        return
    with Live(console) as live:
        yield Showing(console, live, Left(todo, estimate))


class Display(Protocol):
    """Where the present state is drawn. `detail` changes with every step."""

    def trial(self, name: str, done: int, total: int, left: str) -> None: ...

    def fit(self, phase: str, detail: str, step: int, steps: int, left: str) -> None: ...


# -------------------------------------------------------------------------------- state


@dataclass(slots=True)
class Left:
    """How long the run will still take, as far as can be told."""

    todo: "Sequence[Trial]"
    estimate: "Estimate"
    number: int = 0
    began: float = 0.0

    def start(self, number: int) -> None:
        self.number, self.began = number, time.monotonic()

    def text(self) -> str:
        """`about 3 min left`; `at least …` where some trials are unlike any that was seen."""
        seconds, unknown = self.estimate.total(self.todo[self.number :])
        current = self.estimate.seconds(self.todo[self.number - 1])
        if current is None:
            unknown += 1
        else:
            seconds += max(0.0, current - (time.monotonic() - self.began))
        if unknown and not seconds:
            return "time left unknown"
        return f"{'at least' if unknown else 'about'} {duration(seconds)} left"


@dataclass(slots=True)
class Showing:
    """The watcher: keeps the state, lets a display draw it, and prints a line for each trial.

    `ok`: how many trials have ended well.
    """

    console: Console
    display: Display
    left: Left
    number: int = 0
    total: int = 0
    ok: int = 0
    doing: str = ""
    step: int = 0
    steps: int = 0
    loss: str = ""
    speed: str = ""
    metric: str = ""

    def started(self, trial: "Trial", number: int, total: int) -> None:
        self.number, self.total = number, total
        self.left.start(number)
        self.display.trial(trial.name, number, total, self.left.text())

    def phase(self, what: str) -> None:
        self.doing, self.step, self.steps = what, 0, 0
        self.loss = self.speed = self.metric = ""
        self._draw()

    def training(self, step: int, steps: int, loss: float, samples_per_second: float) -> None:
        self.step, self.steps = step, steps
        self.loss, self.speed = f"loss {loss:.4f}", f"{samples_per_second:,.0f} samples/s"
        self._draw()

    def validated(self, step: int, metric: str, value: float) -> None:
        self.step = step
        self.metric = f"validation {metric} {value_of(metric, value)}"
        self._draw()

    def ended(self, record: "Record") -> None:
        self.ok += record.status == "ok"
        self.left.estimate.add(record)
        for text, style in trial_lines(record, self.number, self.total):
            say(self.console, text, style)

    def _draw(self) -> None:
        detail = _joined(self.loss, self.metric, self.speed)
        self.display.fit(self.doing, detail, self.step, self.steps, self.left.text())


# ----------------------------------------------------------------------------- displays


class Live:
    """Three lines at the bottom of a terminal: the trial, its clock, and what it is doing."""

    def __init__(self, console: Console) -> None:
        self.head, self.left, self.now = "", "", ""
        self.began = time.monotonic()
        self.live = RichLive(
            console=console,
            get_renderable=self._lines,
            transient=True,
            refresh_per_second=2,  # drawing must not slow what is being timed
        )

    def __enter__(self) -> "Live":
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def trial(self, name: str, done: int, total: int, left: str) -> None:
        self.head, self.left, self.now = f"[{done}/{total}] {name}", left, ""
        self.began = time.monotonic()

    def fit(self, phase: str, detail: str, step: int, steps: int, left: str) -> None:
        self.left = left
        self.now = _joined(f"  {phase}", _counted(step, steps), detail)

    def _lines(self) -> Text:
        """Drawn anew at every refresh, so that the clock shows that something goes on."""
        if not self.head:
            return Text("")
        clock = duration(round(time.monotonic() - self.began))
        lines = (plain(self.head, "bold"), plain(f"  {clock}, {self.left}"), plain(self.now))
        for line in lines:
            line.truncate(self.live.console.width, overflow="ellipsis")
        return Text("\n").join(lines)


@dataclass(slots=True)
class Lines:
    """Whole lines for a file or a CI log: every trial, and now and then what it is doing."""

    console: Console
    said: float = 0.0

    def trial(self, name: str, done: int, total: int, left: str) -> None:
        self._say(f"[{done}/{total}] {name}: {left}")

    def fit(self, phase: str, detail: str, step: int, steps: int, left: str) -> None:
        if time.monotonic() - self.said > PATIENCE:
            self._say(_joined(f"  {phase}", _counted(step, steps), detail, left))

    def _say(self, line: str) -> None:
        self.said = time.monotonic()
        say(self.console, line)


def _counted(step: int, steps: int) -> str:
    """A fit that has been validated but not timed yet has not said how long it is."""
    if not step:
        return ""
    return f"step {step}/{steps}" if steps else f"step {step}"


def _joined(*parts: str) -> str:
    return "  ".join(part for part in parts if part)


# ------------------------------------------------------------------------- a trial's line


def trial_lines(record: "Record", number: int, total: int) -> Iterator[tuple[str, str]]:
    """How a trial ended, with the style of each line; warnings stand out."""
    head = f"[{number}/{total}] {record.trial.name}"
    if record.status == "ok":
        yield f"{head}: {_gain(record)}, {duration(record.seconds)}", "green"
    else:
        why = record.failure.message if record.failure is not None else "no reason given"
        yield f"{head}: {record.status.upper()} after {duration(record.seconds)}: {why}", "bold red"
    unstable = unstable_warnings(record)
    others = [text for text in record.warnings if text not in unstable]
    for warning in [*others, *lost_input(record), *_together(unstable)]:
        yield f"  WARNING {warning}", "bold yellow"


def _together(unstable: Sequence[str]) -> list[str]:
    """The reasons why a trial's speeds are not to be trusted in one line, each advice once."""
    if not unstable:
        return []
    told = [text.removeprefix(f"{UNSTABLE}: ").partition("; ") for text in unstable]
    reasons = "; ".join(reason for reason, _, _ in told)
    advice = "; ".join(dict.fromkeys(advice for _, _, advice in told if advice))
    return [f"timing {UNSTABLE}, scores are not touched: {reasons}. Advice: {advice}"]


def lost_input(record: "Record") -> list[str]:
    """Much of a text truncated, or unknown to the tokenizer."""
    say_ = Messages("en")
    return [
        say_(
            f"notice.{concern.kind}",
            model=concern.model,
            task=concern.task,
            split=concern.split,
            share=percent(concern.share),
        )
        for concern in input_concerns([record])
    ]


def _gain(record: "Record") -> str:
    """`accuracy on test 50.1% → 87.3% [85.1, 89.2]`: before, and after with its interval.

    What cannot be scored before training, or is not trained, stands beside its kind's baseline.
    """
    from mmbench.report.words import baseline_name

    metric = record.trial.task.primary
    zero_shot = record.trial.recipe.strategy == "zero_shot"
    stage: Stage = "before" if zero_shot else "after"
    found = record.score(stage, TEST, metric) or next(
        (s for s in record.scores if s.stage == stage and s.metric == metric), None
    )
    chosen = next((tried for tried in record.tried if tried.chosen), None)
    if chosen is not None:
        value = value_of(metric, chosen.validation)
        return f"{metric} on validation {value}, the best of {len(record.tried)} settings"
    if found is None:
        return f"no {metric} on {TEST}"
    value = _with_interval(found)
    before = record.score("before", found.split, metric)
    if not zero_shot and before is not None and before.value is not None:
        return f"{metric} on {found.split} {value_of(metric, before.value)} → {value}"
    own = kind(record.trial.task.kind)
    base = record.score(own.baseline, found.split, metric)
    told = baseline_name(own, Messages("en"))
    beside = "" if base is None else f" ({told} {value_of(metric, base.value)})"
    return f"{metric} on {found.split} {value}{beside}"


def _with_interval(found: "Score") -> str:
    text = value_of(found.metric, found.value)
    if found.low is None or found.high is None:
        return text
    return f"{text} [{score(found.low, found.metric)}, {score(found.high, found.metric)}]"


def value_of(metric: str, value: float | None) -> str:
    """As reports print it; a metric of a third party has no row in the table of metrics."""
    try:
        return score_with_unit(value, metric)
    except ValueError:
        return "–" if value is None else f"{value:.4g}"
