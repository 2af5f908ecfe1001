"""How often the paired gate is wrong, and how often the stored one is.

    python -m benchmarks.gate_power record     # traces of a slowed training step: about 8 minutes
    python -m benchmarks.gate_power replay     # decisions over resampled traces
    python -m benchmarks.gate_power live       # decisions as the gate makes them: about 8 minutes
    python -m benchmarks.gate_power table      # power.json and the table of docs/measuring.md

`record` and `live` want a machine that does nothing else. `table` ends with status 1 if a target is
missed. In small: `record --pairs 24 --restarts 2 --levels 0,0.1 --out /tmp/gate`.
"""

import argparse
import sys
from pathlib import Path

from benchmarks.gate_power.live import live
from benchmarks.gate_power.record import Size, record
from benchmarks.gate_power.replay import replay
from benchmarks.gate_power.table import make_table
from benchmarks.gate_power.traces import CONDITIONS, OUT, ROOT
from mmbench.compare.paired import PairedRule


def main() -> int:
    options = parsed()
    rule = PairedRule(threshold=options.threshold)
    size = Size(
        model=options.model,
        batch_size=options.batch_size,
        tokens=options.tokens,
        pairs=options.pairs,
        restarts=options.restarts,
        window_seconds=options.window_seconds,
        neighbours=options.neighbours,
    )
    if options.what == "record":
        record(size, tuple(options.conditions), options.levels, options.out)
    elif options.what == "replay":
        replay(options.out, options.decisions or 1000, rule)
    elif options.what == "live":
        live(size, options.levels or (0.0, 0.1), options.decisions or 20, rule, options.out)
    else:
        return 0 if make_table(options.out, options.page) else 1
    return 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gate_power",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("record", "replay", "live", "table"))
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "measuring.md")
    parser.add_argument("--levels", type=_levels, help="0,0.1: shares by which steps are slowed")
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=CONDITIONS)
    parser.add_argument("--neighbours", type=int, default=3, help="processes that burn in bursts")
    parser.add_argument("--pairs", type=int, default=192, help="of windows, a level")
    parser.add_argument("--restarts", type=int, default=6, help="fresh starts that share the pairs")
    parser.add_argument("--window-seconds", type=float, default=0.06)
    parser.add_argument("--model", default="bert-zh-scratch")
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=16)
    parser.add_argument("--threshold", type=float, default=PairedRule().threshold)
    parser.add_argument("--decisions", type=int, help="a level: 1000 of replay, 20 of live")
    return parser.parse_args()


def _levels(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
