"""`mmbench gate` on folders of records: what it says, writes, and ends with."""

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from mmbench.cards import GateThresholds, Places
from mmbench.compare.gate import Finding, GateReport
from mmbench.errors import StoreError
from mmbench.records import Measurement, Record
from mmbench.store import Store, Stored
from tests.cli.conftest import Command
from tests.compare.answers import classes, written
from tests.specimens import FINGERPRINT, TRIAL, record

NAME = "train_padded_tokens_per_second"
COUNT = 1000


def rate(value: float) -> Measurement:
    return Measurement(
        name=NAME,
        unit="tokens/s",
        value=value,
        low=value * 0.99,
        high=value * 1.01,
        values=(value,) * 9,
    )


def put(
    root: Path, *, speed: float = 1000.0, peak: float = 2e9, wrong: int = 100, seed: int = 0
) -> Stored:
    """A record of a trial with its answers to a thousand examples."""
    memory = Measurement(name="peak_rss_bytes", unit="bytes", value=peak)
    made = replace(
        record(replace(TRIAL, seed=seed)),
        measurements=(rate(speed), memory),
        logits_digest=f"of {wrong} wrong",
    )
    right = [index >= wrong for index in range(COUNT)]
    return written(made, root / f"{seed}", classes(right))


def again(stored: Stored, changed: Record) -> None:
    Store(stored.folder.parent).put(changed, stored.folder)


@pytest.fixture
def base(here: Path) -> Path:
    put(here / "base")
    return here / "base"


def test_equal_records_pass(mm: Command, here: Path, base: Path) -> None:
    put(here / "new")
    ran = mm("gate", "new", "--baseline", "base")
    assert ran.status == 0
    assert ran.out.splitlines()[-1] == "Gate: pass"


def test_a_slow_down_warns_and_fails_only_on_trust(mm: Command, here: Path, base: Path) -> None:
    put(here / "new", speed=800.0)
    ran = mm("gate", "new", "--baseline", "base")
    assert ran.status == 0
    assert "confirm it with mmbench gate --against" in ran.out
    ran = mm("gate", "new", "--baseline", "base", "--trust-stored")
    assert ran.status == 1
    assert f"REGRESSION  tiny × moods × probe  {NAME}" in ran.out
    assert "1.250 [1.232, 1.268]" in ran.out


def test_more_memory_fails(mm: Command, here: Path, base: Path) -> None:
    put(here / "new", peak=2.2e9)
    assert mm("gate", "new", "--baseline", "base").status == 1
    assert mm("gate", "new", "--baseline", "base", "--threshold-memory", "0.2").status == 0


def test_a_drop_of_quality_fails(mm: Command, here: Path, base: Path) -> None:
    put(here / "new", wrong=160)
    ran = mm("gate", "new", "--baseline", "base")
    assert ran.status == 1
    assert "6.00 [" in ran.out


def test_a_drop_that_the_examples_cannot_tell_is_told_so(
    mm: Command, here: Path, base: Path
) -> None:
    put(here / "new", wrong=108)
    ran = mm("gate", "new", "--baseline", "base")
    assert ran.status == 3
    assert "1,000 examples cannot decide it" in ran.out
    assert mm("gate", "new", "--baseline", "base", "--threshold-quality", "0.03").status == 0


def test_another_setup_cannot_be_told(mm: Command, here: Path, base: Path) -> None:
    new = put(here / "new")
    again(new, replace(new.record, fingerprint=replace(FINGERPRINT, threads=8)))
    ran = mm("gate", "new", "--baseline", "base")
    assert ran.status == 3
    assert "threads: 2 against 8" in ran.out
    assert "take a baseline on this setup, or use --against" in ran.out


def test_a_failed_trial_is_an_error(mm: Command, here: Path, base: Path) -> None:
    new = put(here / "new")
    again(new, replace(new.record, status="failed"))
    ran = mm("gate", "new", "--baseline", "base", "--allow-missing")
    assert ran.status == 2
    assert ran.out.splitlines()[-1] == "Gate: error"


