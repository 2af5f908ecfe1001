"""Speak the clips of `spoken-digits-*` and `spoken-strings-*` with espeak-ng.

    apt-get install espeak-ng
    python -m tools.build_speech

writes four files to `mmbench/data/bundled`, a row a clip: `spoken_digits_zh.parquet`, `_en`, and
`spoken_strings_zh.parquet`, `_en`. Only this script needs espeak-ng. The speech is synthetic: one
formant synthesiser in different settings, not people, so a score says little about real speech.

espeak-ng's voice for Mandarin (fed with pinyin) or English is varied by its voice variants, pitch
(0 to 99) and speed (words a minute). Folds:

- `train` and `validation` share voice variants, pitches and speeds.
- `test` has the same variants at pitches and speeds between and beyond those of training.
- `shift` has variants that training never hears, at the pitches and speeds of test.

No string of digits is in two folds, and both languages have the same clips. A clip is 8 kHz mono,
cut to the speech and 30 ms around it, scaled to one peak, in steps of 8 bits, as FLAC: small enough
to ship. Choices are drawn by sha256, and espeak-ng repeats itself exactly, so the same versions
give the same bytes; the committed files are from espeak-ng 1.51, SciPy 1.17.1, soundfile 0.14.0
(libsndfile 1.2.2) and pyarrow 26.0.1.
"""

import hashlib
import io
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

BUNDLED = Path(__file__).parents[1] / "mmbench" / "data" / "bundled"
SPOKEN_RATE = 22_050  # espeak-ng's
RATE = 8_000
MARGIN_SECONDS = 0.03
SILENCE = 0.01  # of the peak
STEPS = 2**7  # a side: 8 bits
PEAK = 0.95

KNOWN_VARIANTS = ("", "f1", "f2", "f3", "f4", "m1", "m2", "m3", "m5", "m6", "m7", "klatt")
HELD_OUT_VARIANTS = ("f5", "m4", "croak", "whisper")
TRAIN_PITCHES, TRAIN_SPEEDS = (30, 45, 60, 75), (170, 195, 220, 250)
TEST_PITCHES, TEST_SPEEDS = (22, 52, 83), (182, 208, 270)

SHORTEST, LONGEST = 3, 6
STRINGS = {"train": 300, "validation": 36, "test": 60, "shift": 40}
REPEATS = {"train": 3, "validation": 1, "test": 1, "shift": 2}
"""Of each digit by each variant of the fold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """voice: espeak-ng's. spoken: what it is fed for each digit. written: how it is written."""

    voice: str
    spoken: tuple[str, ...]
    written: tuple[str, ...]
    joint: str


