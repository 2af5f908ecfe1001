"""The stopwatch outside the loop."""

import time
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch

from benchmarks import stopwatch
from mmbench.progress import Silent
from mmbench.train.evaluate import Validation


def test_validation_is_timed_apart_from_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0

    def fit(*given: object, validate: Callable[[], Validation], **named: object) -> str:
        nonlocal now
        now += 8.0
        validate()
        return "a fit"

    def validate() -> Validation:
        nonlocal now
        now += 3.0
        return Validation(scores={"accuracy": 1.0}, loss=0.0)

    monkeypatch.setattr(time, "perf_counter", lambda: now)
    monkeypatch.setattr(stopwatch, "fit", fit)
    watch = stopwatch.Stopwatch()
    found: object = watch.fit(
        cast(Any, None),
        cast(Any, None),
        cast(Any, None),
        learning_rate=1e-4,
        seed=0,
        device=torch.device("cpu"),
        validate=validate,
        watcher=Silent(),
    )
    assert found == "a fit"
    assert (watch.fit_seconds, watch.validation_seconds) == (11.0, 3.0)
