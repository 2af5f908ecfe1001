"""Whose turn it is, and taking turns: one arm works, the others wait blocked."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.peers.record import ArmRecord, Repeat
from benchmarks.peers.warm import Job, Warm

SETTLE_SECONDS = 0.3
"""Before a turn: OpenMP's threads spin for up to 0.2 s after their last work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way to do an experiment's work.

    name: short, for tables. what: in a sentence, with its settings. most_rounds: it takes part in
    the first so many rounds alone, since it is slow; None for all of them.
    """

    name: str
    what: str
    job: Job
    most_rounds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    round: int
    arm: str


def schedule(most_rounds: Mapping[str, int | None], rounds: int) -> list[Turn]:
    """A B, B A, A B, …: every second round backwards, so that a steady drift hits all alike."""
    turns = []
    for number in range(rounds):
        takes_part = [name for name, most in most_rounds.items() if most is None or number < most]
        ordered = takes_part if number % 2 == 0 else takes_part[::-1]
        turns += [Turn(round=number, arm=name) for name in ordered]
    return turns


def run_interleaved(arms: tuple[Arm, ...], *, rounds: int, threads: int) -> tuple[ArmRecord, ...]:
    """Start all arms, let them take turns, end them. RuntimeError if one of them fails."""
    repeats: dict[str, list[Repeat]] = {arm.name: [] for arm in arms}
    with ExitStack() as stack:
        warm = {arm.name: stack.enter_context(Warm(arm.job, threads=threads)) for arm in arms}
        for one in warm.values():  # one after the other, so that no start disturbs another
            one.start()
        for turn in schedule({arm.name: arm.most_rounds for arm in arms}, rounds):
            time.sleep(SETTLE_SECONDS)
            outcome = warm[turn.arm].run(turn.round)
            repeats[turn.arm].append(
                Repeat(round=turn.round, seconds=outcome.seconds, values=outcome.values)
            )
            print(f"  {turn.arm}: {outcome.seconds:.2f} s", flush=True)
        return tuple(
            ArmRecord(
                name=arm.name,
                what=arm.what,
                threads=warm[arm.name].threads,
                repeats=tuple(repeats[arm.name]),
            )
            for arm in arms
        )
