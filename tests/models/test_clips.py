"""Sounds are read, resampled, cut and normalised as the card says; values equal upstream's."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import transformers
from numpy.typing import NDArray
from scipy.signal import resample_poly

from mmbench.cards import AudioRules
from mmbench.data.cache import Cache
from mmbench.data.examples import EncodedMedia
from mmbench.errors import CardError, DataError
from mmbench.models.clips import ClipRows, prepare_clips
from mmbench.models.sound import samples_of
from tests.models.audio_samples import (
    LOG_MEL,
    RATE,
    SECONDS,
    WAVEFORM,
    clips,
    sound_file,
    sounds,
    tone,
)

PLAIN = replace(WAVEFORM, normalise=False)
EVERY_SAMPLE = {"frames_of": lambda samples: np.maximum(samples // 320, 0)}


def prepared(rules: AudioRules, rows: Sequence[EncodedMedia], cache: Cache) -> ClipRows:
    return prepare_clips("tiny", rules, sounds(rows), cache, **EVERY_SAMPLE)


@pytest.mark.parametrize(("kind", "subtype"), [("WAV", "PCM_16"), ("FLAC", "PCM_16")])
def test_a_file_is_read_as_it_was_written(kind: str, subtype: str) -> None:
    wave = tone(0.5)
    found, cut = samples_of(sound_file(wave, kind=kind, subtype=subtype), PLAIN)
    assert not cut
    assert found.dtype == np.float32
    assert np.abs(found - wave).max() <= 2**-15  # 16 bits


def test_a_path_is_read_as_its_content(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(sound_file(tone(0.3)))
    assert np.array_equal(samples_of(tmp_path / "a.wav", PLAIN)[0], tone(0.3))


def test_channels_are_averaged() -> None:
    left, right = tone(0.2, 300.0), tone(0.2, 500.0)
    found, _ = samples_of(sound_file(np.stack([left, right], 1)), PLAIN)
    assert np.allclose(found, (left + right) / 2, atol=1e-7)


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
def test_another_rate_is_resampled_without_moving_the_pitch(rate: int) -> None:
    """By scipy's own filter; and the tone stays at 440 Hz."""
    wave = tone(1.0, rate=rate)
    found, _ = samples_of(sound_file(wave, rate=rate), PLAIN)
    common = np.gcd(rate, RATE)
    assert np.array_equal(found, resample_poly(wave, RATE // common, rate // common)[:32_000])
    assert len(found) == RATE
    spectrum = np.abs(np.fft.rfft(found - found.mean()))
    assert np.fft.rfftfreq(len(found), 1 / RATE)[spectrum.argmax()] == pytest.approx(440, abs=1)


def test_a_long_clip_is_cut_and_counted(cache: Cache) -> None:
    rows = prepared(PLAIN, [sound_file(tone(2.5)), sound_file(tone(2.0))], cache)
    assert rows.facts.truncated == 1
    assert rows.lengths.tolist() == [2 * RATE, 2 * RATE]
    assert rows.facts.sampling_rate == RATE
    assert np.array_equal(rows.collate([0])["input_values"][0].numpy(), tone(2.5)[: 2 * RATE])


def test_waveforms_equal_those_of_transformers(cache: Cache) -> None:
    """With a mask: without one upstream's extractor takes padding into mean and deviation."""
    extractor = cast(Any, transformers).Wav2Vec2FeatureExtractor(
        do_normalize=True, return_attention_mask=True
    )
    theirs = extractor(clips(), sampling_rate=RATE, padding=True, return_tensors="pt")
    rows = prepared(WAVEFORM, [sound_file(clip) for clip in clips()], cache)
    ours = rows.collate(range(len(SECONDS)))
    assert ours["input_values"].shape == theirs["input_values"].shape
    assert (ours["input_values"] - theirs["input_values"]).abs().max() <= 1e-5
    assert ours["samples"].tolist() == [round(RATE * seconds) for seconds in SECONDS]


@pytest.mark.parametrize("seconds", [2.0, 30.0])
def test_log_mel_equals_whispers_though_silence_is_not_kept(seconds: float, cache: Cache) -> None:
    rules = replace(LOG_MEL, max_seconds=seconds, mel_bins=80)
    waves = [*clips(), tone(1.999), tone(2.0), np.zeros(3200, np.float32)]
    extractor = cast(Any, transformers).WhisperFeatureExtractor(
        feature_size=80, chunk_length=int(seconds)
    )
    theirs = extractor(waves, sampling_rate=RATE, return_tensors="pt")["input_features"]
    rows = prepared(rules, [sound_file(wave) for wave in waves], cache)
    ours = rows.collate(range(len(waves)))["input_features"]
    assert ours.shape == theirs.shape == (len(waves), 80, 100 * seconds)
    assert (ours - theirs).abs().max() <= 1e-5
    spoken = sum(len(wave) for wave in waves) / RATE
    assert len(rows.values) <= 100 * spoken + 4 * len(waves)
    assert rows.padded_to == seconds * RATE


def test_rows_come_from_the_cache_the_second_time(cache: Cache) -> None:
    files = [sound_file(clip) for clip in clips()]
    first = prepared(LOG_MEL, files, cache)
    misses = cache.tally.misses
    again = prepared(LOG_MEL, files, cache)
    assert (cache.tally.misses, cache.tally.hits) == (misses, 1)
    assert again.digest == first.digest
    assert np.array_equal(again.values, first.values)
    other = prepared(replace(LOG_MEL, mel_bins=30), files, cache)
    assert other.digest != first.digest
    assert prepared(LOG_MEL, files[::-1], cache).digest != first.digest


def test_what_cannot_be_read_is_named_with_its_reason(tmp_path: Path, cache: Cache) -> None:
    bad: NDArray[np.float32] = np.full(4000, np.nan, np.float32)
    rows: list[EncodedMedia] = [
        sound_file(tone(0.3)),
        b"RIFF no sound",
        sound_file(np.zeros(0, np.float32)),
        sound_file(bad),
    ]
    with pytest.raises(DataError) as caught:
        prepared(PLAIN, rows, cache)
    for part in ("3 of 4 sounds", "s1 (", "s2 (it holds no sample)", "s3 (its samples are not all"):
        assert part in str(caught.value)
    with pytest.raises(DataError, match=r"1 of 2 sounds cannot be read: s1 \(no such file\)"):
        prepared(PLAIN, [sound_file(tone(0.3)), tmp_path / "gone.wav"], cache)


def test_rules_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(CardError, match=r"audio\.mel_bins goes with features: log_mel"):
        replace(WAVEFORM, mel_bins=80)
    with pytest.raises(CardError, match=r"padding: max, no normalise"):
        replace(LOG_MEL, padding="longest")
    with pytest.raises(CardError, match="must lie above 0"):
        replace(WAVEFORM, max_seconds=0.0)
