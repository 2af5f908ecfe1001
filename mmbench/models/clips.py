"""Clips as a speech encoder takes them: decoded once into the cache, padded batch by batch."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache as remembered
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
import scipy
import soundfile
import torch
import transformers
from numpy.typing import NDArray

from mmbench.cards import AudioRules
from mmbench.data.cache import Cache
from mmbench.data.examples import EncodedMedia, Examples
from mmbench.data.prepared import Inputs, PreparedFacts
from mmbench.digests import digest_of
from mmbench.errors import DataError
from mmbench.models.sound import UNREADABLE, Samples, most_samples, reason, samples_of

if TYPE_CHECKING:
    from transformers import WhisperFeatureExtractor

VERSION = 1  # raised when the same sounds and rules would give other values
HOP = 160  # samples from one log-mel frame to the next: Whisper's, as its window of 400
EDGE = 3  # frames behind a clip's end whose window still reaches into it
NAMED = 5

FrameCount = Callable[[NDArray[np.int64]], NDArray[np.int64]]
"""[N] samples → [N] frames that the encoder makes of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRows:
    """N clips, one after another. values: [sum of sizes, W] float32, memory-mapped: samples
    (W = 1), or log-mel frames (W = bins).

    offsets: [N + 1] int64, clip i is values[offsets[i]:offsets[i + 1]]. fill: [N] float32, what
    stands behind its end. lengths: [N] samples of the card's rate. frames: [N] that the encoder
    makes of them, none 0.
    """

    values: NDArray[np.float32]
    offsets: NDArray[np.int64]
    fill: NDArray[np.float32]
    lengths: NDArray[np.int64]
    frames: NDArray[np.int64]
    rules: AudioRules
    digest: str
    facts: PreparedFacts

    @property
    def padded_to(self) -> int | None:
        return most_samples(self.rules) if self.rules.padding == "max" else None

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, indices: Sequence[int]) -> Inputs:
        """samples: [B] int64, real ones of each clip; and input_values: [B, S] float32, or
        input_features: [B, bins, F] float32, padded on the right."""
        chosen = np.asarray(indices, dtype=np.int64)
        sizes = np.diff(self.offsets)[chosen]
        bins = self.values.shape[1]
        most = self.padded_to or int(self.lengths[chosen].max())
        width = most if bins == 1 else most // HOP
        padded = np.empty((len(chosen), width, bins), dtype=np.float32)
        for row, clip, size in zip(padded, chosen, sizes, strict=True):
            start = self.offsets[clip]
            row[:size] = self.values[start : start + size]
            row[size:] = self.fill[clip]
        samples = torch.from_numpy(self.lengths[chosen])
        if bins == 1:
            return {"input_values": torch.from_numpy(padded[:, :, 0]), "samples": samples}
        swapped = np.ascontiguousarray(padded.transpose(0, 2, 1))
        return {"input_features": torch.from_numpy(swapped), "samples": samples}


def prepare_clips(
    where: str, rules: AudioRules, examples: Examples, cache: Cache, frames_of: FrameCount
) -> ClipRows:
    """The sounds of `examples` by `rules`; `where` is the model's name.

    DataError counts those that cannot be read, and why, and names clips that are too short to give
    the encoder a single frame.
    """
    sounds = cast("Sequence[EncodedMedia]", examples.inputs["audio"])
    key = digest_of(
        {
            "sounds": _digest_of_sounds(sounds, examples.ids),
            "rules": asdict(rules),
            "libraries": [soundfile.__libsndfile_version__, scipy.__version__],
            "features": transformers.__version__ if rules.features == "log_mel" else None,
            "version": VERSION,
        }
    )
    entry, _ = cache.get("sounds", key, lambda to: _build(rules, sounds, examples.ids, to))
    lengths = np.array(entry.arrays["lengths"])
    frames = frames_of(lengths)
    short = [name for name, count in zip(examples.ids, frames, strict=True) if count < 1]
    if short:
        raise DataError(
            f"{len(short)} clips are too short for {where}, e.g. {', '.join(short[:NAMED])}: the "
            "encoder makes no frame of them; remove these rows"
        )
    return ClipRows(
        values=entry.arrays["values"],
        offsets=np.array(entry.arrays["offsets"]),
        fill=np.array(entry.arrays["fill"]),
        lengths=lengths,
        frames=frames,
        rules=rules,
        digest=key,
        facts=PreparedFacts(
            truncated=int(entry.facts["truncated"]), sampling_rate=rules.sampling_rate
        ),
    )


def random_clips(rules: AudioRules, count: int, *, seed: int, frames_of: FrameCount) -> ClipRows:
    """`count` clips of noise, of `max_seconds` each."""
    samples = most_samples(rules)
    bins = rules.mel_bins or 1
    size = samples if rules.mel_bins is None else samples // HOP
    drawn = np.random.default_rng((seed, 4)).standard_normal((count * size, bins), np.float32)
    lengths = np.full(count, samples, dtype=np.int64)
    return ClipRows(
        values=drawn,
        offsets=np.arange(count + 1, dtype=np.int64) * size,
        fill=np.zeros(count, dtype=np.float32),
        lengths=lengths,
        frames=frames_of(lengths),
        rules=rules,
        digest=digest_of(["random clips", count, asdict(rules), seed]),
        facts=PreparedFacts(sampling_rate=rules.sampling_rate),
    )


