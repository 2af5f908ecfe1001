"""What open_clip would do without a word is an error: other fields, other weights, other names."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from safetensors.torch import load_file, save_file

from mmbench.cards import FolderModel, ModelCard, RandomModel
from mmbench.errors import CardError, TrialError
from mmbench.models.from_open_clip import _network
from mmbench.models.loading import load
from mmbench.models.open_clip_config import check_name, of_architecture, of_folder
from tests.models.dual_samples import dual_card, pixel_rules, with_text
from tests.models.open_clip_samples import PADDED, TINY, tiny
from tests.models.test_weights import hostile

WEIGHTS, CONFIG = "open_clip_model.safetensors", "open_clip_config.json"


@pytest.fixture
def saved(tmp_path: Path) -> ModelCard:
    """A card of a folder that holds the tiny native model."""
    load(tiny("native", tmp_path)).save(tmp_path / "saved")
    return dual_card(tmp_path / "saved", PADDED, architecture="ViT-B-32")


def folder_of(card: ModelCard) -> Path:
    assert isinstance(card.source, FolderModel)
    return Path(card.source.path)


def rewrite(card: ModelCard, **fields: Any) -> None:
    path = folder_of(card) / CONFIG
    said = json.loads(path.read_text())
    said |= fields
    path.write_text(json.dumps({k: v for k, v in said.items() if v is not None}))


def changed(card: ModelCard, **config: Any) -> ModelCard:
    assert isinstance(card.source, RandomModel)
    return replace(card, source=replace(card.source, config={**card.source.config, **config}))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"embed_dims": 3}, r"source\.config\.embed_dims is unknown; did you mean 'embed_dim'"),
        ({"vision_cfg": {"widht": 3}}, r"vision_cfg\.widht is unknown; did you mean 'width'"),
        ({"text_cfg": {"layer": 3}}, r"text_cfg\.layer is unknown; did you mean 'layers'"),
        ({"vision_cfg": None}, r"vision_cfg is missing, or is no mapping"),
        (
            {"vision_cfg": {"timm_model_name": "resnet10tt"}},
            r"does not fit ViT-B-32: Unknown model",
        ),
    ],
)
def test_a_random_start_says_what_is_wrong_with_its_config(
    config: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(CardError, match=message):
        load(changed(tiny("native", tmp_path), **config))


def test_fields_are_changed_one_by_one() -> None:
    config = of_architecture("ViT-B-32", {"vision_cfg": {"layers": 2}, "embed_dim": 8}, "here")
    own = open_clip.get_model_config("ViT-B-32")
    assert config["vision_cfg"] == {**own["vision_cfg"], "layers": 2}
    assert (config["embed_dim"], config["text_cfg"]) == (8, own["text_cfg"])


def test_an_unknown_architecture_is_refused_with_the_nearest(tmp_path: Path) -> None:
    card = tiny("native", tmp_path)
    with pytest.raises(CardError, match=r"'ViT-B-3' is not in open_clip .*'ViT-B-32'"):
        load(replace(card, architecture="ViT-B-3"))


def test_a_folder_of_another_architecture_is_refused(saved: ModelCard) -> None:
    load(saved)
    with pytest.raises(TrialError, match="it holds ViT-B-32, but the card says ViT-B-16"):
        load(replace(saved, architecture="ViT-B-16"))


def test_a_folder_of_the_hub_is_compared_with_the_architecture(saved: ModelCard) -> None:
    """open_clip notes no name, so it is the config that must be that of the name."""
    own = open_clip.get_model_config("ViT-B-32")
    rewrite(saved, architecture=None, model_cfg=own)
    stored = of_folder(folder_of(saved))
    check_name(folder_of(saved), stored, "ViT-B-32")
    for name, field in (("ViT-B-16", "patch_size"), ("ViT-B-32-quickgelu", "quick_gelu")):
        with pytest.raises(
            TrialError, match=rf"its .*{field} is .* that of {name}, which the card"
        ):
            load(replace(saved, architecture=name))


def test_a_folder_says_what_is_wrong_with_its_config(saved: ModelCard) -> None:
    config = json.loads((folder_of(saved) / CONFIG).read_text())["model_cfg"]
    config["text_cfg"]["proj"] = "mlp"
    rewrite(saved, model_cfg=config)
    with pytest.raises(
        TrialError, match=r"text_cfg\.proj is unknown.*another version of open_clip"
    ):
        load(saved)
    (folder_of(saved) / CONFIG).write_text('{"model_cfg": 3}')
    with pytest.raises(TrialError, match="is no config of open_clip"):
        load(saved)
    (folder_of(saved) / CONFIG).unlink()
    with pytest.raises(TrialError, match=r"no open_clip_config\.json here; .* library: transform"):
        load(saved)


@pytest.mark.parametrize("name", ["native", "siglip"])
def test_a_missing_weight_is_refused_rather_than_drawn(name: str, tmp_path: Path) -> None:
    random = tiny(name, tmp_path)
    load(random).save(tmp_path / "saved")
    card = replace(random, source=FolderModel(via="folder", path=str(tmp_path / "saved")))
    tensors = load_file(tmp_path / "saved" / WEIGHTS)
    lost = tensors.pop("logit_bias" if name == "siglip" else "positional_embedding")
    save_file(tensors, tmp_path / "saved" / WEIGHTS)
    with pytest.raises(
        TrialError, match=r"1 weights missing and 0 unknown; it lacks (logit_b|pos)"
    ):
        load(card)
    save_file({**tensors, "other": lost}, tmp_path / "saved" / WEIGHTS)
    with pytest.raises(TrialError, match="1 weights missing and 1 unknown"):
        load(card)


def test_position_embeddings_are_not_stretched(saved: ModelCard) -> None:
    """open_clip's own loader would, and the model would take images that it never saw."""
    config = json.loads((folder_of(saved) / CONFIG).read_text())["model_cfg"]
    config["vision_cfg"]["image_size"] = 48
    rewrite(saved, model_cfg=config)
    open_clip.create_model(f"local-dir:{folder_of(saved)}", require_pretrained=True)
    with pytest.raises(TrialError, match=r"does not fit: .*positional_embedding"):
        load(replace(saved, image=replace(pixel_rules(), size=48)))


