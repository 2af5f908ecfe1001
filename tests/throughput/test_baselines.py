"""Baselines on disk: what is kept, and what is told where there is none."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.throughput.baselines import FORMAT, Baselines, SavedTest
from mmbench.throughput.errors import CannotTime
from mmbench.throughput.machine import this_machine

ONE = SavedTest(
    seconds=(0.1, 0.2),
    calls=3,
    calibration={"matrix_product_seconds": (0.01, 0.02)},
    libraries={"numpy": "2.4.0"},
    saved_at="2026-11-25T12:00:00+00:00",
)
TEST = "test_speed.py::test_work"


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    kept = Baselines(tmp_path)
    path = kept.put("main", {TEST: ONE})
    assert path == tmp_path / this_machine().digest / "main.json"
    assert kept.find("main", TEST) == ONE


def test_saving_one_test_leaves_the_others(tmp_path: Path) -> None:
    kept = Baselines(tmp_path)
    other = replace(ONE, calls=5)
    kept.put("main", {TEST: ONE, "b": ONE})
    kept.put("main", {"b": other})
    assert kept.find("main", TEST) == ONE
    assert kept.find("main", "b") == other


def test_no_baseline_says_how_to_save_one_and_what_there_is(tmp_path: Path) -> None:
    kept = Baselines(tmp_path)
    with pytest.raises(CannotTime, match=r"no baseline 'main'.*pytest --throughput-save main"):
        kept.find("main", TEST)
    kept.put("trunk", {TEST: ONE})
    with pytest.raises(CannotTime, match="it has trunk"):
        kept.find("main", TEST)


def test_another_test_of_the_same_name_is_none(tmp_path: Path) -> None:
    kept = Baselines(tmp_path)
    kept.put("main", {TEST: ONE})
    with pytest.raises(CannotTime, match=r"did you mean 'test_speed.py::test_work'"):
        kept.find("main", "test_speed.py::test_wrok")


def test_a_baseline_of_another_machine_does_not_count(tmp_path: Path) -> None:
    kept = Baselines(tmp_path)
    path = kept.put("main", {TEST: ONE})
    path.parent.rename(tmp_path / "another")
    with pytest.raises(CannotTime, match="one of another machine, whose times say nothing here"):
        kept.find("main", TEST)


def test_another_number_of_cores_is_another_machine() -> None:
    machine = this_machine()
    assert replace(machine, cores=machine.cores + 1).digest != machine.digest


def test_a_newer_format_and_a_broken_file_are_refused_with_advice(tmp_path: Path) -> None:
    kept = Baselines(tmp_path)
    path = kept.put("main", {TEST: ONE})
    text = path.read_text()
    path.write_text(text.replace(f'"format": {FORMAT}', f'"format": {FORMAT + 1}'))
    with pytest.raises(CannotTime, match="newer mmbench"):
        kept.find("main", TEST)
    for broken in ("{", "[]", text.replace('"calls"', '"call"'), "\udcff"):
        path.write_text(broken, errors="surrogateescape")
        with pytest.raises(CannotTime, match=r"not a baseline .*Remove it and save again"):
            kept.find("main", TEST)


@pytest.mark.parametrize("name", ["", "../main", "a b", ".hidden"])
def test_what_cannot_name_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CannotTime, match="cannot name a baseline"):
        Baselines(tmp_path).find(name, TEST)
