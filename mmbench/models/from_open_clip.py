"""Models of `open_clip`: from a folder, from one weights file, or at random; and onto disk.

Nothing here reaches the network. open_clip's own loader would, for a text tower of transformers;
and it stretches position embeddings and fills a missing bias without a word, so weights are
loaded here, all of them or none.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, cast

import open_clip
from open_clip.convert import convert_state_dict
from open_clip.model import convert_to_custom_text_state_dict
from safetensors.torch import save_file
from torch import nn
from transformers import AutoConfig, PretrainedConfig

from mmbench.cards import ImageRules
from mmbench.errors import CardError, TrialError
from mmbench.models.from_transformers import quiet
from mmbench.models.hub import OPEN_CLIP
from mmbench.models.open_clip_config import (
    FILE,
    OUR_NAME,
    ModelConfig,
    Stored,
    check_name,
    of_architecture,
    of_folder,
)
from mmbench.models.weights import Tensors, read_tensors, rename_by_order

TEXT_CONFIG = "text_config.json"
"""The config of a text tower of transformers, which open_clip itself asks the hub for."""

WRONG_FIELDS = (TypeError, ValueError, KeyError, AssertionError, RuntimeError, ZeroDivisionError)

_ROBERTA = {
    "layer_norm_eps": 1e-5,
    "max_position_embeddings": 514,
    "type_vocab_size": 1,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
}
_XLM = {"model_type": "xlm-roberta", "vocab_size": 250002, **_ROBERTA}
_LARGE = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_attention_heads": 16,
    "num_hidden_layers": 24,
}
KNOWN_TEXTS: Mapping[str, Mapping[str, Any]] = {
    "roberta-base": {"model_type": "roberta", "vocab_size": 50265, **_ROBERTA},
    "xlm-roberta-base": _XLM,
    "xlm-roberta-large": {**_XLM, **_LARGE},
}
"""Text towers whose config need not lie in the folder; the rest is the library's default."""


def from_folder(folder: Path, architecture: str) -> tuple[nn.Module, Stored]:
    """The model of a folder with open_clip_config.json and weights, as on the hub or as we save it.

    TrialError if it holds another architecture, or not every weight of it and nothing else.
    """
    stored = of_folder(folder)
    check_name(folder, stored, architecture)
    places = [folder / OPEN_CLIP.safe, folder / OPEN_CLIP.pickled]
    path = next((path for path in places if path.is_file()), None)
    if path is None:
        raise TrialError(f"{folder}: neither {OPEN_CLIP.safe} nor {OPEN_CLIP.pickled} is here")
    try:
        model = _network(stored.config, folder)
    except TrialError:
        raise
    except WRONG_FIELDS as error:
        raise TrialError(
            f"{folder / FILE}: open_clip makes no model of it: {_brief(error)}"
        ) from error
    _fill(model, read_tensors(path), path)
    return model, stored


def from_file(
    path: Path, architecture: str, *, tensors: Literal["by_name", "by_order"], where: str
) -> tuple[nn.Module, Stored]:
    """The architecture with the weights of one file."""
    config = of_architecture(architecture, {}, where)
    model = _network(config, None)
    given = read_tensors(path)
    if tensors == "by_order":
        given = rename_by_order(given, model.state_dict(), str(path))
    _fill(model, given, path)
    return model, Stored(config=config, name=architecture, normalisation=None)


def random(
    architecture: str, overrides: Mapping[str, Any], where: str
) -> tuple[nn.Module, ModelConfig]:
    """The architecture, some fields changed, with weights from torch's default generator."""
    config = of_architecture(architecture, overrides, where)
    try:
        return _network(config, None), config
    except WRONG_FIELDS as error:
        raise CardError(
            f"{where}: source.config does not fit {architecture}: {_brief(error)}"
        ) from error


