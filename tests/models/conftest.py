"""Tiny checkpoints, written by the libraries themselves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from transformers import BertConfig, BertModel, ResNetConfig, ResNetModel, ViTConfig, ViTModel

from mmbench.cards import ModelCard
from mmbench.data.cache import Cache
from mmbench.models.generative import GenerativeAdapter
from mmbench.models.loading import load
from tests.models.generative_families import FAMILIES, write
from tests.models.generative_samples import card
from tests.models.samples import SIZE, SPECIAL, WORDS, image_card, text_card, word_tokenizer


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of width 16 over twelve words, at most 24 tokens, with its tokenizer."""
    folder = tmp_path_factory.mktemp("bert")
    with torch.random.fork_rng():
        torch.manual_seed(1)
        BertModel(
            BertConfig(
                vocab_size=len(SPECIAL) + len(WORDS),
                hidden_size=16,
                intermediate_size=32,
                num_attention_heads=2,
                num_hidden_layers=2,
                max_position_embeddings=24,
            )
        ).save_pretrained(folder)
    word_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def vit_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vit")
    with torch.random.fork_rng():
        torch.manual_seed(2)
        ViTModel(
            ViTConfig(
                image_size=SIZE,
                patch_size=8,
                hidden_size=16,
                intermediate_size=32,
                num_attention_heads=2,
                num_hidden_layers=2,
            )
        ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def resnet_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ResNet of transformers: its pooler_output is [B, C, 1, 1], and it holds BatchNorm."""
    folder = tmp_path_factory.mktemp("resnet")
    with torch.random.fork_rng():
        torch.manual_seed(3)
        ResNetModel(
            ResNetConfig(embedding_size=8, hidden_sizes=[8, 12], depths=[1, 1], layer_type="basic")
        ).save_pretrained(folder)
    return folder


@pytest.fixture
def parts(vit_folder: Path, bert_folder: Path) -> tuple[ModelCard, ModelCard]:
    """The image and the text encoder of a fusion."""
    return image_card(vit_folder), text_card(bert_folder)


@pytest.fixture(scope="session")
def writer_folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    root = tmp_path_factory.mktemp("writers")
    return {family: write(family, root / family) for family in FAMILIES}


@pytest.fixture
def writers(writer_folders: Mapping[str, Path]) -> Any:
    def made(family: str) -> GenerativeAdapter:
        return cast(GenerativeAdapter, load(card(family, writer_folders[family])))

    return made
