"""What follows the model: retrieval over whole candidate sets, intervals, and the report."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture
from sklearn.metrics import f1_score

from benchmarks.large_report import renamed
from mmbench.catalog import Catalog
from mmbench.data.tasks import load_task
from mmbench.metrics.intervals import interval
from mmbench.metrics.pairs import Relevant, candidates
from mmbench.metrics.retrieval import Ranked, ranks
from mmbench.metrics.retrieval_intervals import retrieval_interval
from mmbench.report.build import build
from mmbench.report.document import Document
from mmbench.report.markdown import render
from mmbench.store import Store, Stored
from tests.benchmarks.conftest import Size

REFERENCE = Path(__file__).parents[2] / "results" / "reference" / "quickstart"
CAPTIONS = 5  # of each image, as in Flickr30k and COCO
WIDTH = 256
CLASSES = 9


def test_retrieval_scoring(benchmark: BenchmarkFixture, size: Size[int]) -> None:
    """5,000 images against 25,000 texts, the size of COCO's test split, in portions."""
    images = size(5_000, 200)
    rng = np.random.default_rng(0)
    texts = unit(rng.standard_normal((images * CAPTIONS, WIDTH), dtype=np.float32))
    noise = rng.standard_normal((images, WIDTH), dtype=np.float32) * 0.15
    queries = unit(texts[::CAPTIONS] + noise)
    relevant = Relevant(
        starts=np.arange(images + 1) * CAPTIONS,
        columns=np.arange(images * CAPTIONS),
        candidates=images * CAPTIONS,
    )
    found = benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda: ranks(queries, texts, relevant),
        rounds=10,
        warmup_rounds=1,
    )
    some = list(range(0, images, max(1, images // 20)))
    assert np.array_equal(found[some], [rank_plainly(queries[i], texts, i) for i in some])
    benchmark.extra_info["queries"] = images


@pytest.mark.parametrize("grouped", [False, True], ids=["examples", "groups"])
def test_bootstrap_of_a_classification(benchmark: BenchmarkFixture, grouped: bool) -> None:
    """The macro F1 of the reference run's image model, with and without groups of one concept."""
    table = reference("efficientnet-lite0.emoji-group", "test")
    targets, predicted = np.array(table["target"]), np.array(table["predicted"])
    groups = [str(name).split("/")[1].split("-")[0] for name in table["id"]] if grouped else None
    found = benchmark(lambda: interval("f1_macro", targets, predicted, CLASSES, groups))
    value = f1_score(targets, predicted, labels=range(CLASSES), average="macro", zero_division=0)
    assert found.low < value < found.high
    assert ("cluster" in found.method) == grouped
    benchmark.extra_info["examples"] = len(targets)


def test_bootstrap_of_a_retrieval(benchmark: BenchmarkFixture) -> None:
    """The mean recall of the reference run's dual encoder over groups of queries."""
    ranked = reference_ranks()
    found = benchmark(lambda: retrieval_interval("mean_recall", ranked))
    assert found is not None
    recalls = [np.mean(r <= k) for r in (ranked.i2t, ranked.t2i) for k in (1, 5, 10)]
    assert found.low < np.mean(recalls) < found.high
    benchmark.extra_info["queries"] = len(ranked.i2t) + len(ranked.t2i)


def test_report(benchmark: BenchmarkFixture, size: Size[int]) -> None:
    """A report of 10,000 records: 50 models on 40 tasks with 5 seeds."""
    models, tasks, seeds = size(50, 2), size(40, 2), size(5, 2)
    stored = repeated(models, tasks, seeds)

    def report() -> tuple[Document, str]:
        document = build(stored, lang="en")
        return document, render(document)

    _, text = benchmark.pedantic(report, rounds=3)  # type: ignore[no-untyped-call]
    assert all(f"task-{number}" in text for number in range(tasks))
    assert all(f"model-{number}" in text for number in range(models))
    benchmark.extra_info["records"] = len(stored)


def repeated(models: int, tasks: int, seeds: int) -> list[Stored]:
    """A record of the reference run under other names of models and tasks, and other seeds."""
    (one, *_) = Store(REFERENCE / trial_folder("minilm-l6.emoji-keywords-group-en.full")).select()
    return [
        Stored(one.folder, renamed(one.record, task=task, model=model, seed=seed))
        for task, model, seed in itertools.product(range(tasks), range(models), range(seeds))
    ]


def reference(cell: str, split: str) -> dict[str, list[object]]:
    """The columns of the predictions of one reference trial on a split."""
    (path, *_) = sorted((REFERENCE / trial_folder(cell)).glob("*/predictions.parquet"))
    table = pq.read_table(path, filters=[("split", "=", split)])
    columns: dict[str, list[object]] = table.to_pydict()
    return columns


def trial_folder(cell: str) -> str:
    (found, *_) = sorted(path.name for path in REFERENCE.glob(f"{cell}*"))
    return found


def reference_ranks() -> Ranked:
    """The reference run's ranks of the test split: each distinct image and text, in the order of
    their first rows."""
    table = reference("clip-scratch.emoji-retrieval-en", "test")
    asked, found = np.array(table["query"]), np.array(table["rank"])
    rows = load_task(Catalog.standard().task("emoji-retrieval-en")).splits["test"]
    assert isinstance(rows.targets, np.ndarray)
    images, texts = numbered(rows.inputs["image"]), numbered(rows.inputs["text"])
    return Ranked(
        candidates=candidates(images, texts, rows.targets, rows.groups),
        i2t=found[asked == "image"],
        t2i=found[asked == "text"],
    )


def numbered(values: Sequence[object]) -> list[int]:
    """The same number for the same value, in the order of their first places."""
    place: dict[object, int] = {}
    return [place.setdefault(value, len(place)) for value in values]


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found


def rank_plainly(query: NDArray[np.float32], texts: NDArray[np.float32], image: int) -> int:
    """By sorting all candidates: the place, from 1, of the first that belongs to the image."""
    order = np.argsort(-(texts.astype(np.float64) @ query.astype(np.float64)), kind="stable")
    return 1 + int(np.flatnonzero(order // CAPTIONS == image)[0])
