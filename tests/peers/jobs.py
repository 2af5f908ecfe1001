"""Jobs that the tests give to processes of their own."""

from dataclasses import dataclass

from benchmarks.peers.warm import Outcome, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    seconds: float


def steady(settings: Settings) -> Work:
    """Says what it was given, and prints, as libraries do."""
    print("a library says hello")

    def run(round_: int) -> Outcome:
        print("and again")
        return Outcome(seconds=settings.seconds, values={"round": float(round_)})

    return run


def failing(settings: Settings) -> Work:
    def run(round_: int) -> Outcome:
        raise ValueError(f"round {round_} went wrong after {settings.seconds} s")

    return run
