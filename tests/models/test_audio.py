"""Speech features equal upstream's own forward of each clip alone, whatever the batch."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
import transformers
from torch import Tensor

from mmbench.cards import AudioRules, RandomModel
from mmbench.data.cache import Cache
from mmbench.errors import CardError, DataError
from mmbench.models.audio import AudioAdapter
from mmbench.models.base import Features
from mmbench.models.loading import load
from mmbench.models.sources import relocated
from tests.models.audio_samples import (
    LOG_MEL,
    RATE,
    WAVEFORM,
    WHISPER,
    audio_card,
    clips,
    scratch_card,
    sound_file,
    sounds,
    tiny,
    tone,
)

FILES = sounds([sound_file(clip) for clip in clips()])
MASKED = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
ON_WAVEFORMS = [
    ("wav2vec2", {}),
    ("wav2vec2", MASKED),
    ("hubert", {}),
    ("hubert", MASKED),
    ("wavlm", {}),
    ("wavlm", MASKED),
    ("unispeech", {}),
    ("unispeech-sat", {}),
]


def features(adapter: AudioAdapter, size: int, cache: Cache) -> list[Features]:
    rows = adapter.prepare(FILES, cache)
    starts = range(0, len(rows), size)
    with torch.no_grad():
        return [adapter(rows.collate(range(i, min(i + size, len(rows))))) for i in starts]


def pooled_and_frames(adapter: AudioAdapter, size: int, cache: Cache) -> list[Tensor]:
    """Of each clip its pooled vector and, below it, its real frames: [1 + F, D]."""
    found = []
    for part in features(adapter, size, cache):
        assert part.tokens is not None
        assert part.mask is not None
        for pooled, tokens, mask in zip(part.pooled, part.tokens, part.mask, strict=True):
            found.append(torch.cat([pooled[None], tokens[mask]]))
    return found


def of_upstream(model: Any, extractor: Any) -> list[Tensor]:
    """The same by transformers alone, one clip at a time."""
    found = []
    for clip in clips():
        values = extractor(clip, sampling_rate=RATE, return_tensors="pt")["input_values"]
        with torch.no_grad():
            frames = model(values).last_hidden_state[0]
        found.append(torch.cat([frames.mean(0, keepdim=True), frames]))
    return found


@pytest.mark.parametrize(("model_type", "changes"), ON_WAVEFORMS)
def test_features_of_waveforms_equal_upstreams_of_each_clip_alone(
    model_type: str, changes: dict[str, Any], tmp_path: Path, cache: Cache
) -> None:
    model = tiny(model_type, **changes)
    model.save_pretrained(tmp_path)
    extractor = cast(Any, transformers).Wav2Vec2FeatureExtractor(do_normalize=True)
    expected = of_upstream(model, extractor)
    adapter = cast(AudioAdapter, load(audio_card(tmp_path)))
    for size in (1, 2, len(FILES)):
        for ours, theirs in zip(pooled_and_frames(adapter, size, cache), expected, strict=True):
            assert ours.shape == theirs.shape
            assert (ours - theirs).abs().max() <= 1e-5


def test_upstreams_group_norm_would_let_padding_change_the_features() -> None:
    """Why `RealFramesNorm` is there: wav2vec2-base alone gives other frames in a padded batch."""
    model, clip = tiny("wav2vec2"), torch.from_numpy(tone(0.5))[None]
    padded = torch.nn.functional.pad(clip, (0, RATE))
    with torch.no_grad():
        alone = model(clip).last_hidden_state
        mask = (torch.arange(padded.shape[1]) < clip.shape[1]).long()[None]
        in_batch = model(padded, attention_mask=mask).last_hidden_state[:, : alone.shape[1]]
    assert (alone - in_batch).abs().max() > 0.01


@pytest.mark.parametrize("size", [1, 5])
def test_features_of_whisper_equal_upstreams(size: int, tmp_path: Path, cache: Cache) -> None:
    model = tiny("whisper")
    model.save_pretrained(tmp_path)
    extractor = cast(Any, transformers).WhisperFeatureExtractor(feature_size=20, chunk_length=2)
    found = extractor(clips(), sampling_rate=RATE, return_tensors="pt", return_attention_mask=True)
    with torch.no_grad():
        theirs = model.encoder(found["input_features"]).last_hidden_state
    adapter = cast(AudioAdapter, load(audio_card(tmp_path, LOG_MEL)))
    ours = pooled_and_frames(adapter, size, cache)
    for row, mine in enumerate(ours):
        mel_frames = int(found["attention_mask"][row].sum())
        real = theirs[row, : (mel_frames + 1) // 2]
        assert (mine[1:] - real).abs().max() <= 1e-5
        assert (mine[0] - real.mean(0)).abs().max() <= 1e-5


@pytest.mark.parametrize("model_type", ["wav2vec2", "whisper"])
def test_a_saved_encoder_loads_in_plain_transformers_and_here(
    model_type: str, tmp_path: Path, cache: Cache
) -> None:
    rules = LOG_MEL if model_type == "whisper" else WAVEFORM
    card = scratch_card(model_type, rules)
    adapter = cast(AudioAdapter, load(card, seed=4))
    adapter.save(tmp_path)
    again = cast(AudioAdapter, load(relocated(card, tmp_path)))
    ours, theirs = (pooled_and_frames(a, 5, cache) for a in (adapter, again))
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    library = cast(Any, transformers)
    extractor = library.AutoFeatureExtractor.from_pretrained(tmp_path)
    name = "WhisperEncoder" if model_type == "whisper" else "Wav2Vec2Model"
    plain = getattr(
        transformers.models.whisper.modeling_whisper if model_type == "whisper" else library, name
    ).from_pretrained(tmp_path)
    given = extractor(clips()[0], sampling_rate=RATE, return_tensors="pt")
    with torch.no_grad():
        frames = plain.eval()(given[extractor.model_input_names[0]]).last_hidden_state[0]
    assert (frames[: len(ours[0]) - 1] - ours[0][1:]).abs().max() <= 1e-5


def test_a_copy_has_a_norm_of_its_own(cache: Cache) -> None:
    """Trials copy the model: the copy must tell its own layer how long its clips are."""
    adapter = cast(AudioAdapter, load(scratch_card("wav2vec2", WAVEFORM)))
    twin = copy.deepcopy(adapter)
    assert twin.norm[0] is not adapter.norm[0]
    assert twin.norm[0] in list(twin.modules())
    before = pooled_and_frames(adapter, 5, cache)
    after = pooled_and_frames(twin, 5, cache)
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_in_training_mode_nothing_but_dropout_changes_a_clip(cache: Cache) -> None:
    """SpecAugment is off: with the dropouts at zero, training mode gives what eval mode does."""
    still = dict.fromkeys(("hidden_dropout", "attention_dropout", "activation_dropout"), 0.0)
    still |= {"feat_proj_dropout": 0.0, "layerdrop": 0.0}
    card = scratch_card("wav2vec2", WAVEFORM)
    assert isinstance(card.source, RandomModel)
    card = replace(card, source=replace(card.source, config=dict(card.source.config) | still))
    adapter = cast(AudioAdapter, load(card))
    evaluated = features(adapter, 5, cache)[0].pooled
    assert torch.equal(features(adapter.train(), 5, cache)[0].pooled, evaluated)


@pytest.mark.parametrize("model_type", ["wav2vec2", "hubert", "wavlm", "whisper"])
def test_the_blocks_are_those_of_the_transformer(model_type: str) -> None:
    """And not the convolutions: `partial` trains the last blocks."""
    rules = LOG_MEL if model_type == "whisper" else WAVEFORM
    adapter = load(scratch_card(model_type, rules))
    inner = cast(Any, adapter).backbone
    blocks = inner.layers if model_type == "whisper" else inner.encoder.layers
    assert adapter.layers().stacks == (tuple(blocks),)


@pytest.mark.parametrize("model_type", ["wav2vec2", "whisper"])
def test_random_rows_are_of_the_cards_length(model_type: str) -> None:
    rules = LOG_MEL if model_type == "whisper" else WAVEFORM
    adapter = cast(AudioAdapter, load(scratch_card(model_type, rules)))
    rows = adapter.random_rows(3, seed=1, tokens=None)
    assert rows.lengths.tolist() == [2 * RATE] * 3
    with torch.no_grad():
        found = adapter(rows.collate([0, 1, 2]))
    assert found.pooled.shape == (3, 16)
    assert found.mask is not None
    assert found.mask.all()
    assert found.mask.shape[1] == rows.frames[0]


def test_a_clip_shorter_than_one_frame_is_named(cache: Cache) -> None:
    adapter = load(scratch_card("wav2vec2", WAVEFORM))
    rows = sounds([sound_file(tone(1.0)), sound_file(np.ones(20, np.float32))])
    with pytest.raises(DataError, match=r"1 clips are too short for tiny-audio, e.g. s1"):
        adapter.prepare(rows, cache)


BINS = replace(LOG_MEL, mel_bins=40)
LONGER = replace(LOG_MEL, max_seconds=3.0)
WRONG: list[tuple[str, AudioRules, str]] = [
    ("whisper", WAVEFORM, "waveform goes with wav2vec2, .* not with whisper"),
    ("hubert", LOG_MEL, "log_mel goes with whisper, not with hubert"),
    ("whisper", BINS, "mel_bins is 40; the model takes 20"),
    ("whisper", LONGER, "max_seconds is 3; the model takes clips of exactly 2 s"),
]


@pytest.mark.parametrize(("model_type", "rules", "message"), WRONG)
def test_a_card_that_does_not_fit_the_model_is_refused(
    model_type: str, rules: AudioRules, message: str
) -> None:
    fields = dict(WHISPER) if model_type == "whisper" else {}
    source = RandomModel(via="random", config={"model_type": model_type, **fields})
    if model_type == "hubert":
        source = cast(RandomModel, scratch_card("hubert", WAVEFORM).source)
    with pytest.raises(CardError, match=message):
        load(audio_card(source, rules))


def test_a_card_that_contradicts_the_preprocessor_beside_the_weights_is_refused(
    tmp_path: Path,
) -> None:
    load(scratch_card("wav2vec2", WAVEFORM)).save(tmp_path)
    with pytest.raises(CardError, match=r"do_normalize: True, the card's audio rules come to Fal"):
        load(audio_card(tmp_path, replace(WAVEFORM, normalise=False)))
    with pytest.raises(CardError, match=r"sampling_rate: 16000, .* come to 8000"):
        load(audio_card(tmp_path, replace(WAVEFORM, sampling_rate=8000)))
