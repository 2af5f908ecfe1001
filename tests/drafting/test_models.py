"""`mmbench new model`: a draft says of a model's files what a card written by hand says."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import timm
from timm.models import save_for_hf
from transformers import AutoConfig, BertConfig

from mmbench.cards import FolderModel, HubModel, ModelCard
from mmbench.catalog import Catalog
from mmbench.codec import load_card
from mmbench.drafting.models import draft_model
from mmbench.errors import CardError, TrialError
from mmbench.models import from_open_clip
from tests.models.dual_samples import pixel_rules
from tests.models.dual_samples import write as write_dual
from tests.models.samples import word_tokenizer

CATALOG = Catalog.standard()
PILLOW = {"lanczos": 1, "bilinear": 2, "bicubic": 3}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def cards_of_transformers() -> list[str]:
    """Cards on the hub whose config stands in them, so that their files can be written."""
    cards = [CATALOG.model(name) for name in CATALOG.names(ModelCard)]
    return [
        card.name
        for card in cards
        if isinstance(card.source, HubModel) and card.library == "transformers"
    ]


def files_of(card: ModelCard, folder: Path) -> Path:
    """config.json and the preprocessing files of a card, as its library writes them."""
    assert isinstance(card.source, HubModel)
    config: Any = AutoConfig.for_model(**card.source.config)
    said = config.to_dict()
    if card.name.startswith("whisper") and card.adapter == "audio":
        said["architectures"] = ["WhisperEncoder"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(said))
    preprocessing: dict[str, Any] = {}
    if card.audio is not None:
        preprocessing = {"sampling_rate": card.audio.sampling_rate}
        preprocessing["do_normalize"] = card.audio.normalise
    if card.image is not None:
        preprocessing = image_files(card)
    if preprocessing:
        (folder / "preprocessor_config.json").write_text(json.dumps(preprocessing))
    if card.text is not None:
        limit = {"model_max_length": card.text.max_tokens}
        (folder / "tokenizer_config.json").write_text(json.dumps(limit))
        how = f"pooling_mode_{'mean_tokens' if card.text.pooling == 'mean' else 'cls_token'}"
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text(json.dumps({how: True}))
    return folder


def image_files(card: ModelCard) -> dict[str, Any]:
    rules = card.image
    assert rules is not None
    said: dict[str, Any] = {
        "image_processor_type": "CLIPImageProcessor",
        "image_mean": rules.mean,
        "image_std": rules.std,
        "resample": PILLOW[rules.interpolation],
        "do_center_crop": rules.fit == "crop",
    }
    if rules.fit == "squash":
        return {**said, "size": {"height": rules.size, "width": rules.size}}
    short = round(rules.size / rules.crop_fraction)
    crop = {"height": rules.size, "width": rules.size}
    return {**said, "size": {"shortest_edge": short}, "crop_size": crop}


def drafted(source: str | Path, tmp_path: Path, **options: Any) -> ModelCard:
    draft = draft_model(str(source), **options)
    path = tmp_path / f"{draft.name}.yaml"
    path.write_text(draft.text, encoding="utf-8")
    return load_card(ModelCard, path)


@pytest.mark.parametrize("name", cards_of_transformers())
def test_a_draft_says_what_the_card_of_the_registry_says(name: str, tmp_path: Path) -> None:
    ours = CATALOG.model(name)
    found = drafted(files_of(ours, tmp_path / "model"), tmp_path)
    assert (found.adapter, found.library) == (ours.adapter, ours.library)
    assert (found.modalities, found.gives) == (ours.modalities, ours.gives)
    assert found.parameters == ours.parameters
    assert set(ours.lora_targets) & set(found.lora_targets)
    if ours.image is not None and ours.adapter != "generative":
        assert found.image == ours.image
    elif ours.image is not None:
        assert found.image is not None
        assert (found.image.fit, found.image.mean, found.image.interpolation) == (
            ours.image.fit,
            ours.image.mean,
            ours.image.interpolation,
        )
    if ours.audio is not None:
        assert found.audio == replace(ours.audio, max_seconds=found.audio.max_seconds)  # type: ignore[union-attr]
    if ours.text is not None and ours.adapter in ("text", "dual"):
        assert found.text is not None
        assert found.text.padding == ours.text.padding
        assert found.text.max_tokens == ours.text.max_tokens
    assert (found.organisation, found.country, found.licence) == (None, None, None)


def test_a_whisper_whole_writes_and_hears_thirty_seconds(tmp_path: Path) -> None:
    found = drafted(files_of(CATALOG.model("whisper-small-asr"), tmp_path / "m"), tmp_path)
    assert found.audio == CATALOG.model("whisper-small-asr").audio
    assert found.generation is not None


def test_a_model_of_one_size_has_that_size(tmp_path: Path) -> None:
    ours = CATALOG.model("blip-image-captioning-base")
    found = drafted(files_of(ours, tmp_path / "m"), tmp_path)
    assert found.image == ours.image


def test_capitals_are_taken_away_where_the_tokenizer_keeps_them(tmp_path: Path) -> None:
    """SigLIP was trained on small letters: the card must say so for a tokenizer like Gemma's."""
    draft = draft_model(str(write_dual("siglip", tmp_path / "siglip")))
    assert "lower_case: true" in draft.text
    assert "padding: max" in draft.text
    assert any("no preprocessor_config.json is there" in guess for guess in draft.guesses)


