"""Image features equal upstream's own forward, whatever the batch."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
import sklearn.datasets
import timm
import timm.data
import torch
from torch import Tensor
from transformers import ResNetModel, ViTForImageClassification, ViTModel

from mmbench.cards import ImageRules, RandomModel
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.errors import CardError
from mmbench.models.base import Adapter
from mmbench.models.loading import load
from mmbench.models.sources import locate
from mmbench.models.weights import read_tensors
from tests.models.samples import (
    SIZE,
    encoded,
    image_card,
    images,
    picture,
    squash,
    timm_transform,
)

PICTURES = [picture(seed, 40 + 7 * seed, 64 - 5 * seed) for seed in range(6)]


def in_batches(adapter: Adapter, size: int, cache: Cache) -> Tensor:
    prepared = adapter.prepare(images([encoded(image) for image in PICTURES]), cache)
    batches = [range(i, min(i + size, len(PICTURES))) for i in range(0, len(PICTURES), size)]
    with torch.no_grad():
        return torch.cat([adapter(prepared.collate(rows)).pooled for rows in batches])


def normalised(rules: ImageRules) -> Tensor:
    """[N, 3, S, S] by timm's own transform."""
    transform = timm_transform(rules)
    return torch.stack([transform(image) for image in PICTURES])


def upstream(model_class: Any, folder: Path) -> Any:
    return model_class.from_pretrained(folder).eval()


@pytest.mark.parametrize("fit", ["squash", "crop"])
def test_efficientnet_features_equal_timms(fit: Literal["squash", "crop"], cache: Cache) -> None:
    card = Catalog.standard().model("efficientnet-lite0")
    assert card.image is not None
    assert card.source.via == "package"
    rules = replace(card.image, fit=fit, crop_fraction=1.0 if fit == "squash" else 0.875)
    theirs: Any = timm.create_model("tf_efficientnet_lite0")
    given = read_tensors(locate(card.source)).values()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), given, strict=True)))
    with torch.no_grad():
        maps = theirs.eval().forward_features(normalised(rules))
        expected = theirs.forward_head(maps, pre_logits=True)
    adapter = load(replace(card, image=rules))
    for batch_size in (1, 8):
        ours = in_batches(adapter, batch_size, cache)
        assert ours.shape == (len(PICTURES), 1280)
        assert (ours - expected).abs().max() <= 1e-5


def test_efficientnet_still_knows_its_imagenet_classes(cache: Cache) -> None:
    """By the native rules, with the classifier of the same file, on scikit-learn's two photos."""
    card = Catalog.standard().model("efficientnet-lite0")
    assert card.image is not None
    assert card.source.via == "package"
    rules = replace(card.image, size=224, fit="crop", crop_fraction=0.875)
    adapter, weights = load(replace(card, image=rules)), read_tensors(locate(card.source))
    folder = Path(sklearn.datasets.__file__).parent / "images"
    photos = images([folder / "flower.jpg", folder / "china.jpg"])
    with torch.no_grad():
        pooled = adapter(adapter.prepare(photos, cache).collate([0, 1])).pooled
    logits = pooled @ weights["_fc.weight"].T + weights["_fc.bias"]
    daisy, palace = 985, 698
    assert logits.argmax(dim=1).tolist() == [daisy, palace]


@pytest.mark.parametrize("batch_size", [1, 8])
def test_vit_features_equal_transformers(batch_size: int, vit_folder: Path, cache: Cache) -> None:
    card = image_card(vit_folder)
    assert card.image is not None
    with torch.no_grad():
        output = upstream(ViTModel, vit_folder)(normalised(card.image))
    ours = in_batches(load(card), batch_size, cache)
    assert ours.shape == (len(PICTURES), 16)
    assert (ours - output.pooler_output).abs().max() <= 1e-5


