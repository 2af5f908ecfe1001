"""What every test stands on: no network, a cache of its own, quiet libraries."""

import os
from pathlib import Path

import pytest

from mmbench.cards import FileData, FolderModel, ModelCard, Target, TaskCard, TextRules

pytest_plugins = ["pytester"]  # tests of the pytest plugin run pytest

os.environ["OMP_NUM_THREADS"] = "1"  # tiny models: a second thread only waits for the first
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or fills the user's cache."""
    root = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("MMBENCH_CACHE", str(root))
    return root


@pytest.fixture(autouse=True)
def no_worker_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pytest that a test starts is nobody's worker: pytest-benchmark would time nothing there."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)


@pytest.fixture
def quick_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials time their inference for a moment only; what the rates are is not asked."""
    monkeypatch.setattr("mmbench.workbench.INFERENCE_SECONDS", 0.1)
    monkeypatch.setattr("mmbench.meters.peak.CALIBRATION_SIZE", {"cpu": 16})
    monkeypatch.setattr("mmbench.meters.peak.CALIBRATION_BYTES", {"cpu": 1024})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need a GPU are skipped, and counted, where there is none."""
    if not any(item.get_closest_marker("gpu") for item in items):
        return
    import torch

    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """A two-layer BERT with a word-piece vocabulary of letters, as save_pretrained writes it."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    folder = tmp_path_factory.mktemp("tiny-bert")
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizer(vocab={w: i for i, w in enumerate(words)}).save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(words),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=64,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        BertModel(config).save_pretrained(folder)
    return ModelCard(
        name="tiny-bert",
        family="bert",
        languages=("en",),
        modalities=("text",),
        adapter="text",
        library="transformers",
        source=FolderModel(via="folder", path=str(folder)),
        gives=("pooled", "tokens"),
        text=TextRules(max_tokens=32, pooling="mean"),
    )


@pytest.fixture
def colours(tmp_path: Path) -> TaskCard:
    """Three colours, 120 short texts that name one of them, in a CSV with columns of its own."""
    words = {"red": "rose blood brick", "green": "grass leaf lime", "blue": "sky sea ink"}
    lines = ["note,colour"]
    for row in range(120):
        label = list(words)[row % 3]
        noun = words[label].split()[row // 3 % 3]
        lines.append(f"a {noun} of sort {'abcdefghij'[row % 10] * (1 + row % 7)},{label}")
    file = tmp_path / "colours.csv"
    file.write_text("\n".join(lines))
    return TaskCard(
        name="colours",
        version=1,
        kind="classification",
        languages=("en",),
        inputs={"text": "note"},
        target=Target(column="colour"),
        source=FileData(via="files", files={"all": str(file)}),
        metrics=("accuracy", "f1_macro"),
    )
