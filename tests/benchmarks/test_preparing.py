"""From examples to batches: tokens and pixels, through an empty cache every time.

    make bench

Times are not asserted: `make bench-compare` judges them. Each benchmark asserts that the work was
done, so that a fast nothing cannot pass for speed; in `make test` it runs once, small and untimed.
"""

from io import BytesIO
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pytest_benchmark.fixture import BenchmarkFixture
from tokenizers import Tokenizer

from mmbench.catalog import Catalog
from mmbench.data.batches import training_batches
from mmbench.data.prepared import Prepared
from mmbench.models.sources import locate
from tests.benchmarks.conftest import Size
from tests.benchmarks.rows import Loaded, empty_caches, loaded

BATCH = 32


def one_epoch(found: Loaded, prepared: Prepared) -> int:
    """Tokens that an epoch's batches hold."""
    assert isinstance(found.train.targets, np.ndarray)
    steps = training_batches(
        prepared, found.train.targets, batch_size=BATCH, micro_batch=None, seed=0, epoch=0
    )
    return sum(batch.tokens for (batch,) in steps)


def test_tokenising_and_batching(
    benchmark: BenchmarkFixture, size: Size[int], tmp_path: Path
) -> None:
    found = loaded("minilm-l6", "emoji-keywords-group-en", limit=size(1_000, 64))
    caches = empty_caches(tmp_path)

    def prepare() -> tuple[Prepared, int]:
        prepared = found.adapter.prepare(found.train, next(caches))
        return prepared, one_epoch(found, prepared)

    prepared, tokens = benchmark(prepare)
    folder = locate(Catalog.standard().model("minilm-l6").source)
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    plain.no_padding()
    ids = [plain.encode(str(text)).ids for text in found.train.inputs["text"]]
    assert tokens == sum(map(len, ids))
    assert prepared.collate([0])["input_ids"].tolist() == [ids[0]]
    benchmark.extra_info["rows"] = len(found.train)


def test_decoding_images_into_the_cache(
    benchmark: BenchmarkFixture, size: Size[int], tmp_path: Path
) -> None:
    found = loaded("efficientnet-lite0", "emoji-group", limit=size(256, 32))
    caches = empty_caches(tmp_path)
    prepared = benchmark(lambda: found.adapter.prepare(found.train, next(caches)))
    assert len(prepared) == len(found.train)
    assert np.array_equal(
        prepared.collate([0])["pixels"][0], plainly(cast("bytes", found.train.inputs["image"][0]))
    )
    benchmark.extra_info["rows"] = len(found.train)


def plainly(image: bytes) -> NDArray[np.uint8]:
    """[3, 112, 112]: the picture on white, squashed, by Pillow alone."""
    picture = Image.open(BytesIO(image)).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    flat = Image.alpha_composite(white, picture).convert("RGB")
    return np.asarray(flat.resize((112, 112), Image.Resampling.BICUBIC)).transpose(2, 0, 1)
