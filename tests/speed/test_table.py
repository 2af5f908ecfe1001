"""The table of speed records, word by word."""

import csv
import io
from dataclasses import replace

from mmbench.records import Failure
from mmbench.speed.table import csv_table, markdown_table, terminal_table
from tests.speed.cards import case, image_card, measured, speed_record

BUSY = "other processes kept 1.6 of 2 cores busy: do not compare the speeds; run it again alone"
RECORDS = [
    speed_record(warnings=(BUSY,)),
    speed_record(
        case(image_card(), mode="infer", precision="bf16", batch_size=32),
        measurements=(
            measured("inference_samples_per_second", 98.76, 95.0, 101.2),
            measured("latency_p50_seconds", 0.3241),
            measured("latency_p95_seconds", 0.4),
            measured("peak_cuda_bytes", 2.25 * 2**30),
            measured("peak_rss_bytes", 9 * 2**30),
            measured("parameters", 23.5e6),
            measured("inference_flops_per_sample", 8.2e9),
            measured("inference_model_flops_utilisation", 0.4321),
        ),
        warnings=("8 is the largest batch that was found: more were not tried", BUSY),
    ),
    speed_record(
        case(batch_size=512),
        status="failed",
        measurements=(),
        failure=Failure(kind="TrialError", message="out of memory", traceback=""),
    ),
]
TERMINAL = """\
model      start    mode    precision      batch    tokens    pixels    samples/s  95 % interval      tokens/s    p50 ms    p95 ms    memory    M params    GFLOPs     MFU  notes
---------  -------  ------  -----------  -------  --------  --------  -----------  ---------------  ----------  --------  --------  --------  ----------  --------  ------  --------
tiny-bert  scratch  train   fp32               4         8         –        1,234  [1,200, 1,260]        9,876         –         –  1.50 GiB        0.02         –       –  [1]
tiny-net   scratch  infer   bf16              32         –        32         98.8  [95.0, 101]               –       324       400  2.25 GiB        23.5      8.20  43.2 %  [2], [1]
tiny-bert  scratch  train   fp32             512         8         –       failed  –                         –         –         –         –           –         –       –  [3]

[1] other processes kept 1.6 of 2 cores busy: do not compare the speeds; run it again alone
[2] 8 is the largest batch that was found: more were not tried
[3] failed: out of memory"""  # noqa: E501 - as it stands in a terminal


def test_the_table_of_a_terminal() -> None:
    assert terminal_table(RECORDS).splitlines() == TERMINAL.splitlines()


def test_a_column_in_which_nothing_stands_is_left_out() -> None:
    head = terminal_table(RECORDS[:1]).splitlines()[0]
    assert "p50 ms" not in head
    assert "pixels" not in head
    assert "tokens/s" in head


def test_markdown_names_the_machine_and_has_a_row_a_record() -> None:
    lines = markdown_table(RECORDS).splitlines()
    assert lines[0].startswith("Some CPU, 2 threads, Linux x86_64, Python 3.11.9, torch 2.11.0")
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == len(RECORDS) + 2
    assert rows[3].split("|")[1].strip() == "tiny-net"
    assert lines[-1] == "[3] failed: out of memory"


def test_records_of_two_machines_name_both() -> None:
    other = replace(RECORDS[0].fingerprint, device_name="Another CPU")
    text = markdown_table([RECORDS[0], replace(RECORDS[0], fingerprint=other)])
    assert "Some CPU, " in text
    assert "Another CPU, " in text


def test_csv_has_every_value_unrounded_under_its_own_name() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_table(RECORDS))))
    assert [row["model"] for row in rows] == ["tiny-bert", "tiny-net", "tiny-bert"]
    assert rows[0]["train_samples_per_second"] == "1234.5"
    assert rows[0]["train_samples_per_second_low"] == "1200.0"
    assert rows[0]["inference_samples_per_second"] == ""
    assert rows[1]["inference_model_flops_utilisation"] == "0.4321"
    assert rows[1]["image_size"] == "32"
    assert rows[2]["failure"] == "out of memory"


def test_utilisation_of_convolutions_at_another_precision_is_said_to_be_overstated() -> None:
    mixed = {"matmul_float32": "ieee", "conv_float32": "tf32"}
    sees = speed_record(
        case(image_card()),
        measurements=(measured("train_model_flops_utilisation", 0.97),),
        fingerprint=replace(RECORDS[0].fingerprint, settings=mixed),
    )
    note = (
        "MFU is overstated: convolutions ran in tf32, the peak is that of matrix products in ieee"
    )
    assert note in markdown_table([sees])
    alike = replace(sees.fingerprint, settings={**mixed, "conv_float32": "ieee"})
    reads = replace(sees, case=case())
    for other in (replace(sees, fingerprint=alike), reads, replace(sees, measurements=())):
        assert "overstated" not in markdown_table([other])
