"""Run the comparisons, write their records, and the page that is made of them."""

import argparse
import os
import shlex
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import torch

from benchmarks.peers.experiment import ALLOWED_DIFFERENCE, Experiment, Size
from benchmarks.peers.experiments import EXPERIMENTS
from benchmarks.peers.features import largest_difference
from benchmarks.peers.halves import bf16_over_fp32
from benchmarks.peers.interleave import run_interleaved
from benchmarks.peers.page import page, table
from benchmarks.peers.record import Agreement, Machine, PeersRecord, read_all, versions, write
from benchmarks.peers.warm import ROOT
from mmbench.atomic import write_atomically
from mmbench.meters.environment import LoadMeter, environment, fingerprint

RESULTS = ROOT / "results" / "reference" / "peers"
PAGE = ROOT / "reports" / "reference" / "peers.md"
CLIP_BENCHMARK = Path(sys.prefix) / "peers"
CLIP_VERSION = "clip_benchmark-*.dist-info"


def main() -> None:
    options = parsed()
    if not options.render:
        with tempfile.TemporaryDirectory() as folder:
            size = Size(
                rows=options.rows,
                epochs=options.epochs,
                repeats=options.repeats,
                matrix_repeats=options.matrix_repeats,
                folder=Path(folder),
                clip_benchmark=options.clip_benchmark,
                bf16_over_fp32=bf16_over_fp32(options.threads),
            )
            for name in options.only or EXPERIMENTS:
                print(name, flush=True)
                record = compared(EXPERIMENTS[name](size), size, threads=options.threads)
                write(record, options.results)
    records = read_all(options.results, tuple(EXPERIMENTS))
    write_atomically(options.page, page(records).encode())
    print(table(records))
    print(options.page)


def parsed() -> argparse.Namespace:
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(prog="benchmarks.peers", description=__doc__)
    parser.add_argument("--rows", type=int, default=400, help="at most so many rows a split")
    parser.add_argument("--repeats", type=int, default=3, help="rounds of every comparison")
    parser.add_argument("--matrix-repeats", type=int, default=1, help="of the matrix, at most")
    parser.add_argument("--epochs", type=int, default=2, help="of the one fine-tuning")
    parser.add_argument("--threads", type=int, default=cores, help="of every arm")
    parser.add_argument("--only", nargs="+", choices=EXPERIMENTS, help="these comparisons alone")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the records go here")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page goes here")
    parser.add_argument("--clip-benchmark", type=Path, default=CLIP_BENCHMARK, metavar="FOLDER")
    parser.add_argument("--render", action="store_true", help="the page alone, from the records")
    return parser.parse_args()


def compared(experiment: Experiment, size: Size, *, threads: int) -> PeersRecord:
    """Run one comparison. RuntimeError if features disagree: other work was done."""
    meter = LoadMeter()
    started_at, began = datetime.now(UTC), time.monotonic()
    arms = run_interleaved(experiment.arms, rounds=size.repeats, threads=threads)
    return PeersRecord(
        name=experiment.name,
        title=experiment.title,
        work=experiment.work,
        quality=experiment.quality,
        arms=arms,
        comparisons=experiment.comparisons,
        agreements=agreements(experiment),
        notes=experiment.notes,
        machine=machine(meter, threads=threads, clip_benchmark=size.clip_benchmark),
        started_at=started_at.isoformat(timespec="seconds"),
        seconds=time.monotonic() - began,
        command=shlex.join(["python", "-m", "benchmarks.peers", *sys.argv[1:]]),
    )


def agreements(experiment: Experiment) -> tuple[Agreement, ...]:
    """Every arm's features against the first one's. RuntimeError past what is allowed."""
    found = []
    for name, path in experiment.features[1:]:
        first, first_path = experiment.features[0]
        difference = largest_difference(first_path, path)
        if difference > ALLOWED_DIFFERENCE:
            raise RuntimeError(
                f"{experiment.name}: features of {first!r} and {name!r} differ by "
                f"{difference:.2g}; {ALLOWED_DIFFERENCE:g} is allowed, so the work differed"
            )
        found.append(
            Agreement(arms=(first, name), difference=difference, allowed=ALLOWED_DIFFERENCE)
        )
    return tuple(found)


def machine(meter: LoadMeter, *, threads: int, clip_benchmark: Path) -> Machine:
    """Read when all arms have ended: only then are their seconds known to be our own."""
    device = torch.device("cpu")
    here, prints = environment(device, meter), fingerprint(device, "fp32")
    clip = [path.name for path in clip_benchmark.glob(CLIP_VERSION)]
    return Machine(
        platform=here.platform,
        python=here.python,
        cpu=here.cpu,
        cores=here.cores,
        threads=threads,
        code=prints.code,
        libraries=versions({"clip-benchmark": clip[0].split("-")[1] if clip else "absent"}),
        other_cores_busy=meter.other_cores_busy(),
    )


if __name__ == "__main__":
    main()
