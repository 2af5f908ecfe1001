"""The committed page on speed is what its tool makes of the committed records."""

import json

from tools.table_of_speed import PAGE, RECORDS, missing, page, records_of


def test_the_page_is_that_of_the_records() -> None:
    assert PAGE.read_text("utf-8") == page(records_of(RECORDS))


def test_rates_are_work_over_time_of_the_windows_in_the_record() -> None:
    for path in RECORDS.rglob("speed.json"):
        record = json.loads(path.read_bytes())
        wanted = {"train": "train", "infer": "inference"}[record["case"]["mode"]]
        for found in record["measurements"]:
            if found["name"] == f"{wanted}_samples_per_second":
                assert min(found["values"]) <= found["value"] <= max(found["values"])


def test_cases_without_a_record_are_named() -> None:
    records = records_of(RECORDS)
    names = [record.cell for record in records]
    assert not set(missing(records)) & set(names)
    assert names[0] in missing(records[1:])
    assert f"{len(missing(records))} cases" in page(records)
