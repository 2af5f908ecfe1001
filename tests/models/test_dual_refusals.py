"""A card that would feed a dual encoder otherwise than it was trained is an error, not a score."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from mmbench.cards import FolderModel, ModelCard, RandomModel, TextRules
from mmbench.errors import CardError, TrialError
from mmbench.models.loading import load
from tests.models.dual_samples import (
    FAMILIES,
    RULES,
    dual_card,
    ending,
    gemma_tokenizer,
    pixel_rules,
    with_text,
    write,
    xlm_tokenizer,
)
from tests.models.samples import image_card


@pytest.fixture(scope="session")
def cards(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelCard]:
    return {
        family: dual_card(write(family, tmp_path_factory.mktemp(family)), RULES[family])
        for family in FAMILIES
    }


def folder_of(card: ModelCard) -> Path:
    assert isinstance(card.source, FolderModel)
    return Path(card.source.path)


def copy_of(card: ModelCard, folder: Path) -> ModelCard:
    shutil.copytree(folder_of(card), folder)
    return replace(card, source=FolderModel(via="folder", path=str(folder)))


def reconfigured(card: ModelCard, folder: Path, tower: str, **fields: Any) -> ModelCard:
    """A copy whose config.json says something else of a tower."""
    card = copy_of(card, folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config[tower] |= fields
    path.write_text(json.dumps(config))
    return card


def random_start(model_type: str, tokenizer: Path, **config: Any) -> ModelCard:
    words = FolderModel(via="folder", path=str(tokenizer))
    source = RandomModel(via="random", config={"model_type": model_type, **config}, tokenizer=words)
    return dual_card(source, RULES["chinese_clip"])


@pytest.mark.parametrize(
    ("family", "changes", "message"),
    [
        ("clip", {"padding": "max"}, r"set padding: longest"),
        ("siglip", {"padding": "longest"}, r"are padded to max_tokens: set padding: max"),
        ("siglip", {"max_tokens": 12}, r"max_tokens is 12; .* exactly 16"),
        ("clip", {"max_tokens": 17}, r"max_tokens is 17; the model takes at most 16"),
        ("altclip", {"max_tokens": 15}, r"takes at most 14"),
        ("chinese_clip", {"max_tokens": 21}, r"takes at most 20"),
        ("siglip", {"lower_case": False}, r"keeps them: set text\.lower_case: true"),
        ("altclip", {"lower_case": True}, r"with capitals: remove text\.lower_case"),
        ("clip", {"pooling": "mean"}, r"text\.pooling is mean; .* set pooling: own"),
    ],
)
def test_text_rules_that_are_not_the_familys_are_refused(
    family: str, changes: Mapping[str, Any], message: str, cards: dict[str, ModelCard]
) -> None:
    load(cards[family])
    with pytest.raises(CardError, match=message):
        load(with_text(cards[family], **changes))


def test_lower_case_may_be_said_of_a_tokenizer_that_does_it_itself(
    cards: dict[str, ModelCard],
) -> None:
    assert load(with_text(cards["clip"], lower_case=True)).width == 12


@pytest.mark.parametrize(("side", "said"), [("mean", [0.5, 0.5, 0.5]), ("std", [0.1, 0.2, 0.3])])
def test_pixels_normalised_otherwise_than_the_files_say_are_refused(
    side: str, said: list[float], cards: dict[str, ModelCard], tmp_path: Path
) -> None:
    card = copy_of(cards["clip"], tmp_path / "model")
    own = {"image_mean": list(pixel_rules().mean), "image_std": list(pixel_rules().std)}
    stated = tmp_path / "model" / "preprocessor_config.json"
    stated.write_text(json.dumps(own))
    load(card)
    stated.write_text(json.dumps(own | {f"image_{side}": said}))
    with pytest.raises(CardError, match=rf"image\.{side} is .* own files say \[{said[0]}"):
        load(card)
    stated.write_text("{")
    with pytest.raises(TrialError, match="names no image_mean and image_std"):
        load(card)


def test_a_clip_that_would_not_find_the_end_of_a_text_is_refused(
    cards: dict[str, ModelCard], tmp_path: Path
) -> None:
    old = reconfigured(cards["clip"], tmp_path / "old", "text_config", eos_token_id=2)
    load(old)  # the highest id, as in OpenAI's own config
    wrong = reconfigured(cards["clip"], tmp_path / "wrong", "text_config", eos_token_id=7)
    with pytest.raises(CardError, match=r"reads a text's vector at the id, 7, .* texts by 49407"):
        load(wrong)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "old" / name).unlink()
    ending(highest=True).save_pretrained(tmp_path / "old")
    load(old)
    ending(highest=False).save_pretrained(tmp_path / "old")
    with pytest.raises(CardError, match=r"at the highest id of the tokenizer, 9, .* by 0"):
        load(old)


def test_ids_that_mean_something_else_to_the_model_are_refused(
    cards: dict[str, ModelCard], tmp_path: Path
) -> None:
    card = copy_of(cards["altclip"], tmp_path / "pad")
    tokenizer = xlm_tokenizer()
    tokenizer.pad_token = "<mask>"
    tokenizer.save_pretrained(tmp_path / "pad")
    with pytest.raises(CardError, match=r"pads with \d+, the model with 1"):
        load(card)
    card = copy_of(cards["siglip"], tmp_path / "more")
    more = gemma_tokenizer()
    more.add_tokens(["zebra", "tiger"])
    more.save_pretrained(tmp_path / "more")
    with pytest.raises(CardError, match=r"has \d+ entries, the model embeds only \d+"):
        load(card)


def test_a_card_that_is_none_of_a_dual_encoder_is_refused(
    cards: dict[str, ModelCard], bert_folder: Path
) -> None:
    with pytest.raises(CardError, match=r"needs modalities: \[image, text\], and rules"):
        load(replace(image_card(bert_folder), adapter="dual"))
    with pytest.raises(CardError, match="needs library: transformers or open_clip"):
        load(replace(cards["clip"], library="timm", architecture="resnet10t"))
    with pytest.raises(TrialError, match=r"bert is no dual encoder .*\(clip, chinese_clip, "):
        load(dual_card(bert_folder, TextRules(max_tokens=8, pooling="own")))


def test_images_of_another_size_and_towers_of_two_spaces_are_refused(
    cards: dict[str, ModelCard],
) -> None:
    rules = replace(pixel_rules(), size=40)
    with pytest.raises(CardError, match="takes no image of 40 × 40 pixels"):
        load(replace(cards["clip"], image=rules))
    source = random_start("siglip", folder_of(cards["siglip"]), **_siglip(text_width=16)).source
    load(dual_card(source, RULES["siglip"]))
    source = random_start("siglip", folder_of(cards["siglip"]), **_siglip(text_width=24)).source
    with pytest.raises(CardError, match="an image has 16 features, a text 24"):
        load(dual_card(source, RULES["siglip"]))


def _siglip(text_width: int) -> dict[str, Any]:
    tower = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    tower |= {"num_attention_heads": 2}
    text = {**tower, "hidden_size": text_width, "vocab_size": 200, "max_position_embeddings": 16}
    return {"vision_config": {**tower, "image_size": 32, "patch_size": 8}, "text_config": text}


def test_naflex_is_refused_with_the_checkpoint_to_take(cards: dict[str, ModelCard]) -> None:
    tower = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    tower |= {"num_attention_heads": 2}
    towers = {"text_config": {**tower, "vocab_size": 200}, "vision_config": tower}
    card = random_start("siglip2", folder_of(cards["siglip"]), **towers)
    with pytest.raises(CardError, match=r"NaFlex .* take .*google/siglip2-base-patch16-224"):
        load(card)


def test_a_random_start_says_what_is_wrong_with_it(cards: dict[str, ModelCard]) -> None:
    words = folder_of(cards["chinese_clip"])
    with pytest.raises(CardError, match=r"source\.config\.text_config\.hiden_size is unknown; did"):
        load(random_start("chinese_clip", words, text_config={"hiden_size": 3}))
    with pytest.raises(CardError, match=r"source\.config\.projection is unknown"):
        load(random_start("chinese_clip", words, projection=3))
    source = RandomModel(via="random", config={"model_type": "siglip", **_siglip(16)})
    with pytest.raises(CardError, match=r"a random start needs source\.tokenizer"):
        load(dual_card(source, RULES["siglip"]))


@pytest.mark.parametrize("weight", ["logit_scale", "text_projection.weight"])
def test_a_missing_weight_is_refused_rather_than_drawn(
    weight: str, cards: dict[str, ModelCard], tmp_path: Path
) -> None:
    card = copy_of(cards["clip"], tmp_path / "model")
    path = tmp_path / "model" / "model.safetensors"
    tensors = load_file(path)
    del tensors[weight]
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(TrialError, match=rf"1 weights are missing, e\.g\. {weight}"):
        load(card)


@pytest.mark.skipif(find_spec("sentencepiece") is not None, reason="sentencepiece is installed")
def test_a_tokenizer_whose_package_is_absent_gives_the_command(
    cards: dict[str, ModelCard], tmp_path: Path
) -> None:
    card = copy_of(cards["siglip"], tmp_path / "model")
    (tmp_path / "model" / "tokenizer.json").unlink()
    (tmp_path / "model" / "spiece.model").write_bytes(b"")
    (tmp_path / "model" / "tokenizer_config.json").write_text(
        '{"tokenizer_class": "SiglipTokenizer"}'
    )
    with pytest.raises(TrialError, match="pip install sentencepiece protobuf"):
        load(card)
