"""Cards, texts and pictures for the tests of the adapters."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import timm.data
from PIL import Image
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from transformers import PreTrainedTokenizerFast

from mmbench.cards import (
    FolderModel,
    ImageRules,
    ModelCard,
    ModelSource,
    PairModel,
    TextRules,
)
from mmbench.data.examples import EncodedMedia, Examples

SIZE = 32
WORDS = ("a", "the", "cat", "dog", "sat", "ran", "on", "mat", "big", "small", "red", "house")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def word_tokenizer() -> PreTrainedTokenizerFast:
    vocabulary = {word: index for index, word in enumerate((*SPECIAL, *WORDS))}
    backend = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.Lowercase()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=backend,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=24,
    )


def text_card(
    source: ModelSource | Path, *, rules: TextRules | None = None, adapter: str = "text"
) -> ModelCard:
    if isinstance(source, Path):
        source = FolderModel(via="folder", path=str(source))
    return ModelCard(
        name="tiny-text",
        family="test",
        languages=("en",),
        modalities=("text",),
        adapter=adapter,
        library="transformers",
        source=source,
        gives=("pooled", "tokens"),
        text=rules or TextRules(max_tokens=8, pooling="mean"),
    )


def image_card(
    source: ModelSource | Path,
    *,
    architecture: str | None = None,
    rules: ImageRules | None = None,
) -> ModelCard:
    """A card of transformers, or of timm if an architecture is given."""
    if isinstance(source, Path):
        source = FolderModel(via="folder", path=str(source))
    return ModelCard(
        name="tiny-image",
        family="test",
        languages=(),
        modalities=("image",),
        adapter="image",
        library="timm" if architecture else "transformers",
        architecture=architecture,
        source=source,
        gives=("pooled",),
        image=rules or squash(SIZE),
    )


def pair_card(image: ModelCard, text: ModelCard) -> ModelCard:
    """As the catalog makes it of the two cards it looked up."""
    return ModelCard(
        name="tiny-pair",
        family="test",
        languages=text.languages,
        modalities=("image", "text"),
        adapter="pair",
        source=PairModel(via="pair", image=image.name, text=text.name),
        gives=("paired",),
        parts={"image": image, "text": text},
    )


def squash(size: int) -> ImageRules:
    return ImageRules(
        size=size,
        fit="squash",
        interpolation="bilinear",
        mean=(0.4, 0.5, 0.6),
        std=(0.2, 0.25, 0.3),
    )


def texts(*rows: str) -> Examples:
    return Examples(ids=tuple(f"t{i}" for i in range(len(rows))), inputs={"text": rows})


def images(rows: Sequence[EncodedMedia]) -> Examples:
    return Examples(ids=tuple(f"i{i}" for i in range(len(rows))), inputs={"image": rows})


def picture(seed: int, width: int = 40, height: int = 30) -> Image.Image:
    """Noise over a gradient, so that every filter and offset shows."""
    noise = np.random.default_rng(seed).integers(0, 80, (height, width, 3))
    ramp = np.linspace(0, 175, width)[None, :, None]
    return Image.fromarray((noise + ramp).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    save: Callable[..., None] = image.save
    save(buffer, kind, **options)
    return buffer.getvalue()


def timm_transform(rules: ImageRules, *, normalize: bool = True) -> Callable[[Image.Image], Any]:
    """timm's own evaluation transform under our rules."""
    create: Any = timm.data.create_transform  # type: ignore[attr-defined]
    transform: Callable[[Image.Image], Any] = create(
        (3, rules.size, rules.size),
        interpolation=rules.interpolation,
        mean=rules.mean,
        std=rules.std,
        crop_pct=rules.crop_fraction,
        crop_mode="squash" if rules.fit == "squash" else "center",
        normalize=normalize,
    )
    return transform