ENGLISH = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LANGUAGES = {
    "zh": Language(
        voice="cmn-latn-pinyin",
        spoken=("ling2", "yi1", "er4", "san1", "si4", "wu3", "liu4", "qi1", "ba1", "jiu3"),
        written=tuple("零一二三四五六七八九"),
        joint="",
    ),
    "en": Language(
        voice="en",
        spoken=ENGLISH,
        written=ENGLISH,
        joint=" ",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What is said, and how."""

    digits: str
    variant: str
    pitch: int
    speed: int
    fold: str


def chosen(options: Sequence[Any], *key: object) -> Any:
    """One of `options`, by nothing but the key."""
    digest = hashlib.sha256(" ".join(map(str, key)).encode()).digest()
    return options[int.from_bytes(digest[:8], "big") % len(options)]


def clip(digits: str, variant: str, fold: str, *key: object) -> Clip:
    known = fold in ("train", "validation")
    return Clip(
        digits=digits,
        variant=variant,
        pitch=chosen(TRAIN_PITCHES if known else TEST_PITCHES, "pitch", *key),
        speed=chosen(TRAIN_SPEEDS if known else TEST_SPEEDS, "speed", *key),
        fold=fold,
    )


def variants_of(fold: str) -> tuple[str, ...]:
    return HELD_OUT_VARIANTS if fold == "shift" else KNOWN_VARIANTS


def digit_clips() -> list[Clip]:
    """Each digit by each variant of a fold, `REPEATS` times; no setting is taken twice."""
    found: dict[tuple[str, str, int, int], Clip] = {}
    for fold, repeats in REPEATS.items():
        for variant in variants_of(fold):
            for digit in "0123456789":
                made, attempt = 0, 0
                while made < repeats:
                    one = clip(digit, variant, fold, fold, variant, digit, attempt)
                    setting = (digit, variant, one.pitch, one.speed)
                    made += setting not in found
                    found.setdefault(setting, one)
                    attempt += 1
    return list(found.values())


def string_clips() -> list[Clip]:
    """Strings of 3 to 6 digits, no string twice, the variants of a fold in turn."""
    strings = distinct_strings()
    found = []
    for fold, count in STRINGS.items():
        variants = variants_of(fold)
        for number in range(count):
            digits = next(strings)
            found.append(clip(digits, variants[number % len(variants)], fold, digits))
    return found


def distinct_strings() -> Iterator[str]:
    seen: set[str] = set()
    number = 0
    while True:
        length = chosen(range(SHORTEST, LONGEST + 1), "length", number)
        digits = "".join(chosen("0123456789", "digit", number, place) for place in range(length))
        number += 1
        if digits not in seen:
            seen.add(digits)
            yield digits


# -------------------------------------------------------------------------------- sound


def spoken(one: Clip, language: Language) -> NDArray[np.float64]:
    """What espeak-ng says, [samples] at its own rate, -1 to 1."""
    voice = language.voice + (f"+{one.variant}" if one.variant else "")
    text = " ".join(language.spoken[int(digit)] for digit in one.digits)
    options = ["-v", voice, "-p", str(one.pitch), "-s", str(one.speed), "-b", "1", "--stdout"]
    said = subprocess.run(["espeak-ng", *options, text], capture_output=True, check=True).stdout
    if said[:4] != b"RIFF" or int.from_bytes(said[24:28], "little") != SPOKEN_RATE:
        raise ValueError(f"espeak-ng gave no WAV of {SPOKEN_RATE} Hz for {voice!r}: is it 1.51?")
    # not by the length in the header, which espeak-ng cannot know before it has spoken
    return np.frombuffer(said[44 : 44 + (len(said) - 44) // 2 * 2], dtype="<i2") / 2.0**15


def shaped(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    """Resampled, cut to the speech, scaled and rounded to 8 bits, in the upper byte of 16."""
    low = resample_poly(samples, RATE, SPOKEN_RATE)
    peak = float(np.abs(low).max())
    loud = np.flatnonzero(np.abs(low) > SILENCE * peak)
    margin = round(MARGIN_SECONDS * RATE)
    cut = low[max(0, loud[0] - margin) : loud[-1] + margin]
    return (np.round(cut * (PEAK / peak) * STEPS) * (2**15 // STEPS)).astype(np.int16)


def flac(samples: NDArray[np.int16]) -> bytes:
    """16 bits of which FLAC leaves out the lower eight, which are zero."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def row(one: Clip, language: Language) -> dict[str, Any]:
    samples = shaped(spoken(one, language))
    voice = one.variant or "default"
    return {
        "id": f"{one.digits}-{voice}-p{one.pitch}-s{one.speed}",
        "audio": flac(samples),
        "digits": one.digits,
        "text": language.joint.join(language.written[int(digit)] for digit in one.digits),
        "voice": voice,
        "pitch": one.pitch,
        "speed": one.speed,
        "seconds": round(len(samples) / RATE, 3),
        "fold": one.fold,
    }


def build(*, into: Path) -> None:
    for name, language in LANGUAGES.items():
        for what, clips in (("digits", digit_clips()), ("strings", string_clips())):
            rows = [row(one, language) for one in clips]
            same = [count for count in Counter(r["audio"] for r in rows).values() if count > 1]
            assert not same, f"{sum(same)} clips of {what} in {name} are not different"
            path = into / f"spoken_{what}_{name}.parquet"
            pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd")
            seconds = sum(r["seconds"] for r in rows)
            size = path.stat().st_size / 1e6
            print(f"{path.name}: {len(rows):,} clips, {seconds:.0f} s, {size:.2f} MB")


if __name__ == "__main__":
    build(into=BUNDLED)
