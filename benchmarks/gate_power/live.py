"""Live decisions through `speed.session.time_paired`, as `mmbench gate --against` makes them.

Both processes are started once and serve all decisions; each decision settles and times pairs of
its own. A fresh start of both, several seconds, would be most of the time that there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.gate_power.record import Size, programs
from mmbench.atomic import write_atomically
from mmbench.codec import dump_json
from mmbench.compare.paired import Decision, PairedRule
from mmbench.speed.arm import Limits
from mmbench.speed.paired import Pairing, Programs, open_pairing
from mmbench.speed.session import Conditions, time_paired
from mmbench.speed_record import SpeedCase


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLevel:
    level: float
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    format: int = 1
    case: str
    window_seconds: float
    levels: tuple[LiveLevel, ...]


class Kept(Pairing):
    """Two arms that one decision leaves to the next."""

    def close(self) -> None:
        return

    def end(self) -> None:
        super().close()


class Nobody:
    """A watcher that sees nothing."""

    def visiting(self, case: SpeedCase, look: int) -> None:
        return

    def paired(self, case: SpeedCase, pairs: Sequence[tuple[float, float]], wanted: int) -> None:
        return


def live(
    size: Size, levels: tuple[float, ...], decisions: int, rule: PairedRule, out: Path
) -> None:
    """Decide so often at every level, in turn, and write live.json."""
    with TemporaryDirectory() as folder:
        share_file = Path(folder) / "share"
        share_file.write_text("0")
        both = programs(share_file)
        started = open_pairing(size.case(), both, device="cpu")
        kept = Kept(case=started.case, baseline=started.baseline, candidate=started.candidate)
        found: dict[float, list[Decision]] = {level: [] for level in levels}
        try:
            for number in range(decisions):
                for level in levels:  # in turn: what the machine does meanwhile meets all alike
                    share_file.write_text(repr(level))
                    decision = _decided(kept, both, size, rule)
                    found[level].append(decision)
                    print(f"{number + 1:3} of {decisions}  {level:4.0%}  {decision}", flush=True)
        finally:
            kept.end()
    whole = Live(
        case=kept.case.name,
        window_seconds=size.window_seconds,
        levels=tuple(
            LiveLevel(level=level, decisions=tuple(made)) for level, made in found.items()
        ),
    )
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / "live.json", dump_json(whole))


def _decided(kept: Kept, both: Programs, size: Size, rule: PairedRule) -> Decision:
    def opening(
        case: SpeedCase, programs: Programs, *, device: str, limits: Limits | None = None
    ) -> Pairing:
        return kept

    conditions = Conditions(device="cpu", rule=rule, window_seconds=size.window_seconds)
    (cell,) = time_paired([kept.case], both, conditions, Nobody(), opening=opening)
    assert cell.decision is not None, "the budget is longer than all looks"
    return cell.decision
