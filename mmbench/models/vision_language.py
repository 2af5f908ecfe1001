"""Image–text-to-text models: a decoder that reads an image among its tokens.

transformers' own processors are not used: they read an image at a size of its own, and some need
packages of their own. Here every image has the card's size, so that an image is always as many
tokens, and the words around it are those of the model's chat template.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from mmbench.errors import CardError
from mmbench.models.generators import GREEDY, Generator, ids_of, single

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Inputs = dict[str, Tensor]

QUESTION, ANSWER = "\ue000", "\ue001"
"""Characters of no script, which stand for a question and an answer while a template is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a family takes images. pixels: normalised [B, 3, H, W] → its arguments. lead, tail:
    tokens around an image that its processor adds, if its tokenizer knows them."""

    pixels: Callable[[Tensor, Any], Inputs]
    lead: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()


def _plain(pixels: Tensor, config: Any) -> Inputs:
    return {"pixel_values": pixels}


def _one_tile(pixels: Tensor, config: Any) -> Inputs:
    """[B, 1, 3, H, W]: the whole image, not cut into tiles."""
    return {"pixel_values": pixels.unsqueeze(1)}


def _patches(pixels: Tensor, config: Any) -> Inputs:
    """[B × patches, 3 × frames × P × P], in the order in which M × M patches are merged; the same
    image stands for each frame (Qwen2VLImageProcessor.patchify)."""
    vision = config.vision_config
    patch, merge, frames = (
        vision.patch_size,
        vision.spatial_merge_size,
        vision.temporal_patch_size,
    )
    batch, _, height, width = pixels.shape
    rows, columns = height // patch, width // patch
    cut = pixels.reshape(batch, 3, rows // merge, merge, patch, columns // merge, merge, patch)
    cut = cut.permute(0, 2, 5, 3, 6, 1, 4, 7).unsqueeze(6)
    cut = cut.expand(-1, -1, -1, -1, -1, -1, frames, -1, -1)
    grid = torch.tensor([[1, rows, columns]], device=pixels.device).expand(batch, 3)
    return {"pixel_values": cut.reshape(batch * rows * columns, -1), "image_grid_thw": grid}


_TILES = Layout(
    pixels=_one_tile,
    lead=("<fake_token_around_image>", "<global-img>"),
    tail=("<fake_token_around_image>",),
)
_QWEN = Layout(pixels=_patches)

LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "idefics3": _TILES,
        "internvl": Layout(pixels=_plain),
        "llava": Layout(pixels=_plain),
        "qwen2_vl": _QWEN,
        "qwen2_5_vl": _QWEN,
        "qwen3_vl": _QWEN,
        "smolvlm": _TILES,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The words of a conversation: before the image, between it and the question, from there to the
    answer, and before the answer's own first word."""

    before: str = ""
    between: str = ""
    after: str = ""
    lead: str = ""


