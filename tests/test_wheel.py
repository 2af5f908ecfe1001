"""The wheel is whole: installed without the checkout, it lists its cards and runs a trial."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (found,) = out.glob("*.whl")
    return found


def installed(wheel: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run mmbench from the unpacked wheel, in a folder that is not the checkout."""
    site = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    where = [sys.executable, "-P", "-c", "import mmbench; print(mmbench.__file__)"]
    found = subprocess.check_output(where, cwd=folder, env=environment, text=True)
    assert Path(found.strip()).is_relative_to(site), "the checkout must not stand in"
    return subprocess.run(
        [sys.executable, "-P", "-m", "mmbench", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_it_carries_cards_data_and_licences(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tracked = [str(path.relative_to(ROOT)) for path in (ROOT / "registry").rglob("*.yaml")]
    assert tracked
    assert {f"mmbench/{name}" for name in tracked} <= set(names)
    assert {"mmbench/py.typed", "mmbench/data/bundled/emoji_images.parquet"} <= set(names)
    assert any(name.endswith("licenses/NOTICE") for name in names)
    assert not [name for name in names if name.startswith(("tests", "tools", "results"))]


def test_it_lists_its_cards_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    done = installed(wheel, tmp_path, "list", "models")
    assert done.returncode == 0, done.stderr
    assert "efficientnet-lite0" in done.stdout


def test_it_runs_a_trial_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    matrix = ("--models", "minilm-l6", "--tasks", "emoji-keywords-group-en", "--recipes", "probe")
    done = installed(wheel, tmp_path, "run", *matrix, "--limit", "40", "--offline")
    assert done.returncode == 0, done.stderr
    page = tmp_path / done.stdout.splitlines()[-1]
    assert page.read_text().startswith("# ")
