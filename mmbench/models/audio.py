"""Speech encoders of `transformers`: sounds in, one vector a frame and one a clip out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import torch
from torch import Tensor

from mmbench.cards import AudioRules, ModelCard
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.prepared import Inputs
from mmbench.errors import CardError
from mmbench.models import speech
from mmbench.models.base import Adapter, Features, has_batch_statistics
from mmbench.models.clips import ClipRows, FrameCount, prepare_clips, random_clips
from mmbench.models.text import mean_of_tokens

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class AudioAdapter(Adapter):
    """wav2vec2, HuBERT, WavLM and their like on waveforms; Whisper's encoder on log-mel.

    tokens are the frames of the last hidden state (50 a second in all published ones), pooled is
    their mean. Padding changes neither: what upstream would let it change is in `RealFramesNorm`.
    Whisper attends to the silence behind a clip, as upstream; the mean is over real frames alone.
    """

    def __init__(self, card: ModelCard, backbone: "PreTrainedModel") -> None:
        super().__init__()
        self.card = card
        self.rules = _rules(card)
        self.norm = (speech.first_norm(backbone),)  # in a tuple: it is the backbone's module
        self.backbone = backbone
        self.width = _width(backbone)
        self.batch_statistics = has_batch_statistics(backbone)

    @classmethod
    def from_card(cls, card: ModelCard) -> Self:
        return cls(card, speech.encoder(card, _rules(card)))

    @property
    def frame_count(self) -> FrameCount:
        return lambda samples: speech.frame_counts(self.backbone, samples)

    def prepare(self, examples: Examples, cache: Cache) -> ClipRows:
        return prepare_clips(self.card.name, self.rules, examples, cache, self.frame_count)

    def random_rows(self, count: int, *, seed: int, tokens: int | None) -> ClipRows:
        """Of the card's `max_seconds`."""
        assert tokens is None, "there is no text in a sound"
        return random_clips(self.rules, count, seed=seed, frames_of=self.frame_count)

    def forward(self, inputs: Inputs) -> Features:
        """What `ClipRows.collate` gives. tokens: [B, F, D]; pooled: [B, D] float32."""
        samples = inputs["samples"]
        if self.rules.mel_bins is None:
            tokens = self._of_waveforms(inputs["input_values"], samples)
        else:
            tokens = self.backbone(inputs["input_features"]).last_hidden_state
        real = speech.frames_of(self.backbone, samples)
        mask = torch.arange(tokens.shape[1], device=real.device) < real[:, None]
        return Features(pooled=mean_of_tokens(tokens, mask), tokens=tokens, mask=mask)

    def save(self, folder: Path) -> None:
        from mmbench.models.from_transformers import quiet

        with quiet():
            self.backbone.save_pretrained(folder)
            speech.save_preprocessing(self.rules, folder)

    def _of_waveforms(self, values: Tensor, samples: Tensor) -> Tensor:
        real = torch.arange(values.shape[1], device=values.device) < samples[:, None]
        (norm,) = self.norm
        if norm is not None:
            norm.frames = speech.first_frames_of(self.backbone, samples)
        try:
            output = self.backbone(values, attention_mask=real.long())
        finally:
            if norm is not None:
                norm.frames = None
        return cast(Tensor, output.last_hidden_state)


def _width(backbone: "PreTrainedModel") -> int:
    config = cast(Any, backbone).config
    adapted = getattr(config, "add_adapter", False)
    return int(config.output_hidden_size if adapted else config.hidden_size)


def _rules(card: ModelCard) -> AudioRules:
    if card.audio is None:
        raise CardError(f"{card.name}: adapter audio needs modality audio and rules under audio")
    return card.audio