class VisionLanguage(Generator):
    """Its `encode` gives the images themselves: what the decoder reads is made in one forward."""

    remembers = False

    def __init__(self, model: nn.Module, size: int) -> None:
        """size: of every image, pixels a side."""
        super().__init__()
        self.model = cast(Any, model)
        config = self.model.config
        self.layout = LAYOUTS[config.model_type]
        self.image_id = int(config.image_token_id)
        text = config.get_text_config()
        self.embedded = int(text.vocab_size)
        self.positions = int(text.max_position_embeddings)
        own = self.model.generation_config
        self.pad = first(_id(text, "pad"), own.pad_token_id, own.eos_token_id, default=0)
        self.end = first(_id(text, "eos"), own.eos_token_id, default=-1)
        self.frame = Frame()
        self.start: tuple[int, ...] = ()
        self.around: tuple[list[int], list[int]] = ([], [])
        self.image_tokens = self._counted(size)

    @property
    def encoder(self) -> nn.Module:
        return cast(nn.Module, self.model.get_encoder(modality="image"))

    def encode(self, media: Tensor) -> Tensor:
        return media

    def logits(self, memory: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        found: Tensor = self.model(**self._inputs(memory, ids, mask), use_cache=False).logits
        return found

    def generate(self, memory: Tensor, ids: Tensor, mask: Tensor, max_new_tokens: int) -> Tensor:
        found: Tensor = self.model.generate(
            **self._inputs(memory, ids, mask),
            max_new_tokens=max_new_tokens,
            eos_token_id=self.end,
            pad_token_id=self.pad,
            **GREEDY,
        )
        return found[:, ids.shape[1] :]

    def _inputs(self, pixels: Tensor, ids: Tensor, mask: Tensor) -> Inputs:
        found = {"input_ids": ids, "attention_mask": mask}
        found |= self.layout.pixels(pixels, self.model.config)
        if "image_grid_thw" in found:
            found["mm_token_type_ids"] = (ids == self.image_id).to(torch.int32)
        return found

    # ------------------------------------------------------------------------------ words

    def spelling(self) -> Mapping[str, Any]:
        return {
            **super().spelling(),
            "frame": asdict(self.frame),
            "start": list(self.start),
            "around": list(self.around),
            "image": [self.image_id, self.image_tokens],
        }

    def take(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        super().take(tokenizer)
        known = tokenizer.get_vocab()
        self.frame = frame_of(tokenizer, str(tokenizer.convert_ids_to_tokens(self.image_id)))
        added = tokenizer.chat_template is None and tokenizer.bos_token_id is not None
        self.start = (int(cast(int, tokenizer.bos_token_id)),) if added else ()
        lead, tail = (
            [known[token] for token in side if token in known]
            for side in (self.layout.lead, self.layout.tail)
        )
        self.around = (lead, tail)
        end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
        if end is not None:  # the token that ends a turn, which may be another than the model's
            self.end = int(cast(int, end))
        if pad is not None:
            self.pad = int(cast(int, pad))

    def prompt(self, tokenizer: "PreTrainedTokenizerBase", text: str | None) -> list[int]:
        frame, (lead, tail) = self.frame, self.around
        before = ids_of(tokenizer, frame.before) if frame.before else []
        asked = ids_of(tokenizer, f"{frame.between}{text or ''}{frame.after}")
        return [
            *self.start,
            *before,
            *lead,
            *[self.image_id] * self.image_tokens,
            *tail,
            *asked,
        ]

    def answer(self, tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
        return [*ids_of(tokenizer, self.frame.lead + text), self.end]

    @torch.no_grad()
    def _counted(self, size: int) -> int:
        """Tokens of an image, by a black one."""
        black = torch.zeros(1, 3, size, size) - 1.0
        arguments = self.layout.pixels(black, self.model.config)
        found = self.model.get_image_features(**arguments, return_dict=True).pooler_output
        return int(found[0].shape[0])


def frame_of(tokenizer: "PreTrainedTokenizerBase", image: str) -> Frame:
    """What the tokenizer's chat template puts around; nothing where it has none.

    image: the token that stands for an image. CardError unless the template puts one image before
    one question, and the question before the answer.
    """
    if tokenizer.chat_template is None:
        return Frame()
    asked = {
        "role": "user",
        "content": [{"type": "image"}, {"type": "text", "text": QUESTION}],
    }
    answered = {"role": "assistant", "content": [{"type": "text", "text": ANSWER}]}
    template = cast(Any, tokenizer.apply_chat_template)
    prompt: str = template([asked], tokenize=False, add_generation_prompt=True)
    whole: str = template([asked, answered], tokenize=False)
    try:
        before, rest = prompt.split(image)
        between, after = rest.split(QUESTION)
        lead, _ = whole.split(ANSWER)
    except ValueError:
        raise CardError(
            f"the chat template puts {prompt.count(image)} images ({image}) and "
            f"{prompt.count(QUESTION)} questions into a prompt; one of each is needed"
        ) from None
    # some templates write the answer's turn otherwise than the prompt that asks for it
    lead = lead.removeprefix(prompt) if lead.startswith(prompt) else ""
    return Frame(before=before, between=between, after=after, lead=lead)


def first(*values: Any, default: int) -> int:
    """The first id that a config gives."""
    known = (single(value) for value in values)
    return next((int(value) for value in known if value is not None), default)


def _id(config: Any, which: str) -> int | None:
    """The config's own, which some families leave to the generation config."""
    found: int | None = getattr(config, f"{which}_token_id", None)
    return found