def test_damaged_and_hostile_weights_are_refused(saved: ModelCard, tmp_path: Path) -> None:
    path = folder_of(saved) / WEIGHTS
    tensors = {name: value.clone() for name, value in load_file(path).items()}  # off the file
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(TrialError, match="cannot be read as weights"):
        load(saved)
    path.unlink()
    with pytest.raises(TrialError, match=f"neither {WEIGHTS} nor open_clip_pytorch_model.bin"):
        load(saved)
    pickled = path.with_name("open_clip_pytorch_model.bin")
    torch.save(tensors, pickled)
    load(saved)
    hostile(pickled, tmp_path / "ran")
    with pytest.raises(TrialError, match="more than tensors"):
        load(saved)
    assert not (tmp_path / "ran").exists()


def test_one_file_of_weights_loads_as_open_clip_saves_it_in_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmbench.models import from_open_clip

    config = of_architecture("ViT-B-32", TINY["native"].config, "here")
    monkeypatch.setattr(from_open_clip, "of_architecture", lambda *_: config)
    adapter = load(tiny("native", tmp_path), seed=5)
    own = {n.removeprefix("towers.model."): v for n, v in adapter.state_dict().items()}
    epoch = {"epoch": 1, "name": "run", "state_dict": {f"module.{k}": v for k, v in own.items()}}
    torch.save({**epoch, "state_dict": own}, tmp_path / "epoch_1.pt")
    again = load(dual_card(tmp_path / "epoch_1.pt", PADDED, architecture="ViT-B-32"))
    assert all(torch.equal(again.state_dict()[f"towers.model.{k}"], v) for k, v in own.items())
    torch.save(epoch, tmp_path / "parallel.pt")
    parallel = load(dual_card(tmp_path / "parallel.pt", PADDED, architecture="ViT-B-32"))
    assert all(torch.equal(parallel.state_dict()[f"towers.model.{k}"], v) for k, v in own.items())
    save_file({k: v for k, v in own.items() if k != "ln_final.bias"}, tmp_path / "x.safetensors")
    with pytest.raises(TrialError, match=r"lacks ln_final\.bias\. Is the architecture"):
        load(dual_card(tmp_path / "x.safetensors", PADDED, architecture="ViT-B-32"))


