"""Speech encoders of `transformers`: from a folder or a config, and how many frames they make."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mmbench.cards import AudioRules, ModelCard, RandomModel
from mmbench.errors import CardError
from mmbench.models import from_transformers
from mmbench.models.clips import HOP
from mmbench.models.sound import most_samples
from mmbench.models.sources import locate

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ON_WAVEFORMS = ("wav2vec2", "hubert", "wavlm", "unispeech", "unispeech-sat")
"""Not data2vec-audio: its positions are a stack of convolutions, and padding reaches frames."""

ON_LOG_MEL = "whisper"
STRIDE = 2  # log-mel frames to a frame of Whisper's encoder
PREPROCESSOR = "preprocessor_config.json"
ENCODER = "WhisperEncoder"


class RealFramesNorm(nn.GroupNorm):
    """A group norm over [B, C, T] that takes each row's statistics over its real frames alone.

    wav2vec2-base and its like normalise every channel over time. They were trained on clips that
    were cut to one length, so that nothing was padded; over padded clips their statistics, and with
    them all features, would depend on the longest clip of the batch.

    frames: [B] real ones of each row of the next forward; None takes all as real.
    """

    frames: Tensor | None = None

    def forward(self, hidden: Tensor) -> Tensor:
        if self.frames is None:
            return super().forward(hidden)
        rows = [
            functional.pad(super(RealFramesNorm, self).forward(row), (0, hidden.shape[2] - length))
            for length, row in (
                (length, row[None, :, :length])
                for length, row in zip(self.frames.tolist(), hidden, strict=True)
            )
        ]
        return torch.cat(rows)


def encoder(card: ModelCard, rules: AudioRules) -> "PreTrainedModel":
    """The encoder that the card describes; of Whisper the encoder alone.

    SpecAugment, which upstream's config switches on in training mode, is off: its ten frames at a
    time would hide half of a short clip. CardError where card and model do not go together.
    """
    if card.library != "transformers":
        raise CardError(f"{card.name}: adapter audio needs library: transformers")
    if isinstance(card.source, RandomModel):
        model = random(card)
    else:
        folder = locate(card.source)
        model = _pretrained(folder)
        check_preprocessing(card.name, rules, folder)
    check_rules(card.name, rules, model)
    if rules.features == "waveform":
        inner = cast(Any, model)
        inner.config.apply_spec_augment = False
        inner.feature_extractor._requires_grad = False  # of use to gradient checkpointing alone
    return model


def random(card: ModelCard) -> "PreTrainedModel":
    """The card's architecture with random weights."""
    assert isinstance(card.source, RandomModel)
    config = card.source.config
    if config.get("model_type") != ON_LOG_MEL:
        return from_transformers.random(config, card.name)
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    return from_transformers.random(config, card.name, of_class=WhisperEncoder)


def first_norm(model: "PreTrainedModel") -> RealFramesNorm | None:
    """The group norm over time in the model's first convolution, made to look at real frames; None
    where it has none."""
    layers = getattr(getattr(model, "feature_extractor", None), "conv_layers", None)
    norm = getattr(layers[0], "layer_norm", None) if layers is not None else None
    if not isinstance(norm, nn.GroupNorm):
        return None
    found = RealFramesNorm(norm.num_groups, norm.num_channels, eps=norm.eps, affine=norm.affine)
    found.load_state_dict(norm.state_dict())
    assert layers is not None
    layers[0].layer_norm = found
    return found


def frames_of(model: "PreTrainedModel", samples: Tensor) -> Tensor:
    """[B] samples → [B] frames that the model makes of them, none of padding."""
    if model.config.model_type == ON_LOG_MEL:
        return (samples + HOP * STRIDE - 1) // (HOP * STRIDE)
    counted: Tensor = cast(Any, model)._get_feat_extract_output_lengths(samples)
    return torch.clamp(counted, min=0)


def frame_counts(model: "PreTrainedModel", samples: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(frames_of(model, torch.from_numpy(samples)).numpy(), dtype=np.int64)


def first_frames_of(model: "PreTrainedModel", samples: Tensor) -> Tensor:
    """[B] samples → [B] frames that the first convolution makes of them."""
    config = cast(Any, model).config
    return (samples - int(config.conv_kernel[0])) // int(config.conv_stride[0]) + 1


def save_preprocessing(rules: AudioRules, folder: Path) -> None:
    """What transformers' AutoFeatureExtractor needs to do the same as we."""
    import transformers

    library = cast(Any, transformers)  # its extractors are untyped
    if rules.mel_bins is None:
        extractor = library.Wav2Vec2FeatureExtractor(
            sampling_rate=rules.sampling_rate,
            do_normalize=rules.normalise,
            return_attention_mask=True,
        )
    else:
        whole = int(rules.max_seconds)  # which transformers wants as an int
        extractor = library.WhisperFeatureExtractor(
            feature_size=rules.mel_bins,
            sampling_rate=rules.sampling_rate,
            hop_length=HOP,
            chunk_length=whole,
        )
    extractor.save_pretrained(folder)


def _pretrained(folder: Path) -> "PreTrainedModel":
    """Of a whole Whisper its encoder, in the form in which we keep one as well."""
    if _json(folder / "config.json").get("architectures") == [ENCODER]:
        from transformers.models.whisper.modeling_whisper import WhisperEncoder

        return from_transformers.pretrained(folder, of_class=WhisperEncoder)
    model = from_transformers.pretrained(folder)
    if model.config.model_type == ON_LOG_MEL:
        return cast("PreTrainedModel", cast(Any, model).encoder)
    return model


def check_rules(where: str, rules: AudioRules, model: "PreTrainedModel") -> None:
    """CardError where the card's rules are not those that the architecture takes."""
    config = cast(Any, model).config
    wanted = ON_WAVEFORMS if rules.features == "waveform" else (ON_LOG_MEL,)
    if config.model_type not in wanted:
        raise CardError(
            f"{where}: audio.features: {rules.features} goes with {', '.join(wanted)}, not with "
            f"{config.model_type}"
        )
    if rules.features == "waveform":
        return
    if rules.mel_bins != config.num_mel_bins:
        raise CardError(
            f"{where}: audio.mel_bins is {rules.mel_bins}; the model takes {config.num_mel_bins}"
        )
    samples = config.max_source_positions * STRIDE * HOP
    if most_samples(rules) != samples:
        raise CardError(
            f"{where}: audio.max_seconds is {rules.max_seconds:g}; the model takes clips of "
            f"exactly {samples / rules.sampling_rate:g} s (shorter ones are padded to it)"
        )


def check_preprocessing(where: str, rules: AudioRules, folder: Path) -> None:
    """CardError where the card says otherwise than the file that came with the weights."""
    told = _json(folder / PREPROCESSOR)
    ours = {"sampling_rate": rules.sampling_rate}
    if rules.mel_bins is None:
        ours["do_normalize"] = rules.normalise
    else:
        ours |= {"feature_size": rules.mel_bins, "hop_length": HOP, "n_fft": 400}
    for name, value in ours.items():
        if name in told and told[name] != value:
            raise CardError(
                f"{where}: {PREPROCESSOR} says {name}: {told[name]}, the card's audio rules come "
                f"to {value}"
            )


def _json(path: Path) -> dict[str, Any]:
    """{} where there is no such file, or no object in it: whoever loads the model says more."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
