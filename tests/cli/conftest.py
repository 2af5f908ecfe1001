"""The command line called as a function, with a stand-in for what is heavy."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import mmbench
from mmbench.cli import main as entry
from mmbench.plan import Plan
from mmbench.progress import Watcher
from mmbench.records import Record, Trial
from mmbench.store import Store, Stored
from tests.specimens import record, write_cards


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command left: its exit status and its two outputs."""

    status: int
    out: str
    err: str


Command = Callable[..., Ran]


@pytest.fixture
def mm(capsys: pytest.CaptureFixture[str]) -> Command:
    """`mm("list", "models")`: run it in this process."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        status = entry.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ran(status=status, out=said.out, err=said.err)

    return run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in that holds `cards`: our own, beside those of the registry."""
    monkeypatch.chdir(tmp_path)
    write_cards(tmp_path / "cards")
    (tmp_path / "cards" / "recipes" / "probe.yaml").unlink()  # the registry has one of that name
    return tmp_path


@dataclass
class FakeApi:
    """Stands for mmbench.api: plans and writes records without a model. `outcome` makes them."""

    outcome: Callable[[Trial], Record] = record
    differing: Mapping[str, int] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    predictions: Sequence[object] = ()

    def prepare_run(
        self, planned: Plan, *, results: Path, device: str, keep: str, fresh: bool
    ) -> Any:
        call = {"results": results, "device": device, "keep": keep, "fresh": fresh}
        self.calls.append({"plan": planned, **call})
        done: list[Stored] = []
        todo: list[Trial] = []
        for trial in planned.trials:
            found = [] if fresh else Store(results).find(trial)
            ok = [stored for stored in found if stored.record.status == "ok"]
            done += ok[-1:]
            todo += [] if ok else [trial]
        return SimpleNamespace(
            plan=planned, todo=tuple(todo), reused=tuple(done), differing=self.differing
        )

    def run_suite(
        self,
        work: Any,
        *,
        results: Path,
        device: str,
        keep: str,
        watcher: Watcher,
        executor: str,
        trial_minutes: float | None,
    ) -> Any:
        how = {"executor": executor, "trial_minutes": trial_minutes}
        self.calls.append({"keep": keep, "device": device, **how})
        new: list[Stored] = []
        for number, trial in enumerate(work.todo, start=1):
            watcher.started(trial, number, len(work.todo))
            watcher.phase("learning rate 0.01")
            watcher.training(1, 2, 0.7, 123.4)
            watcher.validated(2, "accuracy", 0.75)
            with Store(results).claim(trial) as folder:
                new.append(Store(results).put(self.outcome(trial), folder))
            watcher.ended(new[-1].record)
        failed = sum(stored.record.status == "failed" for stored in new)
        return SimpleNamespace(
            stored=(*work.reused, *new),
            reused=len(work.reused),
            ok=len(new) - failed,
            failed=failed,
            refused=len(work.plan.refused),
        )

    def predict(self, stored: Stored, *, device: str, **inputs: Any) -> Any:
        given = {name: values for name, values in inputs.items() if values is not None}
        self.calls.append({"stored": stored, **given})
        return self.predictions


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    fake = FakeApi()
    monkeypatch.setitem(sys.modules, "mmbench.api", fake)
    monkeypatch.setattr(mmbench, "api", fake, raising=False)
    monkeypatch.setattr("mmbench.cli.run._device_kind", lambda device: "cpu")

    def write_report(stored: Sequence[Stored], folder: Path, **facts: object) -> list[Path]:
        fake.calls.append({"stored": stored, "folder": folder, **facts})
        return [folder / "report.en.md", folder / "report.zh.md", folder / "figures" / "a.svg"]

    monkeypatch.setattr("mmbench.report.write.write_report", write_report)
    return fake
