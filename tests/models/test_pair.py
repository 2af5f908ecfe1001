"""A pair of encoders is what each of them is alone, and nothing more."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mmbench.cards import ModelCard, RandomModel, Side, TextRules, TrainedTokenizer
from mmbench.catalog import Catalog
from mmbench.codec import dump_json, load_json
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.joint import SIDES, JointRows, inputs_of
from mmbench.data.prepared import Prepared
from mmbench.errors import CardError, DataError, TrialError
from mmbench.models.loading import load
from mmbench.models.pair import PairAdapter
from mmbench.models.sources import relocated
from tests.models.samples import encoded, image_card, images, pair_card, picture, text_card, texts

PICTURES = [encoded(picture(n)) for n in range(3)]
CAPTIONS = ("a big red dog ran", "the cat", "a mat on a mat")
BERT = {
    "model_type": "bert",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "vocab_size": 100,
}


@pytest.fixture
def card(vit_folder: Path, bert_folder: Path) -> ModelCard:
    return pair_card(image_card(vit_folder), text_card(bert_folder))


@pytest.fixture
def scratch() -> ModelCard:
    """Both random; the text encoder learns its vocabulary from the task."""
    source = RandomModel(
        via="random", config=BERT, tokenizer=TrainedTokenizer(via="trained", vocabulary=100)
    )
    eye = image_card(RandomModel(via="random"), architecture="resnet10t")
    return pair_card(eye, text_card(source, rules=TextRules(max_tokens=8, pooling="mean")))


def loaded(card: ModelCard, *, seed: int = 0) -> PairAdapter:
    adapter = load(card, seed=seed)
    assert isinstance(adapter, PairAdapter)
    return adapter


def captioned() -> Examples:
    """Four pairs of three pictures and three captions."""
    columns = {
        "image": [PICTURES[i] for i in (0, 1, 0, 2)],
        "text": [CAPTIONS[i] for i in (0, 1, 2, 1)],
    }
    return Examples(ids=("a", "b", "c", "d"), inputs=columns)  # type: ignore[arg-type]


def joint(adapter: PairAdapter, cache: Cache) -> JointRows:
    rows = adapter.prepare(captioned(), cache)
    assert isinstance(rows, JointRows)
    return rows


def alone(card: ModelCard, rows: Examples, cache: Cache) -> Tensor:
    """[N, D] of an encoder that is no part of anything."""
    adapter = load(card)
    prepared = adapter.prepare(rows, cache)
    with torch.no_grad():
        pooled: Tensor = adapter(prepared.collate(range(len(prepared)))).pooled
    return pooled


def pooled(adapter: PairAdapter, rows: Prepared) -> Tensor:
    with torch.no_grad():
        found: Tensor = adapter(rows.collate(range(len(rows)))).pooled
    return found


def test_features_are_those_of_each_encoder_alone(card: ModelCard, cache: Cache) -> None:
    adapter = loaded(card)
    rows = joint(adapter, cache)
    eyes = alone(card.parts["image"], images(PICTURES), cache)
    words = alone(card.parts["text"], texts(*CAPTIONS), cache)
    assert torch.equal(encoded_side(adapter, "image", rows), eyes)
    assert torch.equal(encoded_side(adapter, "text", rows), words)
    assert adapter.widths == {"image": eyes.shape[1], "text": words.shape[1]}
    batch = rows.collate(range(4))
    with torch.no_grad():
        image = adapter.encode("image", inputs_of("image", batch))
        text = adapter.encode("text", inputs_of("text", batch))
    assert (image - eyes[[0, 1, 0, 2]]).abs().max() <= 1e-6
    assert (text - words[[0, 1, 2, 1]]).abs().max() <= 1e-6


def test_one_side_alone_is_that_encoder(card: ModelCard, cache: Cache) -> None:
    adapter = loaded(card)
    eyes, words = images(PICTURES), texts(*CAPTIONS)
    assert torch.equal(
        pooled(adapter, adapter.prepare(eyes, cache)), alone(card.parts["image"], eyes, cache)
    )
    assert torch.equal(
        pooled(adapter, adapter.prepare(words, cache)), alone(card.parts["text"], words, cache)
    )


def test_a_pair_has_no_space_and_no_scale_of_its_own(card: ModelCard) -> None:
    adapter = loaded(card)
    assert (adapter.joint, adapter.similarity) == (False, "softmax")
    assert adapter.log_scale is None
    assert adapter.bias is None
    assert adapter.width == adapter.widths["image"]
    for side in SIDES:
        assert adapter.encoder_card(side) == card.parts[side]
    assert {name.split(".")[1] for name, _ in adapter.named_parameters()} == set(SIDES)


@pytest.mark.parametrize("name", ["vit", "resnet"])
def test_either_encoder_may_hold_batch_statistics(
    name: str, request: pytest.FixtureRequest, bert_folder: Path
) -> None:
    folder: Path = request.getfixturevalue(f"{name}_folder")
    adapter = loaded(pair_card(image_card(folder), text_card(bert_folder)))
    assert adapter.batch_statistics == (name == "resnet")


def test_a_random_start_follows_the_seed_alone(scratch: ModelCard) -> None:
    first, again, other = (loaded(scratch, seed=n).state_dict() for n in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    for side in SIDES:
        names = [name for name in first if name.startswith(f"parts.{side}.")]
        assert any(not torch.equal(first[name], other[name]) for name in names)


def test_the_text_encoder_learns_its_vocabulary(
    scratch: ModelCard, card: ModelCard, cache: Cache
) -> None:
    adapter = loaded(scratch)
    with pytest.raises(TrialError, match=r"tiny-text: .* learn_vocabulary first"):
        adapter.prepare(captioned(), cache)
    kept = adapter.learn_vocabulary(captioned())
    assert kept is not None
    assert b'"d"' in kept
    assert joint(adapter, cache).facts.unknown_token_share == 0.0
    assert loaded(card).learn_vocabulary(captioned()) is None


@pytest.mark.parametrize("start", ["pretrained", "scratch"])
def test_a_saved_pair_loads_again_with_the_same_features(
    start: str, request: pytest.FixtureRequest, tmp_path: Path, cache: Cache
) -> None:
    card: ModelCard = request.getfixturevalue("card" if start == "pretrained" else "scratch")
    adapter = loaded(card)
    adapter.learn_vocabulary(captioned())
    with torch.no_grad():  # as training would: the saved weights are not those of the source
        for parameter in adapter.parameters():
            parameter.mul_(1.1)
    before = joint(adapter, cache)
    adapter.save(tmp_path / "kept")
    assert (tmp_path / "kept" / "image" / "model.safetensors").is_file()
    assert (tmp_path / "kept" / "text" / "tokenizer.json").is_file()

    kept = load_json(ModelCard, dump_json(adapter.card))  # as it stands beside a kept model
    assert kept == adapter.card
    again = loaded(relocated(kept, tmp_path / "kept"))
    after = joint(again, cache)
    assert after.digest == before.digest
    for side in SIDES:
        assert torch.equal(encoded_side(again, side, after), encoded_side(adapter, side, before))
    assert again.state_dict().keys() == adapter.state_dict().keys()


def encoded_side(adapter: PairAdapter, side: Side, rows: JointRows) -> Tensor:
    with torch.no_grad():
        return adapter.encode(side, rows.side(side).collate(range(len(rows.side(side)))))


def test_a_picture_that_cannot_be_read_is_named(card: ModelCard, cache: Cache) -> None:
    broken = captioned()
    inputs = {**broken.inputs, "image": [b"no picture", *broken.inputs["image"][1:]]}
    with pytest.raises(DataError, match=r"1 of 4 images cannot be read: a \("):
        loaded(card).prepare(replace(broken, inputs=inputs), cache)


def test_a_pair_whose_parts_were_not_looked_up_is_refused(card: ModelCard) -> None:
    with pytest.raises(CardError, match=r"no cards of an image and a text encoder; .*Catalog"):
        load(replace(card, parts={}))
    with pytest.raises(CardError, match="no cards of an image and a text encoder"):
        load(replace(text_card(Path("x")), adapter="pair"))


def test_the_adapters_of_parts_are_found_as_those_of_models(
    card: ModelCard, bert_folder: Path
) -> None:
    text = text_card(bert_folder, adapter="mmbench.models.text:TextAdapter")
    assert loaded(pair_card(card.parts["image"], text)).widths["text"] == 16
    with pytest.raises(CardError, match=r"tiny-text: adapter 'txt' is neither built in"):
        load(pair_card(card.parts["image"], text_card(bert_folder, adapter="txt")))


def test_the_bundled_pair_is_the_sum_of_its_parts() -> None:
    catalog = Catalog.standard()
    card = catalog.model("minilm-efficientnet")
    adapter = loaded(card)
    parts = [catalog.model(name) for name in ("efficientnet-lite0", "minilm-l6")]
    assert list(card.parts.values()) == parts
    assert card.parameters == sum(part.parameters or 0 for part in parts)
    assert card.parameters == sum(p.numel() for p in adapter.parameters())
    assert adapter.widths == {"image": 1280, "text": 384}
    assert (card.start, card.region) == ("pretrained", "international")