def test_a_missing_cell_is_an_error_unless_allowed(mm: Command, here: Path, base: Path) -> None:
    put(here / "new")
    put(here / "base", seed=1)
    ran = mm("gate", "new", "--baseline", "base")
    assert ran.status == 2
    assert "tiny × moods × probe × seed 1: missing in the candidate" in ran.out
    assert mm("gate", "new", "--baseline", "base", "--allow-missing").status == 0


@pytest.mark.parametrize("empty", ["new", "base"])
def test_an_empty_folder_is_an_error(mm: Command, here: Path, empty: str) -> None:
    put(here / ("base" if empty == "new" else "new"))
    (here / empty).mkdir()
    ran = mm("gate", "new", "--baseline", "base")
    assert ran.status == 2
    assert f"{empty}: no records here" in ran.err


def test_an_unreadable_baseline_is_an_error_and_no_regression(
    mm: Command, here: Path, base: Path
) -> None:
    put(here / "new")
    (here / "base/0/record.json").write_text("{")
    ran = mm("gate", "new", "--baseline", "base")
    assert ran.status == 2
    assert "record.json" in ran.err


def test_changed_predictions_are_an_error(mm: Command, here: Path, base: Path) -> None:
    put(here / "new", wrong=101)
    (here / "base/0/predictions.parquet").write_bytes(b"")
    assert mm("gate", "new", "--baseline", "base").status == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say what to compare"),
        (("new",), "say what to compare"),
        (("new", "--baseline", "new"), "lie in each other"),
        (("new/0", "--baseline", "new"), "lie in each other"),
        (("new", "--baseline", "base", "--against", "main"), "RESULTS, --baseline and --against"),
        (("--against", "main", "--trust-stored"), "--trust-stored and --against are two modes"),
        (("--against", "main", "--threshold-quality", "0.1"), "--threshold-quality and --against"),
        (("new", "--baseline", "base", "--minutes", "3"), "--minutes goes with --against alone"),
        (("new", "--baseline", "base", "--suite", "nope"), "no suite 'nope'"),
        (("new", "--baseline", "base", "--cards", "cards"), "it goes with --suite"),
        (("new", "--baseline", "base", "--threshold-rate", "0"), "rate is 0"),
    ],
)
def test_what_makes_no_sense_is_refused(
    mm: Command, here: Path, base: Path, arguments: tuple[str, ...], said: str
) -> None:
    put(here / "new")
    ran = mm("gate", *arguments)
    assert ran.status == 2
    assert said in ran.err


def test_a_suite_says_what_is_allowed_and_a_flag_stands_in_its_place(
    mm: Command, here: Path, base: Path
) -> None:
    (here / "cards/suites/lax.yaml").write_text(
        "name: lax\nblocks: [{models: [tiny], tasks: [moods], recipes: [probe]}]\n"
        f"gate: {{memory: 0.5, metrics: {{{NAME}: 0.5, trian: 0.1}}}}\n"
    )
    put(here / "new", speed=800.0, peak=2.5e9)
    asked = ("gate", "new", "--baseline", "base", "--trust-stored")
    assert mm(*asked).status == 1
    ran = mm(*asked, "--suite", "lax", "--cards", "cards")
    assert ran.status == 0
    assert "trian" in ran.err
    ran = mm(*asked, "--suite", "lax", "--cards", "cards", "--threshold-memory", "0.1")
    assert ran.status == 1