def test_the_readme_tells_licence_and_language(tmp_path: Path) -> None:
    folder = files_of(CATALOG.model("bert-base-chinese"), tmp_path / "model")
    (folder / "README.md").write_text("---\nlanguage: zh\nlicense: apache-2.0\n---\n# BERT\n")
    found = drafted(folder, tmp_path)
    assert (found.languages, found.licence) == (("zh",), "apache-2.0")


@pytest.mark.parametrize(("words", "languages"), [("房间很干净服务好", ["zh"]), ("abc", ["en"])])
def test_a_vocabulary_tells_the_language(words: str, languages: list[str], tmp_path: Path) -> None:
    folder = files_of(CATALOG.model("bert-base-chinese"), tmp_path / "model")
    (folder / "tokenizer_config.json").unlink()
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words]))
    draft = draft_model(str(folder))
    assert f"languages:\n- {languages[0]}\n" in draft.text
    assert any(guess.startswith("languages: ") and "vocabulary" in guess for guess in draft.guesses)


def test_positions_behind_the_padding_index_are_no_room_for_tokens(tmp_path: Path) -> None:
    folder = files_of(CATALOG.model("xlm-roberta-base"), tmp_path / "model")
    (folder / "tokenizer_config.json").unlink()
    found = drafted(folder, tmp_path)
    assert found.text is not None
    assert found.text.max_tokens == 512  # of 514


def test_a_folder_of_timm(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    model = timm.create_model("efficientnet_b0.ra_in1k", pretrained=False)
    save_for_hf(model, str(folder), safe_serialization=True)
    found, ours = drafted(folder, tmp_path), CATALOG.model("efficientnet-b0")
    assert (found.architecture, found.adapter, found.library) == (
        "efficientnet_b0.ra_in1k",
        "image",
        "timm",
    )
    assert found.image == ours.image
    assert found.parameters == ours.parameters


def test_a_folder_of_open_clip_is_known_by_its_config(tmp_path: Path) -> None:
    model, config = from_open_clip.random("ViT-B-32", {}, "tiny")
    folder = tmp_path / "clip"
    from_open_clip.save(model, folder, "ViT-B-32", config, pixel_rules())
    path = folder / "open_clip_config.json"
    said = json.loads(path.read_text())
    del said["architecture"]  # as on the hub
    path.write_text(json.dumps(said))
    found, ours = drafted(folder, tmp_path), CATALOG.model("openclip-vit-b-32-laion2b")
    assert (found.architecture, found.text) == ("ViT-B-32", ours.text)
    assert found.parameters == ours.parameters
    assert found.image is not None
    assert found.image.fit == "squash"
    said["model_cfg"]["embed_dim"] = 17
    path.write_text(json.dumps(said))
    with pytest.raises(CardError, match="of no architecture of the installed open_clip"):
        draft_model(str(folder))


def test_a_repository_is_drafted_from_its_small_files_and_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "hub"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(root))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    repo = root / "models--acme--Tiny-BERT"
    files_of(CATALOG.model("bert-base-chinese"), repo / "snapshots" / COMMIT)
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(COMMIT)
    found = drafted("acme/Tiny-BERT", tmp_path)
    assert found.name == "tiny-bert"
    assert isinstance(found.source, HubModel)
    assert (found.source.repo, found.source.revision) == ("acme/Tiny-BERT", COMMIT)
    assert found.source.config["vocab_size"] == 21128  # what differs from BERT's own defaults
    assert "hidden_size" not in found.source.config
    assert found.homepage == "https://huggingface.co/acme/Tiny-BERT"
    with pytest.raises(TrialError, match="HF_HUB_OFFLINE"):
        draft_model("acme/elsewhere")


def test_what_no_adapter_takes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="no such folder, and no name of a repository"):
        draft_model(str(tmp_path / "no where"))
    with pytest.raises(CardError, match="neither a config"):
        draft_model(str(tmp_path))
    path = tmp_path / "config.json"
    path.write_text("[1")
    with pytest.raises(CardError, match="is no JSON"):
        draft_model(str(tmp_path))
    path.write_text(json.dumps({"model_type": "bertt"}))
    with pytest.raises(CardError, match=r"model_type 'bertt' is unknown .*did you mean 'bert'"):
        draft_model(str(tmp_path))
    path.write_text(json.dumps({"model_type": "encodec"}))
    with pytest.raises(CardError, match="a encodec is none of the models that the adapters take"):
        draft_model(str(tmp_path))
    path.write_text(json.dumps({"architecture": "resnet51"}))
    with pytest.raises(CardError, match="architecture 'resnet51' is not in timm"):
        draft_model(str(tmp_path))
    with pytest.raises(CardError, match="takes the folder"):
        draft_model(str(path))


def test_pixels_that_a_card_cannot_tell_are_refused(tmp_path: Path) -> None:
    folder = files_of(CATALOG.model("vit-base-patch16-224-in21k"), tmp_path / "model")
    path = folder / "preprocessor_config.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps({**said, "size": {"height": 224, "width": 160}}))
    with pytest.raises(CardError, match="which a card cannot say"):
        draft_model(str(folder))
    path.write_text(json.dumps({**said, "resample": 0}))
    with pytest.raises(CardError, match="resampled by Pillow's filter 0"):
        draft_model(str(folder))


def test_the_source_of_a_folder_is_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "My BERT_v2"
    BertConfig(vocab_size=17).save_pretrained(folder)
    word_tokenizer().save_pretrained(folder)
    found = drafted(folder, tmp_path)
    assert found.name == "my-bert-v2"
    assert found.source == FolderModel(via="folder", path=str(folder.resolve()))
