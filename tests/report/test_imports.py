"""Reports and comparisons start without torch, and their modules without pandas or Altair."""

import subprocess
import sys
from pathlib import Path

import mmbench

HEAVY = ("torch", "transformers", "timm", "datasets", "evaluate", "open_clip", "torchvision")
LATER = ("pandas", "vl_convert")
ROOT = Path(mmbench.__file__).parents[1]


def found_after(statement: str, names: tuple[str, ...]) -> list[str]:
    """Which of the packages a fresh interpreter holds after `statement`."""
    code = f"{statement}\nimport sys\nprint(*(name for name in {names} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def everything() -> str:
    packages = ("report", "compare")
    names = [
        f"mmbench.{package}.{file.stem}"
        for package in packages
        for file in sorted((ROOT / "mmbench" / package).glob("*.py"))
    ]
    return f"import {', '.join(names)}"


def test_importing_every_module_brings_neither_torch_nor_what_draws() -> None:
    assert found_after(everything(), HEAVY + LATER) == []


def test_writing_a_report_does_not_bring_torch(tmp_path: Path) -> None:
    statement = (
        "from pathlib import Path; from tests.report.sweep import store_all, sweep; "
        "from mmbench.report.write import write_report; "
        "stored = store_all(sweep()[:1]); "
        f"write_report(stored, Path({str(tmp_path)!r}), lang='en')"
    )
    assert found_after(statement, HEAVY) == []
    assert (tmp_path / "report.md").is_file()


def test_the_check_sees_a_heavy_import() -> None:
    assert found_after("import pandas", LATER) == ["pandas"]