def test_it_writes_markdown_and_junit(mm: Command, here: Path, base: Path) -> None:
    put(here / "new", speed=800.0, peak=2.2e9)
    files = ("--markdown", "out/gate.md", "--junit", "out/gate.xml")
    assert mm("gate", "new", "--baseline", "base", *files).status == 1
    text = (here / "out/gate.md").read_text()
    assert text.startswith("# Gate: regression\n")
    assert "# 性能门禁：出现退化" in text
    suite = ElementTree.parse(here / "out/gate.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    mm("gate", "new", "--baseline", "base", *files, "--lang", "zh")
    assert (here / "out/gate.md").read_text().startswith("# 性能门禁")


def test_what_cannot_be_written_is_an_error(mm: Command, here: Path, base: Path) -> None:
    put(here / "new")
    (here / "file").write_text("")
    ran = mm("gate", "new", "--baseline", "base", "--markdown", "file/gate.md")
    assert ran.status == 2
    assert "cannot be written" in ran.err


def test_against_times_both_in_turn(
    mm: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    found = Finding(cell="c", metric="m", aspect="rate", verdict="regression", threshold=0.05)

    def paired_report(against: SimpleNamespace) -> GateReport:
        asked.append(against)
        return GateReport(mode="paired", baseline="main", candidate="new", findings=(found,))

    fake = SimpleNamespace(SUITE="gate", Against=SimpleNamespace, paired_report=paired_report)
    monkeypatch.setitem(sys.modules, "mmbench.cli.gate_against", fake)
    flags = ("--random-init", "--minutes", "3", "--device", "cpu", "--threshold-rate", "0.1")
    assert mm("gate", "--against", "main", *flags).status == 1
    expected = SimpleNamespace(
        against="main",
        suite="gate",
        cards=(),
        device="cpu",
        init="random",
        budget_minutes=3.0,
        thresholds=GateThresholds(rate=0.1, memory=0.05),  # the memory is the suite's own
        places=Places(),
    )
    assert asked == [expected]


def test_an_error_of_a_side_is_no_regression(
    mm: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def paired_report(against: object) -> GateReport:
        raise StoreError("the disk is gone")

    fake = SimpleNamespace(SUITE="gate", Against=SimpleNamespace, paired_report=paired_report)
    monkeypatch.setitem(sys.modules, "mmbench.cli.gate_against", fake)
    assert mm("gate", "--against", "main").status == 2


def test_records_of_a_real_run_are_compared_by_their_answers(mm: Command, here: Path) -> None:
    """The reference records: one against itself with a tenth of its answers turned around."""
    import pyarrow
    import pyarrow.parquet

    reference = Path(__file__).parents[2] / "results/reference/quickstart"
    (source,) = reference.glob("minilm-l6.reviews-zh.probe.*/*/record.json")
    for name in ("base", "new"):
        folder = here / name / "trial" / "run"
        folder.mkdir(parents=True)
        for file in ("record.json", "predictions.parquet"):
            (folder / file).write_bytes((source.parent / file).read_bytes())
    ran = mm("gate", "new", "--baseline", "base", "--threshold-rate", "10")
    assert "accuracy" in ran.out
    path = folder / "predictions.parquet"
    table = pyarrow.parquet.read_table(path)
    predicted = table["predicted"].to_pylist()
    rows = zip(predicted, table["target"].to_pylist(), strict=True)
    turned = [1 - t if index % 5 == 0 else p for index, (p, t) in enumerate(rows)]
    place = table.column_names.index("predicted")
    pyarrow.parquet.write_table(table.set_column(place, "predicted", pyarrow.array(turned)), path)
    told = json.loads((folder / "record.json").read_text())
    told["artefacts"]["predictions"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    told["logits_digest"] = "of others"
    (folder / "record.json").write_text(json.dumps(told))
    ran = mm("gate", "new", "--baseline", "base", "--threshold-rate", "10")
    assert ran.status == 1
    assert "REGRESSION" in ran.out


def test_a_device_is_not_for_records(mm: Command, here: Path, base: Path) -> None:
    put(here / "new")
    ran = mm("gate", "new", "--baseline", "base", "--device", "cpu")
    assert ran.status == 2
    assert "--device goes with --against alone" in ran.err
