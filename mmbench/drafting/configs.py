"""A config.json of `transformers` → the fields that a card states: those that are not usual."""

from collections.abc import Mapping
from typing import Any

from mmbench.errors import CardError, did_you_mean

HOUSEKEEPING = frozenset(
    (
        *("architectures", "transformers_version", "_name_or_path", "_attn_implementation"),
        *("dtype", "torch_dtype", "use_cache", "output_attentions", "output_hidden_states"),
        *("return_dict", "id2label", "label2id", "num_labels", "problem_type", "auto_map"),
        *("finetuning_task", "task_specific_params", "gradient_checkpointing"),
    )
)
"""Fields of every config that are not of the architecture."""

NEEDED = ("encoder", "decoder")
"""Towers of any architecture, which a config names even where they are the usual ones."""


def stated(config: Mapping[str, Any], where: str) -> dict[str, Any]:
    """model_type, and what differs from its defaults, the towers' configs alike.

    What the installed transformers does not know is left out, as the library itself does.
    CardError for a model_type that is unknown.
    """
    model_type = config.get("model_type")
    usual = usual_of(model_type)
    if not usual:
        from transformers.models.auto.configuration_auto import CONFIG_MAPPING

        hint = did_you_mean(str(model_type), CONFIG_MAPPING)
        raise CardError(
            f"{where}: model_type {model_type!r} is unknown to the installed transformers{hint}"
        )
    return {"model_type": model_type, **_differing(config, usual)}


def usual_of(model_type: object) -> Mapping[str, Any]:
    """All fields of a config class with its defaults; {} for one that is not known."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    if not isinstance(model_type, str) or model_type not in CONFIG_MAPPING:
        return {}
    found: dict[str, Any] = CONFIG_MAPPING[model_type]().to_dict()
    return found


def _differing(said: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in said.items():
        if name == "model_type" or name not in usual or name in HOUSEKEEPING:
            continue
        default = usual[name]
        if isinstance(value, Mapping) and isinstance(default, Mapping) and "model_type" in default:
            inner = _of_tower(value, default)
            if name in NEEDED:
                inner = {"model_type": value.get("model_type", default["model_type"]), **inner}
            if inner:
                found[name] = inner
        elif value != default:
            found[name] = value
    return found


def _of_tower(said: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """usual: the composite's own; a tower of another architecture has that one's defaults."""
    own = said.get("model_type", usual["model_type"])
    if own == usual["model_type"]:
        return _differing(said, usual)
    return {"model_type": own, **_differing(said, usual_of(own) or usual)}
