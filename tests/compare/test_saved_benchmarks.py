"""Saves of pytest-benchmark: a real one is read, and two are compared by more than their means."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from mmbench.cli.main import main
from mmbench.compare.gate import GateReport
from mmbench.compare.saved_benchmarks import compare_runs, last_two, load_run
from mmbench.compare.unpaired import UnpairedRule
from mmbench.errors import StoreError

NAME = "tests/test_x.py::test_x"
MACHINE = {
    "machine": "x86_64",
    "python_implementation": "CPython",
    "python_version": "3.11.9",
    "release": "6.1",
    "cpu": {"brand_raw": "Some CPU", "count": 2},
}


def rounds(ratio: float, seed: int) -> list[float]:
    draws = np.random.default_rng(seed).normal(size=40)
    return [float(seconds) for seconds in 0.01 * ratio * np.exp(0.01 * draws)]


def save(
    path: Path,
    seconds: Sequence[float] | None,
    *,
    name: str = NAME,
    rows: int = 256,
    machine: float = 1.0,
    cpu: str = "Some CPU",
) -> Path:
    """What pytest-benchmark would have written, as far as it is read."""
    kernel = [0.001 * machine] * 4
    extra = {"rows": rows, "calibration": {"matrix_product_seconds": kernel}}
    stats = {} if seconds is None else {"data": list(seconds)}
    found = {
        "machine_info": {**MACHINE, "cpu": {"brand_raw": cpu, "count": 2}},
        "benchmarks": [{"fullname": name, "extra_info": extra, "stats": stats}],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
    return path


def compare(baseline: Path, candidate: Path, *, trust_stored: bool = False) -> GateReport:
    return compare_runs(
        load_run(baseline),
        load_run(candidate),
        rule=UnpairedRule(),
        trust_stored=trust_stored,
        allow_missing=False,
    )


def test_a_real_save_has_its_rounds_and_what_is_said_of_the_work(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        test_x="""
def test_x(benchmark):
    benchmark.pedantic(lambda: sum(range(9999)), rounds=7, iterations=2)
    benchmark.extra_info["rows"] = 3
    benchmark.extra_info["calibration"] = {"k": [1.0, 2.0]}
"""
    )
    options = ("-p", "no:cacheprovider", "--benchmark-autosave")
    assert pytester.runpytest_subprocess(*options, "--benchmark-save-data").ret == 0
    assert pytester.runpytest_subprocess(*options).ret == 0
    full, bare = last_two(pytester.path / ".benchmarks")
    found = load_run(full).benchmarks["test_x.py::test_x"]
    assert len(found.readings.seconds) == 7
    assert found.readings.calibration == {"k": [1.0, 2.0]}
    assert found.work == {"rows": 3}
    with pytest.raises(StoreError, match="no raw rounds; save with --benchmark-save-data"):
        load_run(bare)


def test_the_same_speed_passes_and_a_slow_down_only_warns(tmp_path: Path) -> None:
    base = save(tmp_path / "base.json", rounds(1.0, 0))
    assert compare(base, save(tmp_path / "same.json", rounds(1.0, 1))).status == 0
    slower = compare(base, save(tmp_path / "slower.json", rounds(1.2, 2)))
    (found,) = slower.findings
    assert (found.verdict, slower.status) == ("warning", 0)
    assert found.change is not None
    assert found.change.value == pytest.approx(1.2, rel=0.01)


def test_on_a_trusted_machine_a_slow_down_is_a_regression(tmp_path: Path) -> None:
    base = save(tmp_path / "base.json", rounds(1.0, 0))
    slower = save(tmp_path / "slower.json", rounds(1.2, 2))
    assert compare(base, slower, trust_stored=True).status == 1


def test_one_outlier_that_moves_the_mean_is_no_regression(tmp_path: Path) -> None:
    base = save(tmp_path / "base.json", rounds(1.0, 0))
    held_up = [*rounds(1.0, 1), 1.0]  # the mean is 3.5 times that of the others
    assert compare(base, save(tmp_path / "c.json", held_up), trust_stored=True).status == 0


def test_what_the_machine_explains_is_not_told_and_the_drift_is_noted(tmp_path: Path) -> None:
    base = save(tmp_path / "base.json", rounds(1.0, 0))
    found = compare(base, save(tmp_path / "c.json", rounds(1.2, 1), machine=1.2), trust_stored=True)
    assert found.status == 3
    assert found.notes == (
        "calibration of the machine: matrix product: 1.20 times the baseline's time",
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rows": 32}, "rows: 256 against 32"),
        ({"cpu": "Another CPU"}, "cpu brand_raw: Some CPU against Another CPU"),
    ],
)
def test_other_work_and_other_machines_do_not_compare(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    base = save(tmp_path / "base.json", rounds(1.0, 0))
    other = save(tmp_path / "c.json", rounds(1.0, 1), **changed)  # type: ignore[arg-type]
    found = compare(base, other)
    assert found.status == 3
    assert found.findings[0].reason is not None
    assert found.findings[0].reason.values["differences"] == said


def test_a_benchmark_of_one_side_alone_is_an_error(tmp_path: Path) -> None:
    base = save(tmp_path / "base.json", rounds(1.0, 0))
    found = compare(base, save(tmp_path / "c.json", rounds(1.0, 1), name="another"))
    assert found.status == 2
    assert [(each.cell, each.lacking) for each in found.missing] == [
        (NAME, "candidate"),
        ("another", "baseline"),
    ]


def test_the_last_two_are_taken_by_their_numbers(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        save(tmp_path / "Linux" / f"{number:04}_abc.json", rounds(1.0, number))
    save(tmp_path / "mmbench" / "digest" / "0099_name.json", rounds(1.0, 0))  # the plugin's
    names = [path.name for path in last_two(tmp_path)]
    assert names == ["0002_abc.json", "0010_abc.json"]
    save(tmp_path / "Another" / "0011_abc.json", rounds(1.0, 0))
    with pytest.raises(StoreError, match="two machines"):
        last_two(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"machine_info": {}, "benchmarks": []}'])
def test_what_is_no_save_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(StoreError, match="not a save of pytest-benchmark"):
        load_run(path)


def test_the_command_ends_with_the_gates_statuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = str(save(tmp_path / "base.json", rounds(1.0, 0)))
    slower = str(save(tmp_path / "slower.json", rounds(1.2, 2)))
    assert main(["gate-benchmarks", base, slower]) == 0
    assert "Gate: pass" in capsys.readouterr().out
    assert main(["gate-benchmarks", base, slower, "--trust-stored"]) == 1
    assert "Gate: regression" in capsys.readouterr().out
    assert main(["gate-benchmarks", base, slower, "--trust-stored", "--threshold-rate", "0.5"]) == 0
    assert main(["gate-benchmarks", base, base]) == 2
    assert main(["gate-benchmarks", "--saves", str(tmp_path)]) == 2
    assert main(["gate-benchmarks", base, str(tmp_path / "absent.json")]) == 2
