"""`mmbench export` by its command."""

import csv
import io
from pathlib import Path

from tests.cli.conftest import Command

RECORDS = Path(__file__).parents[2] / "results" / "reference" / "quickstart"


def test_scores_go_to_standard_output_or_a_file(mm: Command, tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"
    ran = mm("export", RECORDS, "--out", file)
    assert ran.status == 0
    assert ran.out.strip() == str(file)
    found = list(csv.DictReader(io.StringIO(file.read_text())))
    kept = [
        row
        for row in found
        if (row["task"], row["recipe"], row["metric"]) == ("emoji-group", "probe", "accuracy")
        and (row["stage"], row["split"]) == ("after", "test")
    ]
    assert len(kept) == 1
    assert 0.6 < float(kept[0]["low"]) < float(kept[0]["value"]) < float(kept[0]["high"]) < 0.8


def test_a_folder_without_records_is_an_error(mm: Command, tmp_path: Path) -> None:
    ran = mm("export", tmp_path)
    assert ran.status == 1
    assert "no records here" in ran.err