def normalised(samples: Samples) -> Samples:
    """Zero mean and unit variance, as transformers' Wav2Vec2FeatureExtractor has it."""
    return np.asarray((samples - samples.mean()) / np.sqrt(samples.var() + 1e-7), np.float32)


def log_mel(samples: Samples, rules: AudioRules) -> tuple[NDArray[np.float32], np.float32]:
    """[F, bins] of the clip padded with silence to the card's length, and what stands behind it.

    The values are those of transformers' WhisperFeatureExtractor. Frames that hold silence alone
    are left out: they are all alike.
    """
    assert rules.mel_bins is not None, "the card is checked to name them"
    extractor = cast(Any, _whisper(rules.mel_bins, rules.sampling_rate))
    found = extractor([samples], sampling_rate=rules.sampling_rate, max_length=most_samples(rules))
    frames = np.asarray(found["input_features"][0], dtype=np.float32).T
    return frames[: -(-len(samples) // HOP) + EDGE], frames[-1, 0]


@remembered
def _whisper(bins: int, rate: int) -> "WhisperFeatureExtractor":
    from transformers import WhisperFeatureExtractor

    make = cast(Any, WhisperFeatureExtractor)  # untyped upstream
    return cast(
        "WhisperFeatureExtractor", make(feature_size=bins, sampling_rate=rate, hop_length=HOP)
    )


def _build(
    rules: AudioRules, sounds: Sequence[EncodedMedia], ids: Sequence[str], folder: Path
) -> Mapping[str, Any]:
    """values, offsets, fill and lengths, as `ClipRows` has them, but for frames."""
    fill: list[np.float32] = []
    lengths: list[int] = []
    sizes, truncated, bins = [0], 0, rules.mel_bins or 1
    with open(folder / "values.npy", "wb") as file:  # clip by clip: all may not fit into memory
        _write_header(file, 0, bins)
        for samples, cut in _read(rules, sounds, ids):
            frames, behind = _values(samples, rules)
            file.write(frames.tobytes())
            sizes.append(len(frames))
            fill.append(behind)
            lengths.append(len(samples))
            truncated += cut
        file.seek(0)
        _write_header(file, sum(sizes), bins)
    np.save(folder / "offsets.npy", np.cumsum(sizes, dtype=np.int64))
    np.save(folder / "fill.npy", np.asarray(fill, dtype=np.float32))
    np.save(folder / "lengths.npy", np.asarray(lengths, dtype=np.int64))
    return {"truncated": truncated}


def _values(samples: Samples, rules: AudioRules) -> tuple[NDArray[np.float32], np.float32]:
    """[size, W] of one clip, and what stands behind its end."""
    if rules.features == "log_mel":
        return log_mel(samples, rules)
    return (normalised(samples) if rules.normalise else samples)[:, None], np.float32(0.0)


def _write_header(file: BinaryIO, rows: int, width: int) -> None:
    """That of a .npy file of [rows, width] float32; it has one length, whatever the rows."""
    told = {"descr": "<f4", "fortran_order": False, "shape": (rows, width)}
    np.lib.format.write_array_header_1_0(file, told)


def _read(
    rules: AudioRules, sounds: Sequence[EncodedMedia], ids: Sequence[str]
) -> Iterator[tuple[Samples, bool]]:
    """Each clip's samples, and whether it was cut; DataError at the end if some cannot be read."""
    bad: list[str] = []
    for name, sound in zip(ids, sounds, strict=True):
        try:
            found = samples_of(sound, rules)
        except UNREADABLE as error:
            bad.append(f"{name} ({reason(error)})")
            continue
        if not bad:
            yield found
    if bad:
        more = ", …" if len(bad) > NAMED else ""
        raise DataError(
            f"{len(bad)} of {len(ids)} sounds cannot be read: {', '.join(bad[:NAMED])}{more}. "
            "Mend or remove these rows."
        )


def _digest_of_sounds(sounds: Sequence[EncodedMedia], ids: Sequence[str]) -> str:
    total, absent = hashlib.sha256(), []
    for name, sound in zip(ids, sounds, strict=True):
        try:
            content = sound if isinstance(sound, bytes) else sound.read_bytes()
        except OSError as error:
            absent.append(f"{name} ({reason(error)})")
            continue
        total.update(hashlib.sha256(content).digest())
    if absent:
        raise DataError(
            f"{len(absent)} of {len(ids)} sounds cannot be read: {', '.join(absent[:NAMED])}. "
            "Mend or remove these rows."
        )
    return total.hexdigest()
