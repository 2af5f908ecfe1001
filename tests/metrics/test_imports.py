"""The table, the functions and the intervals start at once: they import NumPy and no more."""

import subprocess
import sys
from pathlib import Path

import mmbench

HEAVY = (
    "torch",
    "transformers",
    "evaluate",
    "datasets",
    "pandas",
    "sklearn",
    "scipy",
    "sacrebleu",
    "rapidfuzz",
)


def heavy_after(statement: str) -> list[str]:
    """Return which heavy packages a fresh interpreter holds after `statement`."""
    code = f"{statement}\nimport sys\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(mmbench.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_metrics_import_nothing_heavy() -> None:
    names = (
        "table",
        "classification",
        "intervals",
        "pairs",
        "retrieval",
        "retrieval_intervals",
        "resampling",
        "margins",
        "multilabel",
        "binary",
        "regression",
        "tagging",
        "normalise",
        "transcription",
        "overlap",
        "cider",
        "generation",
        "multitask",
    )
    modules = [f"mmbench.metrics.{name}" for name in names]
    assert heavy_after(f"import {', '.join(modules)}") == []


def test_the_table_does_not_even_import_numpy() -> None:
    assert heavy_after("import mmbench.metrics.table, sys; assert 'numpy' not in sys.modules") == []


def test_the_check_sees_a_heavy_import() -> None:
    assert heavy_after("import scipy") == ["scipy"]
