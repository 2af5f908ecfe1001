"""The spoken clips: which are made, how they are shaped, and what the committed files hold."""

import io
import shutil
from collections import defaultdict
from functools import cache
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile

from tools.build_speech import (
    BUNDLED,
    HELD_OUT_VARIANTS,
    KNOWN_VARIANTS,
    LANGUAGES,
    RATE,
    SPOKEN_RATE,
    Clip,
    digit_clips,
    flac,
    row,
    shaped,
    string_clips,
)

FILES = [(what, name) for what in ("digits", "strings") for name in LANGUAGES]


@cache
def rows_of(what: str, name: str) -> list[dict[str, Any]]:
    path = BUNDLED / f"spoken_{what}_{name}.parquet"
    rows: list[dict[str, Any]] = pq.ParquetFile(path).read().to_pylist()
    return rows


@pytest.mark.parametrize(("what", "name"), FILES)
def test_the_committed_files_hold_the_clips_that_the_builder_names(what: str, name: str) -> None:
    clips = digit_clips() if what == "digits" else string_clips()
    language = LANGUAGES[name]
    for clip, found in zip(clips, rows_of(what, name), strict=True):
        voice = clip.variant or "default"
        assert found["id"] == f"{clip.digits}-{voice}-p{clip.pitch}-s{clip.speed}"
        assert (found["digits"], found["voice"], found["fold"]) == (clip.digits, voice, clip.fold)
        assert found["text"] == language.joint.join(language.written[int(d)] for d in clip.digits)


@pytest.mark.parametrize(("what", "name"), FILES)
def test_no_two_clips_sound_alike(what: str, name: str) -> None:
    rows = rows_of(what, name)
    assert len({found["audio"] for found in rows}) == len({found["id"] for found in rows})
    assert len({found["id"] for found in rows}) == len(rows)


@pytest.mark.parametrize(("what", "name"), FILES)
def test_clips_are_mono_of_8_khz_and_one_peak_in_8_bits(what: str, name: str) -> None:
    for found in rows_of(what, name)[::25]:
        samples, rate = soundfile.read(io.BytesIO(found["audio"]), dtype="int16")
        assert (rate, samples.ndim) == (RATE, 1)
        assert len(samples) / rate == pytest.approx(found["seconds"], abs=1e-3)
        assert np.abs(samples.astype(int)).max() == round(0.95 * 128) * 256
        assert (samples % 256 == 0).all()


def test_all_four_files_stay_small() -> None:
    sizes = [path.stat().st_size for path in BUNDLED.glob("spoken_*.parquet")]
    assert len(sizes) == 4
    assert sum(sizes) < 6_500_000


def test_shift_has_voices_that_training_never_hears_and_test_other_pitches_and_speeds() -> None:
    for clips in (digit_clips(), string_clips()):
        voices: defaultdict[str, set[str]] = defaultdict(set)
        settings: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
        for clip in clips:
            voices[clip.fold].add(clip.variant)
            settings[clip.fold] |= {("pitch", clip.pitch), ("speed", clip.speed)}
        assert voices["shift"] == set(HELD_OUT_VARIANTS)
        assert voices["train"] == voices["test"] == set(KNOWN_VARIANTS)
        assert not settings["train"] & (settings["test"] | settings["shift"])


def test_every_voice_of_a_fold_says_every_digit_equally_often() -> None:
    counts: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    digits: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for clip in digit_clips():
        digits[clip.fold, clip.variant, clip.digits] += 1
    for (fold, variant, _), count in digits.items():
        counts[fold, variant].add(count)
    assert len(digits) == (3 * len(KNOWN_VARIANTS) + len(HELD_OUT_VARIANTS)) * 10
    assert all(len(seen) == 1 for seen in counts.values())


def test_no_string_is_said_twice() -> None:
    strings = [clip.digits for clip in string_clips()]
    assert len(set(strings)) == len(strings)
    assert {len(digits) for digits in strings} == {3, 4, 5, 6}


def test_silence_is_cut_but_for_a_margin_and_the_peak_is_set() -> None:
    time = np.arange(SPOKEN_RATE) / SPOKEN_RATE
    tone = 0.3 * np.sin(2 * np.pi * 440 * time) * ((time > 0.4) & (time < 0.6))
    found = shaped(tone)
    assert len(found) / RATE == pytest.approx(0.2 + 2 * 0.03, abs=0.01)
    assert np.abs(found.astype(int)).max() == round(0.95 * 128) * 256
    samples, _ = soundfile.read(io.BytesIO(flac(found)), dtype="int16")
    assert (samples == found).all()


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="apt-get install espeak-ng")
@pytest.mark.parametrize("name", LANGUAGES)
def test_a_clip_made_anew_is_the_committed_one(name: str) -> None:
    """Sound to sound: another libsndfile may pack the same samples into other bytes."""
    clips: list[Clip] = string_clips()
    for place in (0, 5, len(clips) - 1):
        again, kept = row(clips[place], LANGUAGES[name]), rows_of("strings", name)[place]
        assert {**again, "audio": None} == {**kept, "audio": None}
        ours, theirs = (soundfile.read(io.BytesIO(r["audio"]))[0] for r in (again, kept))
        assert (ours == theirs).all()
