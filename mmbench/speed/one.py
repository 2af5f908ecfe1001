"""The process that times: `python -P -m mmbench.speed.one PARENT LIFELINE`.

It reads orders, one a line, and says for each what its record would be if the process ended now,
and then the record. `speed.bench` starts it. It waits on its input, so a parent that is gone ends
it.
"""

import faulthandler
import os
import signal
import sys
from typing import IO

from mmbench.lifeline import end_with


def main() -> None:
    answers: IO[bytes] = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries that print do so on standard error
    end_with(int(sys.argv[1]), int(sys.argv[2]))
    faulthandler.register(signal.SIGTERM, all_threads=True, chain=True)
    from mmbench.codec import load_json  # heavy from here on
    from mmbench.speed.order import Order
    from mmbench.speed.timed import line_of, run_order

    for line in sys.stdin.buffer:
        for record in run_order(load_json(Order, line)):
            answers.write(line_of(record))
            answers.flush()


if __name__ == "__main__":
    main()
