"""Backbones of `timm`, without their classifier: from a folder, a weights file, or at random."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import timm
from safetensors import SafetensorError
from timm.models import save_for_hf
from torch import nn

from mmbench.cards import ImageRules
from mmbench.errors import CardError, TrialError, did_you_mean, first_line
from mmbench.models.weights import Tensors, read_tensors, rename_by_order


def from_folder(folder: Path, architecture: str) -> nn.Module:
    """The model of a folder with timm's config.json and weights, as on the hub or as we save it.

    It is loaded with the classifier that it was saved with, because timm is strict only then: a
    missing weight would otherwise start at random without a word.
    """
    _check_name(architecture)
    try:
        model = timm.create_model(f"local-dir:{folder}", pretrained=True)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise TrialError(f"{folder}: timm cannot load it: {first_line(error, 300)}") from error
    except (pickle.UnpicklingError, EOFError) as error:
        raise TrialError(f"{folder}: the weights are damaged or hold more than tensors") from error
    written = cast(Any, model).pretrained_cfg["architecture"]
    if written != architecture.partition(".")[0]:
        raise TrialError(f"{folder}: it holds {written}, but the card says {architecture}")
    return _headless(model)


def from_file(
    path: Path, architecture: str, *, tensors: Literal["by_name", "by_order"]
) -> nn.Module:
    """The architecture with the weights of one file, which may hold its classifier or not.

    TrialError unless every weight is there, and nothing else.
    """
    _check_name(architecture)
    model = timm.create_model(architecture, pretrained=False)
    given = read_tensors(path)
    if tensors == "by_order":
        given = rename_by_order(given, model.state_dict(), str(path))
    if set(model.state_dict()) != set(given):
        model = _headless(model)
    _check_names(given, set(model.state_dict()), path)
    try:
        model.load_state_dict(given)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise TrialError(f"{path}: does not fit {architecture}: {reason[:300]}") from error
    return _headless(model)


def random(architecture: str, config: Mapping[str, Any], where: str) -> nn.Module:
    """The architecture with weights drawn from torch's default generator."""
    _check_name(architecture)
    try:
        model = timm.create_model(architecture, pretrained=False, **{"num_classes": 0, **config})
    except (TypeError, ValueError, AssertionError, RuntimeError) as error:
        raise CardError(f"{where}: source.config does not fit {architecture}: {error}") from error
    return _headless(model)


def save(model: nn.Module, folder: Path, rules: ImageRules) -> None:
    """model.safetensors and config.json, which `timm.create_model("local-dir:…")` reads.

    The config carries the preprocessing that the model was used with, not its original one.
    """
    save_for_hf(
        model,
        str(folder),
        safe_serialization=True,
        data_config={
            "input_size": (3, rules.size, rules.size),
            "mean": rules.mean,
            "std": rules.std,
            "interpolation": rules.interpolation,
            "crop_pct": rules.crop_fraction,
            "crop_mode": "squash" if rules.fit == "squash" else "center",
        },
    )


def _headless(model: nn.Module) -> nn.Module:
    if cast(Any, model).num_classes:
        cast(Any, model).reset_classifier(0)
    return model


def _check_name(architecture: str) -> None:
    if not timm.is_model(architecture):
        hint = did_you_mean(architecture, timm.list_models())
        raise CardError(f"architecture {architecture!r} is not in timm {timm.__version__}{hint}")


def _check_names(given: Tensors, wanted: set[str], path: Path) -> None:
    missing, unknown = sorted(wanted - set(given)), sorted(set(given) - wanted)
    if missing or unknown:
        example = f"lacks {missing[0]}" if missing else f"holds {unknown[0]}"
        raise TrialError(
            f"{path}: {len(missing)} weights missing and {len(unknown)} unknown; it {example}. "
            "If the same tensors stand in the same order, set source.tensors: by_order"
        )
