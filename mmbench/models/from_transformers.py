"""Backbones and tokenizers of `transformers`, from a local folder or from a config.

Nothing here reaches the network and no code of a repository is ever run.
"""

import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.utils import logging as _logging

from mmbench.cards import (
    FolderModel,
    HubModel,
    ModelScopeModel,
    NoTokenizer,
    PackageModel,
    TrainedTokenizer,
)
from mmbench.errors import CardError, TrialError, brief, did_you_mean
from mmbench.models.cutting import FastTokenizer, SlowTokenizer
from mmbench.models.sources import locate

POOLER = "pooler."
TOKENIZER_FILES = ("tokenizer*.json", "vocab.txt", "vocab.json", "*.model")


def pretrained(folder: Path, *, of_class: type[PreTrainedModel] | None = None) -> PreTrainedModel:
    """The base model that `save_pretrained` wrote into `folder`, in float32.

    of_class: where it is not the one that AutoModel makes of the config (an encoder alone).

    Safetensors are read where they exist, `.bin` files as plain tensors only. A pooler whose
    weights the checkpoint lacks is removed, since random weights would pass for pretrained ones;
    TrialError if any other weight is missing.
    """
    if not folder.is_dir():
        raise TrialError(
            f"{folder}: transformers loads a folder (config.json, model.safetensors, …), not a file"
        )
    try:
        with quiet():
            model, report = cast(Any, of_class or AutoModel).from_pretrained(
                folder,
                dtype=torch.float32,
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
            )
    except pickle.UnpicklingError as error:
        raise TrialError(
            f"{folder}: the weights hold more than tensors, so nothing of them was run; convert "
            "them to safetensors where you trust them"
        ) from error
    except (OSError, ValueError, KeyError, RuntimeError, EOFError, SafetensorError) as error:
        raise TrialError(f"{folder}: transformers cannot load it: {brief(error, 300)}") from error
    missing = sorted(report["missing_keys"])
    if missing and all(name.startswith(POOLER) for name in missing):
        model.pooler = None
    elif missing:
        raise TrialError(
            f"{folder}: {len(missing)} weights are missing, e.g. {missing[0]}; they would start at "
            "random. Is config.json that of these weights?"
        )
    return cast(PreTrainedModel, model)


def random(
    config: Mapping[str, Any], where: str, *, of_class: type[PreTrainedModel] | None = None
) -> PreTrainedModel:
    """A model of this config with weights drawn from torch's default generator, in float32.

    of_class: as of `pretrained`.
    CardError names what the architecture does not know: the library itself would ignore it.
    """
    fields = checked_fields(config, f"{where}: source.config")
    try:
        with quiet():
            built = AutoConfig.for_model(**fields)
            if of_class is None:
                model = cast(Any, AutoModel).from_config(
                    built, dtype=torch.float32, trust_remote_code=False
                )
            else:
                model = cast(Any, of_class)._from_config(built, dtype=torch.float32)
    except (TypeError, ValueError, StrictDataclassError) as error:
        raise CardError(f"{where}: source.config makes no model: {brief(error, 300)}") from error
    return cast(PreTrainedModel, model)


def checked_fields(config: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The config's own; CardError names what its architecture does not know."""
    fields = dict(config)
    model_type = fields.pop("model_type", None)
    if not isinstance(model_type, str) or model_type not in CONFIG_MAPPING:
        hint = did_you_mean(str(model_type), CONFIG_MAPPING)
        raise CardError(f"{where}.model_type {model_type!r} is unknown{hint}")
    with quiet():
        known = CONFIG_MAPPING[model_type]().to_dict()
    _check_fields(where, fields, known)
    return dict(config)


def _check_fields(where: str, fields: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """CardError for a field that the config, or the config of one of its towers, has not."""
    for name, value in fields.items():
        if name not in known:
            raise CardError(f"{where}.{name} is unknown{did_you_mean(name, known)}")
        inner = known[name]
        if name.endswith("_config") and isinstance(value, Mapping) and isinstance(inner, Mapping):
            own = value.get("model_type")
            if (
                isinstance(own, str) and own in CONFIG_MAPPING
            ):  # a part of another architecture than the usual one
                inner = CONFIG_MAPPING[own]().to_dict()
            _check_fields(f"{where}.{name}", value, inner)


def tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """The fast tokenizer in `folder`; TrialError if there is none."""
    found = _any_tokenizer(folder)
    if not found.is_fast:
        raise TrialError(f"{folder}: only fast tokenizers (tokenizer.json) are supported")
    return cast(PreTrainedTokenizerFast, found)


def cutter(folder: Path) -> FastTokenizer | SlowTokenizer:
    """The tokenizer in `folder`, fast or not; TrialError if there is none."""
    found = _any_tokenizer(folder)
    return FastTokenizer(found) if found.is_fast else SlowTokenizer(found)


def cutter_if_any(folder: Path) -> FastTokenizer | SlowTokenizer | None:
    """The tokenizer in `folder`; None if no file of one is there, as where none was ever needed."""
    found = any(path for pattern in TOKENIZER_FILES for path in folder.glob(pattern))
    return cutter(folder) if found else None


def borrowed(
    source: (
        HubModel | ModelScopeModel | FolderModel | PackageModel | TrainedTokenizer | NoTokenizer
    ),
) -> FastTokenizer | SlowTokenizer | None:
    """The tokenizer that a random start names; None where it is yet to be trained, or never."""
    return None if isinstance(source, TrainedTokenizer | NoTokenizer) else cutter(locate(source))


def _any_tokenizer(folder: Path) -> Any:
    try:
        with quiet():
            found = AutoTokenizer.from_pretrained(
                folder, trust_remote_code=False, local_files_only=True
            )
    except ImportError as error:  # what SigLIP's own tokenizer says without SentencePiece
        raise TrialError(
            f"{folder}: the tokenizer needs another package: {brief(error)[:160]}\n"
            "Run: pip install sentencepiece protobuf"
        ) from error
    # a missing vocabulary surfaces as TypeError, a broken tokenizer.json as bare Exception
    except Exception as error:
        raise TrialError(f"{folder}: no tokenizer can be loaded: {brief(error, 300)}") from error
    if len(found) <= len(found.all_special_ids):  # what the library makes of a missing vocabulary
        raise TrialError(f"{folder}: no tokenizer files here (tokenizer.json, vocab.txt, …)")
    return found


@contextmanager
def quiet() -> Iterator[None]:
    """Without the library's progress bar and load report; what matters becomes an error above."""
    logging = cast(Any, _logging)  # untyped upstream
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    if bars:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
