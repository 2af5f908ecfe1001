"""What a warm worker saves: the same trials on it, and each in a process of its own.

    python benchmarks/worker.py                                  # all of it
    python benchmarks/worker.py --models 1 --tasks 1 --seeds 2 --limit 50 --out /tmp/worker

Probes of three models on four tasks with three seeds, 36 trials. Three ways, each from empty
caches; `--ways` leaves some out:

    worker          a process for each model, caches on disk shared by all trials
    fresh           a process for each trial, caches on disk shared by all trials
    fresh, alone    a process for each trial, and an empty cache for each

Before the clock starts, one trial is run, so that libraries and weights are in the page cache for
all three; digests of the weights are taken within it, as in every run. The logits must agree.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mmbench.cards import Block, Suite
from mmbench.catalog import Catalog
from mmbench.data.cache import LOCATION
from mmbench.executors.choose import ExecutorName
from mmbench.plan import plan
from mmbench.records import Record
from mmbench.runs import RunSummary, Work, prepare_run, run_suite

MODELS = ("minilm-l6", "minilm-l6-scratch", "bert-zh-scratch")
TASKS = (
    "emoji-names-group-en",
    "emoji-keywords-group-en",
    "emoji-keywords-group-zh",
    "reviews-zh",
)
CARDS = Path(__file__).parent / "cards"
SEEDS = (0, 1, 2)
OUT = Path(__file__).parents[1] / "results" / "reference" / "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    name: str
    executor: ExecutorName
    shared_caches: bool


VARIANTS = (
    Variant(name="worker", executor="worker", shared_caches=True),
    Variant(name="fresh", executor="fresh", shared_caches=True),
    Variant(name="fresh, alone", executor="fresh", shared_caches=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """`seconds` of the whole run. The others are sums over the trials: of what they say they took,
    and of the starts of processes, each counted once."""

    variant: Variant
    seconds: float
    trial_seconds: float
    import_seconds: float
    processes: int
    records: tuple[Record, ...]


def main() -> None:
    options = parsed()
    suite = Suite(
        name="worker",
        blocks=(
            Block(
                models=MODELS[: options.models], tasks=TASKS[: options.tasks], recipes=("probe",)
            ),
        ),
        seeds=SEEDS[: options.seeds],
        limit=options.limit,
    )
    planned = plan(suite, Catalog.standard((CARDS,)))
    assert not planned.refused, "every model reads text"
    with tempfile.TemporaryDirectory() as folder:
        work = prepare_run(planned, results=Path(folder) / "none", device=options.device)
        print(f"{len(work.todo)} trials", flush=True)
        first = replace(work, todo=work.todo[:1])
        timed(Variant(name="warm-up", executor="fresh", shared_caches=True), first, options.device)
        ways = [variant for variant in VARIANTS if variant.name in options.ways]
        timings = [timed(variant, work, options.device) for variant in ways]
    same_logits(timings)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "timing.json").write_text(as_json(timings, suite) + "\n")
    (options.out / "timing.md").write_text(page := as_markdown(timings, suite))
    print(page)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--models", type=int, default=len(MODELS), help="the first N models")
    parser.add_argument("--tasks", type=int, default=len(TASKS), help="the first N tasks")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="the first N seeds")
    parser.add_argument(
        "--ways",
        nargs="+",
        choices=[variant.name for variant in VARIANTS],
        default=[variant.name for variant in VARIANTS],
    )
    parser.add_argument("--limit", type=int, default=200, help="rows a split")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=OUT, help="timing.json and timing.md go here")
    return parser.parse_args()


def timed(variant: Variant, work: Work, device: str) -> Timing:
    """Run it all from empty caches. RuntimeError if a trial fails: its time would say nothing."""
    parts = [work] if variant.shared_caches else [replace(work, todo=(t,)) for t in work.todo]
    summaries: list[RunSummary] = []
    began = time.perf_counter()
    for part in parts:
        with empty_cache(), tempfile.TemporaryDirectory() as results:
            summaries.append(
                run_suite(part, results=Path(results), device=device, executor=variant.executor)
            )
    seconds = time.perf_counter() - began
    records = tuple(
        stored.record
        for summary in summaries
        for stored in summary.stored
        if stored.record.status != "refused"
    )
    failed = [record for record in records if record.failure is not None]
    if failed:
        raise RuntimeError(f"{failed[0].trial.name}: {failed[0].failure}")
    starts = [found for r in records if (found := r.measurement("import_seconds")) is not None]
    own = [start.value or 0.0 for start in starts if start.note is None]
    print(f"{variant.name}: {seconds:.1f} s for {len(records)} trials", flush=True)
    return Timing(
        variant=variant,
        seconds=seconds,
        trial_seconds=sum(record.seconds for record in records),
        import_seconds=sum(own),
        processes=len(own),
        records=records,
    )


@contextmanager
def empty_cache() -> Iterator[None]:
    before = os.environ.get(LOCATION)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[LOCATION] = folder
        try:
            yield
        finally:
            del os.environ[LOCATION]
            if before is not None:
                os.environ[LOCATION] = before


def same_logits(timings: Sequence[Timing]) -> None:
    """RuntimeError if the ways of running did not do the same work."""
    for records in zip(*(timing.records for timing in timings), strict=True):
        if len({(record.key, record.logits_digest) for record in records}) != 1:
            raise RuntimeError(f"{records[0].trial.name}: the logits differ between executors")


def as_json(timings: Sequence[Timing], suite: Suite) -> str:
    record = timings[0].records[0]
    return json.dumps(
        {
            "suite": asdict(suite),
            "fingerprint": asdict(record.fingerprint),
            "environment": asdict(record.environment),
            "timings": [
                {
                    "variant": asdict(timing.variant),
                    "seconds": timing.seconds,
                    "ratio_to_worker": timing.seconds / timings[0].seconds,
                    "trial_seconds": timing.trial_seconds,
                    "import_seconds": timing.import_seconds,
                    "processes": timing.processes,
                    "trials": [
                        {
                            "trial": record.trial.name,
                            "seconds": record.seconds,
                            "measurements": {
                                found.name: found.value
                                for found in record.measurements
                                if found.unit == "s"
                            },
                            "warnings": record.warnings,
                        }
                        for record in timing.records
                    ],
                }
                for timing in timings
            ],
        },
        indent=1,
    )


def as_markdown(timings: Sequence[Timing], suite: Suite) -> str:
    record = timings[0].records[0]
    machine, print_ = record.environment, record.fingerprint
    count = len(timings[0].records)
    busy = [
        warning for t in timings for r in t.records for warning in r.warnings if "busy" in warning
    ]
    lines = [
        f"# {count} trials on a warm worker, and each in a process of its own",
        "",
        f"Probes of {', '.join(suite.blocks[0].models)} on {', '.join(suite.blocks[0].tasks)}, "
        f"seeds {', '.join(map(str, suite.seeds))}, at most {suite.limit} rows a split. The "
        "logits of every trial agree.",
        "",
        "| executor | caches on disk | seconds | of the worker's | processes | seconds to start "
        "them | seconds within trials |",
        "|:--|:--|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {t.variant.executor} | {'shared' if t.variant.shared_caches else 'empty for each'} "
        f"| {t.seconds:.1f} | {t.seconds / timings[0].seconds:.2f} × | {t.processes} "
        f"| {t.import_seconds:.1f} | {t.trial_seconds:.1f} |"
        for t in timings
    ]
    lines += [
        "",
        f"{machine.cpu}, {machine.cores} cores, {machine.platform}, Python {machine.python}; "
        f"{print_.device} ({print_.device_name}), {print_.threads} threads; mmbench {print_.code}; "
        + ", ".join(f"{name} {version}" for name, version in print_.libraries.items())
        + ".",
        "",
        f"{len(busy)} of {count * len(timings)} records say that other work kept the machine busy. "
        "Made by `python benchmarks/worker.py`.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
