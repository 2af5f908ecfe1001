"""What `mmbench doctor` looks at: each check says what it found, and the command that mends it."""

import os
import platform
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mmbench.cards import ModelSource
    from mmbench.cards.sources import DataSource

SHOWN = ("torch", "transformers", "timm", "datasets", "numpy")
QUICKSTART = "quickstart"
HUB = "https://huggingface.co"
HUB_SECONDS = 3.0
ENOUGH_BYTES = 2 * 2**30  # features and predictions of the quickstart, with room to spare
TRUE = ("1", "true", "yes", "on")

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_BOUND = re.compile(r"(>=|<)\s*([0-9.]+)")

Verdict = Literal["ok", "lack", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line. A `lack` stops the quickstart; a `note` does not. `mend` is a command."""

    what: str
    verdict: Verdict
    found: str
    mend: str | None = None


def all_checks() -> Iterator[Check]:
    """Quick ones first; torch is imported for its devices alone."""
    yield _python()
    yield from _libraries()
    yield from _devices()
    yield from _samples()
    yield _hub()
    yield from _places()


def _python() -> Check:
    return Check(
        what="Python", verdict="ok", found=f"{platform.python_version()} ({sys.executable})"
    )


def _libraries() -> Iterator[Check]:
    """Every library that mmbench depends on, by its metadata: nothing is imported."""
    good: dict[str, str] = {}
    for requirement in _requirements():
        name = _NAME.match(requirement)
        assert name is not None, requirement
        found = _version(name[0])
        if found is not None and _allowed(found, requirement):
            good[name[0]] = found
        else:
            shown = found or "not installed"
            yield Check(
                what=name[0],
                verdict="lack",
                found=f"{shown}; needed is {requirement}",
                mend=f"pip install '{requirement}'",
            )
    named = [f"{name} {version}" for name, version in good.items() if name in SHOWN]
    rest = len(good) - len(named)
    yield Check(what="libraries", verdict="ok", found=f"{', '.join(named)} and {rest} more")


def _requirements() -> list[str]:
    """What mmbench depends on without extras; in a checkout that is not installed, by its file."""
    try:
        declared = requires("mmbench") or []
    except PackageNotFoundError:
        project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
        declared = project["project"]["dependencies"]
    return [requirement for requirement in declared if ";" not in requirement]


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _allowed(found: str, requirement: str) -> bool:
    """Whether a version lies within `name>=2.11,<3`, the only signs that our own file uses."""
    bounds = _BOUND.findall(requirement)
    return all(
        _numbers(found) >= _numbers(bound) if sign == ">=" else _numbers(found) < _numbers(bound)
        for sign, bound in bounds
    )


def _numbers(text: str) -> tuple[int, ...]:
    """2.15.0+cu130 → (2, 15, 0)."""
    return tuple(int(part) for part in re.findall(r"\d+", text.split("+")[0]))


def _devices() -> Iterator[Check]:
    try:
        import torch
    except (ImportError, OSError) as error:
        yield Check(
            what="devices",
            verdict="lack",
            found=f"torch cannot be imported: {error}",
            mend="pip install --force-reinstall torch torchvision",
        )
        return
    threads = f"{torch.get_num_threads()} threads on {os.cpu_count()} cores"
    yield Check(what="CPU", verdict="ok", found=f"{platform.machine()}, {threads}")
    if not torch.cuda.is_available():
        yield _no_gpu(torch.__version__)
    for index in range(torch.cuda.device_count()):
        facts = torch.cuda.get_device_properties(index)
        size = f"{facts.total_memory / 2**30:.0f} GiB"
        yield Check(what=f"cuda:{index}", verdict="ok", found=f"{facts.name}, {size}")


def _no_gpu(torch_version: str) -> Check:
    if shutil.which("nvidia-smi") is None:
        return Check(what="GPU", verdict="note", found="none; the CPU will do")
    return Check(
        what="GPU",
        verdict="note",
        found=f"an NVIDIA driver is here, but torch {torch_version} cannot use it",
        mend="nvidia-smi; then pip install --force-reinstall torch torchvision",
    )


def _samples() -> Iterator[Check]:
    """The packages that hold the quickstart's weights and data, as its cards say."""
    from mmbench.cards import PackageData, PackageModel
    from mmbench.errors import CardError

    try:
        wanted = {
            source.distribution: source.version
            for source in _quickstart_sources()
            if isinstance(source, PackageData | PackageModel)
        }
    except CardError as error:
        yield Check(
            what="quickstart",
            verdict="lack",
            found=str(error),
            mend="pip install --force-reinstall mmbench",
        )
        return
    for name, exact in sorted(wanted.items()):
        found = _version(name)
        good = found == exact
        yield Check(
            what=f"samples, {name}",
            verdict="ok" if good else "lack",
            found=found if found and good else f"{found or 'not installed'}, {exact} is needed",
            mend=None if good else "pip install 'mmbench[samples]'",
        )


def _quickstart_sources() -> "Iterator[ModelSource | DataSource]":
    from mmbench.catalog import Catalog

    catalog = Catalog.standard()
    for block in catalog.suite(QUICKSTART).blocks:
        for name in block.models:
            card = catalog.model(name)
            yield from (part.source for part in (card, *card.parts.values()))
        yield from (catalog.task(name).source for name in block.tasks)


def _hub() -> Check:
    """Other models and tasks come from the hub; the quickstart does not need it."""
    from mmbench.hubs.modelscope_http import endpoint as modelscope
    from mmbench.hubs.reachable import shown_address, why_silent

    endpoint = os.environ.get("HF_ENDPOINT") or HUB
    shown = shown_address(endpoint)
    if shown is None:
        return Check(
            what="hub",
            verdict="note",
            found="HF_ENDPOINT is no http address",
            mend=f"export HF_ENDPOINT={HUB}",
        )
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in TRUE:
        return Check(
            what="hub",
            verdict="note",
            found="offline, since HF_HUB_OFFLINE is set: cached and installed models only",
            mend="unset HF_HUB_OFFLINE",
        )
    reason = why_silent(endpoint, HUB_SECONDS)
    if reason is None:
        return Check(what="hub", verdict="ok", found=f"{shown} answers")
    other = modelscope()
    if shown_address(other) is not None and why_silent(other, HUB_SECONDS) is None:
        return Check(
            what="hub",
            verdict="note",
            found=f"{shown} does not answer ({reason}); {shown_address(other)} does, ModelScope",
            mend="mmbench run SUITE --hub modelscope",
        )
    return Check(
        what="hub",
        verdict="note",
        found=f"{shown} does not answer ({reason}); cached and installed models only",
        mend="export HF_ENDPOINT=ADDRESS_OF_A_MIRROR",
    )


def _places() -> Iterator[Check]:
    from mmbench.cli.console import size
    from mmbench.data.cache import LOCATION, default_cache_root

    root = default_cache_root()
    yield Check(what="cache", verdict="ok", found=f"{root}, {size(_bytes_under(root))} used")
    standing = next(place for place in (root, *root.absolute().parents) if place.exists())
    free = shutil.disk_usage(standing).free
    enough = free >= ENOUGH_BYTES
    yield Check(
        what="disk",
        verdict="ok" if enough else "lack",
        found=f"{size(free)} free there" + ("" if enough else f", {size(ENOUGH_BYTES)} is needed"),
        mend=None if enough else f"export {LOCATION}=FOLDER_ON_A_LARGER_DISK",
    )
    if not os.access(standing, os.W_OK):
        yield Check(
            what="cache",
            verdict="lack",
            found=f"{standing} cannot be written",
            mend=f"export {LOCATION}=FOLDER_OF_YOURS",
        )


def _bytes_under(root: Path) -> int:
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
