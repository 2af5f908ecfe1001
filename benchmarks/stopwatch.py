"""Our training throughput against a stopwatch held beside it.

    python -m benchmarks.stopwatch
    python -m benchmarks.stopwatch --rows 64 --epochs 1

One fine-tuning of MiniLM on the samples. The stopwatch stands outside: wall seconds around `fit`,
less those around the validation that `fit` calls; its rate is every sample of every epoch over
them. Ours is the reported `train_samples_per_second`, of the steady windows. What the windows leave
out (setting up, warming up) makes the stopwatch's a little lower; an error of ours, such as a rate
that is too high by the number of steps, would stand out.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from benchmarks.peers import work
from mmbench.cards import Recipe
from mmbench.models.loading import load
from mmbench.progress import Watcher
from mmbench.train import finetune as room
from mmbench.train.costs import costs
from mmbench.train.evaluate import Validation
from mmbench.train.learner import Learner
from mmbench.train.loop import Fit, TrainingRows, fit

MODEL, TASK, MAX_TOKENS = "minilm-l6", "emoji-keywords-group-en", 256
RATE = "train_samples_per_second"


@dataclass(slots=True)
class Stopwatch:
    """Wall seconds of all of `fit`, and of the validations within it."""

    fit_seconds: float = 0.0
    validation_seconds: float = 0.0

    def fit(
        self,
        learner: Learner,
        rows: TrainingRows,
        recipe: Recipe,
        *,
        learning_rate: float,
        seed: int,
        device: torch.device,
        validate: Callable[[], Validation],
        watcher: Watcher,
    ) -> Fit:
        """The loop's own, between two looks at the stopwatch."""

        def validate_timed() -> Validation:
            began = time.perf_counter()
            found = validate()
            self.validation_seconds += time.perf_counter() - began
            return found

        began = time.perf_counter()
        found = fit(
            learner,
            rows,
            recipe,
            learning_rate=learning_rate,
            seed=seed,
            device=device,
            validate=validate_timed,
            watcher=watcher,
        )
        self.fit_seconds += time.perf_counter() - began
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1375, help="at most so many rows a split")
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    print(compared(rows=options.rows, epochs=options.epochs))


def compared(*, rows: int, epochs: int) -> str:
    """Both rates, and how far apart they are."""
    task, data = work.task_rows(TASK, rows)
    recipe = Recipe(
        name="stopwatch", strategy="full", learning_rates=(1e-4,), epochs=epochs, evaluations=1
    )
    stopwatch = Stopwatch()
    with work.empty_cache() as cache:
        setting = work.setting(task, recipe, 0, cache)
        room.fit = stopwatch.fit  # type: ignore[attr-defined]  # it imports the name from loop
        try:
            finetuned = room.finetune(
                load(work.text_model(MODEL, MAX_TOKENS), seed=0), data, setting
            )
        finally:
            room.fit = fit  # type: ignore[attr-defined]
        reported = next(m for m in costs(finetuned, setting).measurements if m.name == RATE)
    samples = len(data.splits["train"]) * epochs
    seconds = stopwatch.fit_seconds - stopwatch.validation_seconds
    outside = samples / seconds
    lines = [
        f"{MODEL} on {TASK}: {samples} samples in {epochs} epochs of batches of 32, fp32",
        f"stopwatch  {outside:8.1f} samples/s ({samples} in {seconds:.2f} s; validation, "
        f"{stopwatch.validation_seconds:.2f} s, taken off)",
    ]
    if reported.value is None:
        return "\n".join([*lines, f"reported   none: {reported.note}"])
    lines.append(
        f"reported   {reported.value:8.1f} samples/s, {reported.value / outside - 1:+.1%}"
        + (f" ({reported.note})" if reported.note else "")
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
