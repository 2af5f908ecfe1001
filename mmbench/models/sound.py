"""Encoded sounds → one channel of samples at one rate."""

from io import BytesIO
from math import ceil, gcd
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from mmbench.cards import AudioRules
from mmbench.data.examples import EncodedMedia
from mmbench.errors import first_line

Samples = NDArray[np.float32]

# what libsndfile and NumPy raise on damaged files; another exception would be a bug of ours
UNREADABLE = (OSError, ValueError, RuntimeError, TypeError, MemoryError)


def samples_of(sound: EncodedMedia, rules: AudioRules) -> tuple[Samples, bool]:
    """[S] float32 in [−1, 1]: mean of the channels, at the card's rate; whether it was cut short.

    Whatever libsndfile reads: WAV, FLAC, Ogg, MP3. Resampled by scipy's polyphase filter, where the
    rate differs. ValueError or one of soundfile's errors if it cannot be read or holds nothing.
    """
    with soundfile.SoundFile(BytesIO(sound) if isinstance(sound, bytes) else sound) as opened:
        rate = int(opened.samplerate)
        most = ceil(rules.max_seconds * rate)
        cut = opened.frames > most
        channels: NDArray[Any] = opened.read(most, dtype="float32", always_2d=True)
    if not len(channels):
        raise ValueError("it holds no sample")
    if not np.isfinite(channels).all():
        raise ValueError("its samples are not all finite")
    mono = channels.mean(axis=1, dtype=np.float32)
    if rate != rules.sampling_rate:
        common = gcd(rate, rules.sampling_rate)
        mono = resample_poly(mono, rules.sampling_rate // common, rate // common)
    return np.asarray(mono[: most_samples(rules)], dtype=np.float32), cut


def most_samples(rules: AudioRules) -> int:
    """How many samples a clip has at most."""
    return round(rules.max_seconds * rules.sampling_rate)


def reason(error: BaseException) -> str:
    """Why a sound cannot be read, in a few words."""
    if isinstance(error, FileNotFoundError) or "No such file" in str(error):
        return "no such file"
    return first_line(error).removeprefix("Error opening ")[:120]
