"""Any card comes in by one door, and leaves nothing behind."""

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mmbench.cards import FolderModel, ModelCard, RandomModel
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.errors import CardError
from mmbench.models.base import Adapter, Features
from mmbench.models.loading import load
from tests.models.samples import encoded, image_card, images, picture, text_card, texts

BERT = {
    "model_type": "bert",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "vocab_size": 40,
}


def random_text(folder: Path, **config: object) -> ModelCard:
    tokenizer = text_card(folder).source
    assert isinstance(tokenizer, FolderModel)
    return text_card(RandomModel(via="random", config={**BERT, **config}, tokenizer=tokenizer))


def random_image() -> ModelCard:
    return image_card(RandomModel(via="random"), architecture="resnet10t")


def weights(adapter: Adapter) -> dict[str, torch.Tensor]:
    return adapter.state_dict()


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_a_model_comes_in_eval_mode_float32_on_the_cpu(bert_folder: Path) -> None:
    adapter = load(text_card(bert_folder))
    assert not any(module.training for module in adapter.modules())
    assert {p.dtype for p in adapter.parameters()} == {torch.float32}
    assert {p.device.type for p in adapter.parameters()} == {"cpu"}
    assert all(p.requires_grad for p in adapter.parameters())


@pytest.mark.parametrize("kind", ["text", "image"])
def test_a_random_start_follows_the_seed_alone(kind: str, bert_folder: Path) -> None:
    card = random_text(bert_folder) if kind == "text" else random_image()
    torch.manual_seed(7)
    first = weights(load(card, seed=1))
    torch.manual_seed(8)
    assert same(first, weights(load(card, seed=1)))
    assert not same(first, weights(load(card, seed=2)))


def test_loading_leaves_the_global_generators_as_they_were(bert_folder: Path) -> None:
    torch.manual_seed(7)
    np.random.seed(7)
    torch_state, numpy_state = torch.get_rng_state(), pickle.dumps(np.random.get_state())
    for card in (random_text(bert_folder), random_image(), text_card(bert_folder)):
        load(card, seed=3)
    assert torch.equal(torch_state, torch.get_rng_state())
    assert numpy_state == pickle.dumps(np.random.get_state())


def test_a_random_text_model_says_what_is_wrong_with_its_config(bert_folder: Path) -> None:
    with pytest.raises(CardError, match=r"num_hiden_layers is unknown; did you mean 'num_hidden"):
        load(random_text(bert_folder, num_hiden_layers=3))
    with pytest.raises(CardError, match=r"model_type 'brt' is unknown; did you mean .*'bert'"):
        load(random_text(bert_folder, model_type="brt"))
    with pytest.raises(CardError, match="makes no model"):
        load(random_text(bert_folder, num_attention_heads=3))
    with pytest.raises(CardError, match=r"needs source\.tokenizer"):
        load(text_card(RandomModel(via="random", config=BERT)))


def test_a_random_image_model_says_what_is_wrong_with_its_config() -> None:
    with pytest.raises(CardError, match=r"'resnet10tt' is not in timm .*'resnet10t'"):
        load(replace(random_image(), architecture="resnet10tt"))
    with pytest.raises(CardError, match="does not fit resnet10t"):
        load(replace(random_image(), source=RandomModel(via="random", config={"wdith": 2})))


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        (
            "txt",
            r"neither built in \(.*pair, text\) nor 'module:Class'; did you mean 'text'",
        ),
        ("no_such_module_:Adapter", "cannot be imported: No module named"),
        ("mmbench.models.text:Missing", "has no class 'Missing'"),
        ("mmbench.models.text:", "has no class ''"),
        (":Adapter", "has no class 'Adapter'"),
        ("pathlib:Path", "no subclass of mmbench.models.base.Adapter"),
        ("mmbench.models.text:mean_of_tokens", "no subclass of"),
    ],
)
def test_a_bad_adapter_is_refused_with_its_reason(
    adapter: str, message: str, bert_folder: Path
) -> None:
    with pytest.raises(CardError, match=message):
        load(text_card(bert_folder, adapter=adapter))


def test_a_card_may_name_an_adapter_class_of_its_own(bert_folder: Path) -> None:
    adapter = load(text_card(bert_folder, adapter="mmbench.models.text:TextAdapter"))
    assert adapter.width == 16


def test_a_text_adapter_refuses_what_is_not_its_own(bert_folder: Path) -> None:
    with pytest.raises(CardError, match="needs library: transformers"):
        load(replace(text_card(bert_folder), library="timm", architecture="resnet10t"))
    with pytest.raises(CardError, match="needs modality text"):
        load(replace(image_card(bert_folder), adapter="text"))
    with pytest.raises(CardError, match="needs modality image"):
        load(replace(text_card(bert_folder), adapter="image"))


@pytest.mark.parametrize("kind", ["text", "transformers", "timm"])
def test_a_saved_model_loads_again_with_the_same_features(
    kind: str, bert_folder: Path, vit_folder: Path, tmp_path: Path, cache: Cache
) -> None:
    card = {
        "text": text_card(bert_folder),
        "transformers": image_card(vit_folder),
        "timm": random_image(),
    }[kind]
    rows = texts("a cat sat", "the dog") if kind == "text" else images([encoded(picture(1))])
    adapter = load(card)
    with torch.no_grad():  # as training would: the saved weights are not those of the source
        for parameter in adapter.parameters():
            parameter.mul_(1.1)
    adapter.prepare(rows, cache)
    adapter.save(tmp_path / "saved")
    assert (tmp_path / "saved" / "model.safetensors").is_file()

    saved = image_card(tmp_path / "saved").source if kind != "text" else None
    again = load(replace(card, source=saved or text_card(tmp_path / "saved").source))
    assert same(weights(adapter), weights(again))
    before, after = features(adapter, rows, cache), features(again, rows, cache)
    assert torch.equal(before.pooled, after.pooled)


def features(adapter: Adapter, rows: object, cache: Cache) -> Features:
    prepared = adapter.prepare(rows, cache)  # type: ignore[arg-type]
    with torch.no_grad():
        found = adapter(prepared.collate(range(len(prepared))))
    assert isinstance(found, Features)
    return found


def test_the_seam_imports_none_of_the_libraries() -> None:
    code = (
        "import sys, mmbench.models.loading, mmbench.models.text, mmbench.models.image, "
        "mmbench.models.dual, mmbench.models.identity\n"
        "heavy = ('transformers', 'timm', 'open_clip', 'huggingface_hub')\n"
        "print(*(m for m in heavy if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    "name", ["minilm-l6", "minilm-l6-scratch", "efficientnet-lite0", "efficientnet-lite0-scratch"]
)
def test_the_cards_of_the_installed_packages_load_as_they_say(name: str) -> None:
    card = Catalog.standard().model(name)
    adapter = load(card)
    assert sum(p.numel() for p in adapter.parameters()) == card.parameters
    assert adapter.batch_statistics == name.startswith("efficientnet")
    assert adapter.width == {"minilm": 384, "effici": 1280}[name[:6]]
