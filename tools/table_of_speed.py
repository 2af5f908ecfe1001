"""Renew reports/reference/speed.md from the records of results/reference/speed.

`python -m tools.table_of_speed`. The cases of the suite speed that have no record are named.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from mmbench.atomic import write_atomically
from mmbench.catalog import Catalog
from mmbench.speed.order import Timing, orders_of
from mmbench.speed.table import markdown_table
from mmbench.speed_record import SpeedRecord
from mmbench.speed_store import latest_speeds, speed_records

ROOT = Path(__file__).parents[1]
RECORDS = ROOT / "results" / "reference" / "speed"
PAGE = ROOT / "reports" / "reference" / "speed.md"


def main() -> int:
    write_atomically(PAGE, page(records_of(RECORDS)).encode())
    return 0


def records_of(folder: Path) -> list[SpeedRecord]:
    """The last of each case, in the order of their timing."""
    found = [stored.record for stored in latest_speeds(speed_records(folder))]
    return sorted(found, key=lambda record: record.started_at)


def page(records: Sequence[SpeedRecord]) -> str:
    left = missing(records)
    lines = [
        "# Speed of the main families",
        "",
        "`mmbench bench speed` on the machine below, from random weights; [bench.md]"
        "(../../docs/bench.md) says what is timed. Records: `results/reference/speed`; this page: "
        "`python -m tools.table_of_speed`.",
        "",
        markdown_table(records).rstrip(),
    ]
    if left:
        lines += ["", f"Not timed, {len(left)} cases of the suite: {', '.join(left)}."]
    return "\n".join(lines) + "\n"


def missing(records: Sequence[SpeedRecord]) -> list[str]:
    """Names of the suite's cases without a record; one at `max` has the batch that was found."""
    catalog = Catalog.standard()
    orders = orders_of(
        catalog.suite("speed").bench, catalog, Timing(init="random", device="cuda", seconds=1.0)
    )
    timed = {record.cell for record in records}
    return [order.name for order in orders if order.name not in timed]


if __name__ == "__main__":
    sys.exit(main())