def test_a_tokenizer_that_is_not_there_is_asked_for(tmp_path: Path) -> None:
    card = tiny("siglip", tmp_path)
    assert isinstance(card.source, RandomModel)
    with pytest.raises(CardError, match=r"its tokenizer is timm/ViT-B-16-SigLIP, whose files are"):
        load(replace(card, source=replace(card.source, tokenizer=None)))


def test_settings_that_cut_texts_otherwise_are_refused(tmp_path: Path) -> None:
    text = TINY["native"].config["text_cfg"]
    for extra, told in (
        ({"tokenizer_kwargs": {"reduction_mask": "random"}}, "reduction_mask"),
        ({"tokenizer_mode": "clips"}, "tokenizer_mode"),
        ({"tokenizer_kwargs": {"clean": "upper"}}, "clean: upper"),
    ):
        card = changed(tiny("native", tmp_path), text_cfg={**text, **extra})
        with pytest.raises(CardError, match=f"the tokenizer's setting {told} is not supported"):
            load(card)


def test_text_rules_that_are_not_the_models_are_refused(tmp_path: Path) -> None:
    card = tiny("native", tmp_path)
    with pytest.raises(CardError, match="set padding: max"):
        load(with_text(card, padding="longest"))
    with pytest.raises(CardError, match="pads every text to exactly 12"):
        load(with_text(card, max_tokens=10))
    text = {**TINY["native"].config["text_cfg"], "pool_type": "eos"}
    with pytest.raises(CardError, match=r"reads a text's vector at the id, 2, .* by 49407"):
        load(changed(card, text_cfg=text))
    card = tiny("text tower of transformers", tmp_path)
    with pytest.raises(CardError, match="the model takes at most 20"):
        load(with_text(card, max_tokens=21))


def test_pixels_that_open_clip_has_no_word_for_are_refused(saved: ModelCard) -> None:
    with pytest.raises(CardError, match="bilinear and bicubic"):
        load(replace(saved, image=replace(pixel_rules(), interpolation="lanczos")))
    with pytest.raises(CardError, match=r"remove image\.crop_fraction"):
        load(replace(saved, image=replace(pixel_rules("crop"), crop_fraction=0.9)))
    with pytest.raises(CardError, match=r"image\.mean is .* the model's own files say"):
        load(replace(saved, image=replace(pixel_rules(), mean=(0.5, 0.5, 0.5))))


def test_a_text_tower_that_is_not_known_is_asked_for(tmp_path: Path) -> None:
    random = tiny("text tower of transformers", tmp_path)
    load(random).save(tmp_path / "saved")
    shutil.rmtree(tmp_path / "roberta")
    with pytest.raises(CardError, match=r"does not fit .*roberta is not known here"):
        load(random)
    card = replace(random, source=FolderModel(via="folder", path=str(tmp_path / "saved")))
    load(card)  # its config was saved with it
    (tmp_path / "saved" / "text_config.json").unlink()
    with pytest.raises(TrialError, match=r"beside the weights as text_config\.json"):
        load(card)


@pytest.mark.parametrize(
    ("architecture", "millions"), [("roberta-ViT-B-32", 125), ("xlm-roberta-base-ViT-B-32", 278)]
)
def test_known_text_towers_have_the_size_that_was_published(
    architecture: str, millions: int
) -> None:
    """RoBERTa-base and XLM-RoBERTa-base, with the pooler that open_clip leaves out."""
    with torch.device("meta"):
        model = _network(of_architecture(architecture, {}, "here"), None)
    tower = sum(p.numel() for p in model.get_submodule("text.transformer").parameters())
    pooler = 768 * 768 + 768
    assert round((tower + pooler) / 1e6) == millions
