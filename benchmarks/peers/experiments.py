"""What is compared with what, at which size."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.peers.experiment import (
    IMAGE_MODEL,
    IMAGES,
    LONGER_TEXTS,
    MAX_TOKENS,
    TEXT_MODEL,
    TEXTS,
    Experiment,
    Size,
)
from benchmarks.peers.interleave import Arm
from benchmarks.peers.record import Comparison
from benchmarks.peers.warm import Job


def finetune(size: Size) -> Experiment:
    """In fp32, and in bf16 where the machine is not slower at it."""
    both = size.bf16_over_fp32 < 1
    left_out = (
        f"bf16 is left out: a matrix product of MiniLM's takes {size.bf16_over_fp32:.1f} times as "
        "long in it as in fp32 here, so that both sides are faster without."
    )
    in_bf16 = (Comparison(ours="mmbench bf16", peer="Trainer best bf16"),)
    return Experiment(
        name="finetune",
        title="One fine-tuning",
        work=f"{TEXT_MODEL} on {TEXTS}, at most {size.rows} rows a split, {size.epochs} epochs, "
        "batches of 32, rate 1e-4 with linear decay after a tenth of warm-up, AdamW, clipping at "
        "1; tokenise, train, validate once, predict test; weights are loaded before. Round n has "
        "seed n.",
        quality="accuracy",
        arms=tuple(arm for arm in _finetune_arms(size) if both or "bf16" not in arm.name),
        comparisons=(
            Comparison(ours="mmbench fp32", peer="Trainer default"),
            Comparison(ours="mmbench fp32", peer="Trainer best fp32"),
            *(in_bf16 if both else ()),
        ),
        notes=() if both else (left_out,),
    )


def _finetune_arms(size: Size) -> tuple[Arm, ...]:
    shared: dict[str, str | int | float | bool | None] = {
        "model": TEXT_MODEL,
        "task": TEXTS,
        "rows": size.rows,
        "epochs": size.epochs,
        "batch_size": 32,
        "learning_rate": 1e-4,
        "max_tokens": MAX_TOKENS,
    }

    def arm(name: str, what: str, side: str, precision: str) -> Arm:
        job = f"benchmarks.peers.finetune:{side}"
        return Arm(
            name=name, what=what, job=Job(function=job, settings=shared | {"precision": precision})
        )

    best = "dynamic padding, batches grouped by length"
    padded = shared | {"precision": "fp32", "padding": "max_length", "grouped": False}
    return (
        arm("mmbench fp32", "mmbench, strategy full, fp32", "ours", "fp32"),
        arm("mmbench bf16", "mmbench, strategy full, bf16", "ours", "bf16"),
        Arm(
            name="Trainer default",
            what=f"Trainer, fp32, random batches, every text padded to {MAX_TOKENS} as in the "
            "course's first examples; slow, so it takes part in the first round alone",
            job=Job(function="benchmarks.peers.finetune:trainer", settings=padded),
            most_rounds=1,
        ),
        arm("Trainer best fp32", f"Trainer, fp32, {best}", "trainer", "fp32"),
        arm("Trainer best bf16", f"Trainer, bf16, {best}", "trainer", "bf16"),
    )


def probe(size: Size) -> Experiment:
    return Experiment(
        name="probe",
        title="A linear probe",
        work=f"{IMAGE_MODEL} on {IMAGES}, at most {size.rows} rows a split: decode, compute "
        "features once, search on validation, predict test. Cold: nothing kept from earlier "
        "rounds. Warm: decoded images (mmbench) and features (both) are.",
        quality="accuracy",
        arms=_probe_arms(size),
        comparisons=(
            Comparison(ours="mmbench cold", peer="CLIP_benchmark default"),
            Comparison(ours="mmbench cold", peer="CLIP_benchmark best cold"),
            Comparison(ours="mmbench warm", peer="CLIP_benchmark best warm"),
            Comparison(ours="mmbench as long, cold", peer="CLIP_benchmark best cold"),
            Comparison(ours="mmbench as long, warm", peer="CLIP_benchmark best warm"),
        ),
        notes=(
            "CLIP_benchmark refuses a machine without CUDA; its probe is run from its own source "
            "with the assertion and `.cuda()` replaced, and what NumPy 2.4 refuses in it; "
            "its mixed precision, on by default, ends in an error on a CPU and is left off.",
            "The searches differ: CLIP_benchmark tries weight decays at one rate and trains the "
            "last head on train and validation together; mmbench tries rates and keeps the best "
            "head of train alone.",
        ),
    )


def _probe_arms(size: Size) -> tuple[Arm, ...]:
    shared: dict[str, str | int | float | bool | None] = {
        "model": IMAGE_MODEL,
        "task": IMAGES,
        "rows": size.rows,
        "clip_benchmark": str(size.clip_benchmark.resolve()),  # the arms have another folder
    }

    def job(side: str, **own: str | int | bool) -> Job:
        return Job(function=f"benchmarks.peers.probe:{side}", settings=shared | own)

    theirs = "CLIP_benchmark's linear probe (rate 0.1, 10 epochs, 20 weight decays one by one)"
    as_long = "mmbench, 20 rates of 10 epochs: as many epochs in all as CLIP_benchmark's search"
    return (
        Arm(
            name="mmbench cold",
            what="mmbench, recipe probe (3 rates of at most 30 epochs, stopped early), fp32",
            job=job("ours", cache="cold"),
        ),
        Arm(name="mmbench warm", what="the same, warm", job=job("ours", cache="warm")),
        Arm(
            name="mmbench as long, cold",
            what=as_long,
            job=job("ours", cache="cold", search="as_long"),
        ),
        Arm(
            name="mmbench as long, warm",
            what="the same, warm",
            job=job("ours", cache="warm", search="as_long"),
        ),
        Arm(
            name="CLIP_benchmark default",
            what=f"{theirs}, cold, with the 4 workers that its command line has by default, "
            "fp32; slow, so it takes part in the first round alone",
            job=job("clip_benchmark", cache="cold", workers=4),
            most_rounds=1,
        ),
        Arm(
            name="CLIP_benchmark best cold",
            what=f"{theirs}, no workers, fp32",
            job=job("clip_benchmark", cache="cold"),
        ),
        Arm(
            name="CLIP_benchmark best warm",
            what="the same, warm",
            job=job("clip_benchmark", cache="warm"),
        ),
    )


def text_features(size: Size) -> Experiment:
    def arm(name: str, what: str, side: str, **own: str | int) -> tuple[Arm, Path]:
        out = size.folder / f"text-{name.replace(' ', '-')}.npy"
        settings: dict[str, str | int | float | bool | None] = {
            "model": TEXT_MODEL,
            "task": LONGER_TEXTS,
            "rows": size.rows // 2,
            "max_tokens": MAX_TOKENS,
            "out": str(out),
        }
        job = Job(function=f"benchmarks.peers.features:{side}", settings=settings | own)
        return Arm(name=name, what=what, job=job), out

    loop = "a plain transformers loop in the order of the rows"
    found = (
        arm("mmbench", "mmbench: batches of 64 texts of similar length", "ours"),
        arm(
            "loop of 32",
            f"{loop}, 32 a batch, padded to its longest",
            "plain_transformers",
            batch_size=32,
        ),
        arm(
            "loop of 64",
            f"{loop}, 64 a batch, padded to its longest",
            "plain_transformers",
            batch_size=64,
        ),
        arm(
            f"loop to {MAX_TOKENS}",
            f"{loop}, 32 a batch, padded to {MAX_TOKENS}",
            "plain_transformers",
            batch_size=32,
            padding="max_length",
        ),
    )
    return _features(
        "text-features",
        "Features of texts",
        f"{TEXT_MODEL}, the training texts of {LONGER_TEXTS}, at most {size.rows // 2} and "
        f"{MAX_TOKENS} tokens each, fp32: from texts to an array.",
        found,
    )


def image_features(size: Size) -> Experiment:
    def arm(name: str, what: str, side: str) -> tuple[Arm, Path]:
        out = size.folder / f"image-{name.replace(' ', '-')}.npy"
        settings: dict[str, str | int | float | bool | None] = {
            "model": IMAGE_MODEL,
            "task": IMAGES,
            "rows": 2 * size.rows,
            "out": str(out),
        }
        job = Job(function=f"benchmarks.peers.features:{side}", settings=settings)
        return Arm(name=name, what=what, job=job), out

    found = (
        arm("mmbench", "mmbench: decoded by threads into an empty cache, batches of 64", "ours"),
        arm("timm loop", "a torch DataLoader without workers, Pillow, batches of 64", "plain_timm"),
    )
    return _features(
        "image-features",
        "Features of images",
        f"{IMAGE_MODEL} by timm, the training images of {IMAGES}, at most {2 * size.rows}, fp32: "
        "from encoded images to an array.",
        found,
    )


def _features(name: str, title: str, work: str, arms: tuple[tuple[Arm, Path], ...]) -> Experiment:
    return Experiment(
        name=name,
        title=title,
        work=work,
        arms=tuple(arm for arm, _ in arms),
        comparisons=tuple(Comparison(ours=arms[0][0].name, peer=arm.name) for arm, _ in arms[1:]),
        features=tuple((arm.name, out) for arm, out in arms),
    )


def matrix(size: Size) -> Experiment:
    settings: dict[str, str | int | float | bool | None] = {
        "models": f"{TEXT_MODEL},{TEXT_MODEL}-scratch",
        "tasks": f"{TEXTS},{TEXTS.removesuffix('en')}zh",
        "seeds": 2,
        "rows": size.rows // 2,
        "epochs": 1,
        "batch_size": 32,
        "learning_rate": 1e-4,
    }
    return Experiment(
        name="matrix",
        title="A small matrix",
        work=f"Full fine-tuning of {TEXT_MODEL} and {TEXT_MODEL}-scratch on {TEXTS} and its "
        f"Chinese twin, 2 seeds: 8 trials of at most {size.rows // 2} rows a split, 1 epoch, "
        "batches of 32, fp32. Timed from the command's start to its end, empty caches, imports "
        "and loading included.",
        quality="accuracy",
        arms=(
            Arm(
                name="mmbench run",
                what="one command, with its worker (a process a model); also scores baselines, "
                "gives intervals, times inference, writes records and a report",
                job=Job(function="benchmarks.peers.matrix:ours", settings=settings),
                most_rounds=size.matrix_repeats,
            ),
            Arm(
                name="Trainer scripts",
                what="a script a trial in its own process, dynamic padding and grouping by length; "
                "writes an accuracy",
                job=Job(function="benchmarks.peers.matrix:scripts", settings=settings),
                most_rounds=size.matrix_repeats,
            ),
        ),
        comparisons=(Comparison(ours="mmbench run", peer="Trainer scripts"),),
    )


EXPERIMENTS: dict[str, Callable[[Size], Experiment]] = {
    "finetune": finetune,
    "probe": probe,
    "text-features": text_features,
    "image-features": image_features,
    "matrix": matrix,
}
