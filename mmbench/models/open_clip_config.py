"""What an architecture of `open_clip` is made of: the `model_cfg` of its name or of a folder."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import open_clip
from open_clip.coca_model import MultimodalCfg

from mmbench.errors import CardError, TrialError, did_you_mean
from mmbench.models.towers import Normalisation

FILE = "open_clip_config.json"
OUR_NAME = "architecture"
"""The field of FILE in which we note the name; open_clip itself notes none."""

TOWERS = {"vision_cfg": open_clip.CLIPVisionCfg, "text_cfg": open_clip.CLIPTextCfg}
PARTS = {**TOWERS, "multimodal_cfg": MultimodalCfg}
WHOLE = (
    "embed_dim",
    "quick_gelu",
    "custom_text",
    "init_logit_scale",
    "init_logit_bias",
    "nonscalar_logit_scale",
)
NOT_BUILT_IN = ("hf_model_pretrained", "timm_model_pretrained")
"""Which weights to begin with: never asked for, since they would come from the network."""

TOKENIZER = ("hf_tokenizer_name", "tokenizer_mode", "tokenizer_kwargs")

ModelConfig = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What FILE says. name: the architecture it was made from, if it says so."""

    config: ModelConfig
    name: str | None
    normalisation: Normalisation | None


def of_architecture(name: str, overrides: Mapping[str, Any], where: str) -> ModelConfig:
    """The architecture's own config with some fields changed, towers field by field.

    CardError for a name or a field that open_clip does not know.
    """
    base = open_clip.get_model_config(name) if name in open_clip.list_models() else None
    if base is None:
        hint = did_you_mean(name, open_clip.list_models())
        raise CardError(
            f"{where}: architecture {name!r} is not in open_clip {open_clip.__version__}{hint}"
        )
    merged = _merged(base, overrides)
    for problem in _unknown(merged):
        raise CardError(f"{where}: source.config.{problem}")
    return merged


def of_folder(folder: Path) -> Stored:
    """TrialError if FILE is absent, damaged, or says what this open_clip does not know."""
    path = folder / FILE
    try:
        said = json.loads(path.read_bytes())
        config = dict(said["model_cfg"])
        pixels = said.get("preprocess_cfg", {})
        stated = (pixels["mean"], pixels["std"]) if {"mean", "std"} <= pixels.keys() else None
        name = said.get(OUR_NAME)
    except FileNotFoundError:
        raise TrialError(
            f"{folder}: no {FILE} here; a checkpoint of transformers needs library: transformers"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrialError(f"{path}: is no config of open_clip: {error!r}") from error
    for problem in _unknown(config):
        raise TrialError(f"{path}: {problem}; is it of another version of open_clip?")
    normalisation = None if stated is None else (tuple(stated[0]), tuple(stated[1]))
    return Stored(config=config, name=name, normalisation=normalisation)


def names_of(stored: Stored) -> list[str]:
    """The architectures that it may be, that of its own name alone if it has one."""
    if stored.name is not None:
        return [stored.name]
    theirs = _compared(stored.config)
    return [
        name
        for name in open_clip.list_models()
        if _compared(of_architecture(name, {}, name)) == theirs
    ]


def check_name(folder: Path, stored: Stored, architecture: str) -> None:
    """TrialError unless the folder holds the architecture that the card names."""
    if stored.name is not None:
        if stored.name != architecture:
            raise TrialError(f"{folder}: it holds {stored.name}, but the card says {architecture}")
        return
    own = _compared(of_architecture(architecture, {}, str(folder)))
    theirs = _compared(stored.config)
    for field in sorted(own.keys() | theirs.keys()):
        if own.get(field) != theirs.get(field):
            raise TrialError(
                f"{folder}: its {field} is {theirs.get(field)}, but that of {architecture}, which "
                f"the card names, is {own.get(field)}"
            )


def _merged(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> ModelConfig:
    merged = deepcopy(dict(base))
    for name, value in overrides.items():
        inner = merged.get(name)
        if isinstance(inner, dict) and isinstance(value, Mapping):
            merged[name] = _merged(inner, value)
        else:
            merged[name] = deepcopy(value)
    return merged


def _unknown(config: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the fields of a config, the first thing first."""
    for name in TOWERS:
        if not isinstance(config.get(name), Mapping):
            yield f"{name} is missing, or is no mapping"
            return
    for name in config:
        if name not in WHOLE and name not in PARTS:
            yield f"{name} is unknown{did_you_mean(name, [*WHOLE, *PARTS])}"
    for part, kind in PARTS.items():
        known = [field.name for field in fields(kind)]
        for name in config.get(part, {}):
            if name not in known:
                yield f"{part}.{name} is unknown{did_you_mean(name, known)}"


def _compared(config: ModelConfig) -> dict[str, Any]:
    """What makes an architecture, with all defaults filled in: field → value."""
    found = {name: config.get(name) or None for name in ("embed_dim", "quick_gelu")}
    for part, kind in TOWERS.items():
        for name, value in asdict(kind(**config[part])).items():
            if name not in NOT_BUILT_IN and name not in TOKENIZER:
                found[f"{part}.{name}"] = value
    return found
