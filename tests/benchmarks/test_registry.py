"""Reading the registry: how long the list of models takes, by the number of cards."""

from pathlib import Path
from time import perf_counter

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from mmbench.cards import ModelCard
from mmbench.catalog import Catalog
from tests.specimens import MODEL_FIELDS, write_card

SIZES = (40, 120, 1000)


def cards(folder: Path, count: int) -> Path:
    for number in range(count):
        write_card(folder, "models", MODEL_FIELDS, name=f"model-{number}")
    return folder


def read(folder: Path) -> int:
    catalog = Catalog((folder,))
    return len([catalog.model(name) for name in catalog.names(ModelCard)])


@pytest.mark.parametrize("count", SIZES)
def test_reading_model_cards(count: int, tmp_path: Path, benchmark: BenchmarkFixture) -> None:
    folder = cards(tmp_path, count)
    assert benchmark(read, folder) == count


def test_a_thousand_cards_take_no_longer_each_than_forty(tmp_path: Path) -> None:
    """Linear: the least of five readings, the same number of cards read in all."""
    few = [cards(tmp_path / f"few{number}", 40) for number in range(5)]
    many = cards(tmp_path / "many", 1000)
    each = {}
    for name, folders, count in (("few", few, 200), ("many", [many], 1000)):
        times = []
        for _ in range(3):
            began = perf_counter()
            assert sum(read(folder) for folder in folders) == count
            times.append((perf_counter() - began) / count)
        each[name] = min(times)
    assert each["many"] < 2 * each["few"]
