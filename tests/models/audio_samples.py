"""Cards, clips and tiny checkpoints for the tests of speech encoders."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import soundfile
import torch
import transformers
from numpy.typing import NDArray

from mmbench.cards import AudioRules, FolderModel, ModelCard, ModelSource, RandomModel
from mmbench.data.examples import EncodedMedia, Examples

RATE = 16_000
WAVEFORM = AudioRules(sampling_rate=RATE, features="waveform", max_seconds=2.0, normalise=True)
LOG_MEL = AudioRules(
    sampling_rate=RATE, features="log_mel", max_seconds=2.0, mel_bins=20, padding="max"
)
SECONDS = (0.31, 1.0, 0.52, 0.77, 1.2)

WAV2VEC2: Mapping[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "conv_dim": [8, 8, 8],
    "conv_kernel": [10, 8, 4],
    "conv_stride": [5, 8, 8],
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}
WHISPER: Mapping[str, Any] = {
    "d_model": 16,
    "encoder_layers": 2,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_layers": 1,
    "decoder_attention_heads": 2,
    "decoder_ffn_dim": 32,
    "num_mel_bins": 20,
    "max_source_positions": 100,
    "max_target_positions": 8,
    "vocab_size": 20,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
}


def tiny(model_type: str, **changes: Any) -> Any:
    """A model of transformers with random weights, in eval mode."""
    fields = dict(WHISPER if model_type == "whisper" else WAV2VEC2) | changes
    config = transformers.AutoConfig.for_model(model_type, **fields)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return cast(Any, transformers.AutoModel).from_config(config).eval()


def audio_card(
    source: ModelSource | Path, rules: AudioRules = WAVEFORM, name: str = "tiny-audio"
) -> ModelCard:
    if isinstance(source, Path):
        source = FolderModel(via="folder", path=str(source))
    return ModelCard(
        name=name,
        family="test",
        languages=(),
        modalities=("audio",),
        adapter="audio",
        library="transformers",
        source=source,
        gives=("pooled", "tokens"),
        audio=rules,
    )


def scratch_card(
    model_type: str = "whisper", rules: AudioRules = LOG_MEL, **changes: Any
) -> ModelCard:
    fields = WHISPER if model_type == "whisper" else WAV2VEC2
    config = {"model_type": model_type, **fields, **changes}
    return audio_card(RandomModel(via="random", config=config), rules)


def tone(seconds: float, pitch: float = 440.0, *, rate: int = RATE) -> NDArray[np.float32]:
    """A tone with its octave, a little noise, and an offset that normalising takes away."""
    times = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(round(1000 * seconds)).normal(0, 0.02, len(times))
    wave = 0.4 * np.sin(2 * np.pi * pitch * times) + 0.1 * np.sin(4 * np.pi * pitch * times)
    return np.asarray(wave + noise + 0.05, dtype=np.float32)


def sound_file(
    samples: NDArray[Any], *, rate: int = RATE, kind: str = "WAV", subtype: str | None = "FLOAT"
) -> bytes:
    """samples: [S], or [S, channels]."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, subtype=subtype)
    return buffer.getvalue()


def sounds(rows: Sequence[EncodedMedia]) -> Examples:
    return Examples(ids=tuple(f"s{i}" for i in range(len(rows))), inputs={"audio": rows})


def clips() -> list[NDArray[np.float32]]:
    return [tone(seconds, 220.0 * (i + 1)) for i, seconds in enumerate(SECONDS)]