def test_a_pooled_map_is_flattened(resnet_folder: Path, cache: Cache) -> None:
    card = image_card(resnet_folder)
    assert card.image is not None
    with torch.no_grad():
        output = upstream(ResNetModel, resnet_folder)(normalised(card.image))
    adapter = load(card)
    assert output.pooler_output.shape == (len(PICTURES), 12, 1, 1)
    assert (in_batches(adapter, 8, cache) - output.pooler_output.flatten(1)).abs().max() <= 1e-5
    assert adapter.width == 12


def test_a_classifiers_checkpoint_gives_its_class_token(tmp_path: Path, vit_folder: Path) -> None:
    """Such a checkpoint has no pooler; the classifier stands on the class token."""
    config = ViTModel.from_pretrained(vit_folder).config
    with torch.random.fork_rng():
        ViTForImageClassification(config).save_pretrained(tmp_path)
    classifier = upstream(ViTForImageClassification, tmp_path)
    adapter, rules = load(image_card(tmp_path)), squash(SIZE)
    pixels = torch.randint(0, 256, (2, 3, SIZE, SIZE), dtype=torch.uint8)
    with torch.no_grad():
        pooled = adapter({"pixels": pixels}).pooled
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (rules.mean, rules.std))
        logits = classifier((pixels / 255 - mean) / std).logits
        assert (classifier.classifier(pooled) - logits).abs().max() <= 1e-5


def test_batch_norm_is_declared(resnet_folder: Path, vit_folder: Path) -> None:
    assert load(image_card(resnet_folder)).batch_statistics
    assert not load(image_card(vit_folder)).batch_statistics
    assert load(image_card(RandomModel(via="random"), architecture="resnet10t")).batch_statistics


def test_normalisation_is_part_of_the_module_but_not_of_its_weights(vit_folder: Path) -> None:
    adapter = load(image_card(vit_folder))
    assert not {"mean", "std"} & adapter.state_dict().keys()
    assert adapter.to("meta").get_buffer("mean").device.type == "meta"


def test_a_size_that_the_model_does_not_take_is_refused_at_once(vit_folder: Path) -> None:
    rules = image_card(vit_folder).image
    assert rules is not None
    with pytest.raises(CardError, match="takes no image of 40 × 40 pixels"):
        load(image_card(vit_folder, rules=replace(rules, size=40)))
    timm_vit = RandomModel(via="random", config={"img_size": 32, "patch_size": 8, "depth": 1})
    load(image_card(timm_vit, architecture="vit_tiny_patch16_224"))
    with pytest.raises(CardError, match="takes no image of 40 × 40 pixels"):
        load(
            image_card(timm_vit, architecture="vit_tiny_patch16_224", rules=replace(rules, size=40))
        )


def test_timm_itself_loads_what_we_save(tmp_path: Path) -> None:
    rules = ImageRules(
        size=48,
        fit="squash",
        interpolation="bilinear",
        mean=(0.1, 0.2, 0.3),
        std=(0.4, 0.5, 0.6),
    )
    card = image_card(RandomModel(via="random"), architecture="resnet10t", rules=rules)
    adapter = load(card, seed=4)
    adapter.save(tmp_path / "saved")
    theirs = timm.create_model(f"local-dir:{tmp_path / 'saved'}", pretrained=True).eval()
    theirs.to(memory_format=torch.channels_last)  # as ours: another layout rounds otherwise
    pixels = torch.randn(2, 3, 48, 48)
    with torch.no_grad():
        ours = adapter.backbone(pixels)  # type: ignore[operator]
        assert torch.equal(ours, theirs(pixels))
    resolve: Any = timm.data.resolve_model_data_config  # type: ignore[attr-defined]
    data = resolve(theirs)
    assert (tuple(data["mean"]), tuple(data["std"])) == (rules.mean, rules.std)
    assert (tuple(data["input_size"]), data["crop_mode"]) == ((3, 48, 48), "squash")
    assert (data["interpolation"], data["crop_pct"]) == ("bilinear", 1.0)