def save(
    model: nn.Module, folder: Path, architecture: str, config: ModelConfig, rules: ImageRules
) -> None:
    """open_clip_config.json and open_clip_model.safetensors, which open_clip's `local-dir:` reads.

    The config carries the preprocessing that the model was used with, not its original one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(tensors, folder / OPEN_CLIP.safe, metadata={"format": "pt"})
    inner = getattr(getattr(model, "text", None), "config", None)
    if isinstance(inner, PretrainedConfig):
        inner.to_json_file(folder / TEXT_CONFIG)
    pixels = {
        "mean": rules.mean,
        "std": rules.std,
        "interpolation": rules.interpolation,
        "resize_mode": "squash" if rules.fit == "squash" else "shortest",
    }
    said = {OUR_NAME: architecture, "model_cfg": config, "preprocess_cfg": pixels}
    (folder / FILE).write_text(json.dumps(said, indent=2))


def _network(config: ModelConfig, folder: Path | None) -> nn.Module:
    """The class that open_clip's factory chooses for such a config, on no weights at all."""
    given = deepcopy(config)
    custom_text = given.pop("custom_text", False)
    if given["vision_cfg"].get("timm_model_name"):
        given["vision_cfg"]["timm_model_pretrained"] = False
    name = given["text_cfg"].get("hf_model_name")
    kind: Any = open_clip.CustomTextCLIP if custom_text or name else open_clip.CLIP
    if kind is open_clip.CustomTextCLIP and "multimodal_cfg" in given:
        kind = open_clip.CoCa
    with TemporaryDirectory() as place, quiet():
        if name:  # such a config is read from a repository or a folder alone, so it gets a folder
            _text_config(name, folder).save_pretrained(place)
            given["text_cfg"] |= {"hf_model_name": place, "hf_model_pretrained": False}
        return cast(nn.Module, kind(**given).eval())


def _text_config(name: str, folder: Path | None) -> PretrainedConfig:
    """The config of a text tower of transformers: from beside the weights, a folder, or known."""
    beside = None if folder is None else folder / TEXT_CONFIG
    if beside is not None and beside.is_file():
        said = json.loads(beside.read_bytes())
        return AutoConfig.for_model(said.pop("model_type"), **said)
    if Path(name).is_dir():
        found = AutoConfig.from_pretrained(name, local_files_only=True, trust_remote_code=False)
        return cast(PretrainedConfig, found)
    if name in KNOWN_TEXTS:
        return AutoConfig.for_model(**KNOWN_TEXTS[name])
    raise TrialError(
        f"the text tower {name} is not known here ({', '.join(KNOWN_TEXTS)}); put its config.json "
        f"beside the weights as {TEXT_CONFIG}, or name a folder that has it"
    )


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _fill(model: nn.Module, given: Tensors, path: Path) -> None:
    """Load all weights; TrialError if one is missing, unknown or of another shape."""
    own = model.state_dict()
    # a model that was trained in parallel stands one level deeper
    given = {name.removeprefix("module."): tensor for name, tensor in given.items()}
    tensors: Tensors = convert_state_dict(model, given)
    if "positional_embedding" in tensors and "positional_embedding" not in own:
        tensors = convert_to_custom_text_state_dict(tensors)
    tensors.pop("text.transformer.embeddings.position_ids", None)  # a constant of old checkpoints
    for name in ("logit_scale", "logit_bias"):
        if name in own and name in tensors and tensors[name].numel() == 1:
            tensors[name] = tensors[name].reshape(own[name].shape)
    missing, unknown = sorted(own.keys() - tensors.keys()), sorted(tensors.keys() - own.keys())
    if missing or unknown:
        example = f"lacks {missing[0]}" if missing else f"holds {unknown[0]}"
        raise TrialError(
            f"{path}: {len(missing)} weights missing and {len(unknown)} unknown; it {example}. Is "
            "the architecture that of these weights?"
        )
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise TrialError(f"{path}: does not fit: {_brief(error)}") from error
