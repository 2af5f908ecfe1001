"""A folder of `transformers`: which adapter takes it, and the rules by which it reads."""

from collections.abc import Mapping
from typing import Any, cast

from mmbench.cards import AudioRules, GenerationRules, TextRules
from mmbench.cards.model import Modality
from mmbench.drafting import image_rules
from mmbench.drafting.configs import stated, usual_of
from mmbench.drafting.look import Look
from mmbench.drafting.places import Place
from mmbench.drafting.vocabularies import tokenizer_of
from mmbench.errors import CardError
from mmbench.models.clips import HOP
from mmbench.models.dual_transformers import FAMILIES
from mmbench.models.generative_loading import TWO_CONFIGS
from mmbench.models.speech import ENCODER, ON_LOG_MEL, ON_WAVEFORMS, PREPROCESSOR, STRIDE
from mmbench.models.vision_language import LAYOUTS

CONTEXT = {"chinese_clip": 52, "altclip": 77}
"""Tokens of a text in training, where config and tokenizer allow more than the authors used."""

NAMES = {
    "altclip": "AltCLIP",
    "bert": "BERT",
    "blip": "BLIP",
    "chinese_clip": "Chinese-CLIP",
    "clip": "CLIP",
    "dinov2": "DINOv2",
    "ernie": "ERNIE",
    "florence2": "Florence-2",
    "hubert": "HuBERT",
    "modernbert": "ModernBERT",
    "roberta": "RoBERTa",
    "siglip": "SigLIP",
    "vit": "ViT",
    "whisper": "Whisper",
    "xlm-roberta": "XLM-R",
}

QUESTION_TOKENS, ANSWER_TOKENS, TRANSCRIPT_TOKENS = 128, 32, 128
LONGEST_CLIP_SECONDS = 20.0
SPEECH_RATE = 16_000
VLM_IMAGE_SIZE = 448
POOLING = "1_Pooling/config.json"
SENTENCES = "sentence_bert_config.json"
UNLIMITED = 1_000_000
"""From here on a tokenizer's model_max_length says that it has none."""


def look(place: Place) -> Look:
    """CardError for a model that no adapter takes."""
    said = place.said("config.json")
    config = stated(said, str(place.folder / "config.json"))
    model_type = str(config["model_type"])
    if model_type in FAMILIES:
        return _dual(place, config)
    if model_type in LAYOUTS or model_type in ("blip", "florence2", TWO_CONFIGS):
        return _seeing_writer(place, config)
    if model_type == ON_LOG_MEL:
        return _whisper(place, config, encoder_alone=said.get("architectures") == [ENCODER])
    if model_type in ON_WAVEFORMS:
        return _waveforms(place, config)
    if _sees(model_type):
        rules, guesses = image_rules.of_processor(place.folder, model_type)
        return Look(
            adapter="image",
            library="transformers",
            family=family_of(model_type),
            modalities=("image",),
            gives=("pooled",),
            config=config,
            image=rules,
            guesses=tuple(guesses),
        )
    return _text(place, config)


def family_of(model_type: str) -> str:
    """As the registry calls it, else as transformers does."""
    return NAMES.get(model_type, model_type)


def _sees(model_type: str) -> bool:
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES,
    )

    return model_type in MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES


def _text(place: Place, config: Mapping[str, Any]) -> Look:
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

    model_type = str(config["model_type"])
    usual = usual_of(model_type)
    if model_type not in MODEL_MAPPING_NAMES or "vocab_size" not in usual:
        raise CardError(
            f"{place.folder}: a {model_type} is none of the models that the adapters take; write a "
            "class of your own: docs/add-a-model.md"
        )
    guesses = []
    most, why = _longest(place, {**usual, **config})
    guesses += [] if why is None else [why]
    pooling = place.said(POOLING)
    if pooling.get("pooling_mode_mean_tokens"):
        how = "mean"
    elif pooling.get("pooling_mode_cls_token"):
        how = "cls"
    else:
        how = "cls"
        guesses.append(f"text.pooling is cls: no {POOLING} says how its tokens become one vector")
    return Look(
        adapter="text",
        library="transformers",
        family=family_of(model_type),
        modalities=("text",),
        gives=("pooled", "tokens"),
        config=config,
        text=TextRules(max_tokens=most, pooling=cast(Any, how)),
        guesses=tuple(guesses),
    )


def _longest(place: Place, config: Mapping[str, Any]) -> tuple[int, str | None]:
    """Tokens of the longest text, and why, where no file says it."""
    trained = place.said(SENTENCES).get("max_seq_length")
    if isinstance(trained, int):
        return trained, None
    limits = [config.get("max_position_embeddings"), _tokenizer_limit(place)]
    known = [limit for limit in limits if isinstance(limit, int) and 0 < limit < UNLIMITED]
    if known:
        return min(known), None
    return 512, "text.max_tokens is 512: neither the config nor the tokenizer has a limit"


def _tokenizer_limit(place: Place) -> int | None:
    found = place.said("tokenizer_config.json").get("model_max_length")
    return found if isinstance(found, int) else None


def _dual(place: Place, config: Mapping[str, Any]) -> Look:
    from transformers import AutoConfig

    model_type = str(config["model_type"])
    whole: Any = AutoConfig.for_model(**config)
    needs = FAMILIES[model_type].text(whole.text_config)
    guesses = []
    most = needs.positions
    if needs.padding == "longest":
        limits = [most, _tokenizer_limit(place) or most, CONTEXT.get(model_type, most)]
        most = min(limits)
        if most == CONTEXT.get(model_type) and most not in limits[:2]:
            guesses.append(f"text.max_tokens is {most}, as the authors of {model_type} trained it")
    text = TextRules(
        max_tokens=most,
        pooling="own",
        padding=needs.padding,
        lower_case=needs.lower_case and _keeps_capitals(place),
    )
    rules, more = image_rules.of_processor(place.folder, model_type)
    return Look(
        adapter="dual",
        library="transformers",
        family=family_of(model_type),
        modalities=("image", "text"),
        gives=("pooled", "paired", "joint"),
        config=config,
        text=text,
        image=rules,
        guesses=(*guesses, *more),
    )


def _keeps_capitals(place: Place) -> bool:
    tokenizer = tokenizer_of(place)
    if tokenizer is None:
        return False
    capital, small = tokenizer.encode(("A RED DOG", "a red dog"), 16)[0]
    return capital != small


def _seeing_writer(place: Place, config: Mapping[str, Any]) -> Look:
    model_type = str(config["model_type"])
    asked = model_type in LAYOUTS
    size, guesses = _vision_size(config)
    rules, more = image_rules.of_processor(place.folder, _processed_as(config), fixed_size=size)
    guesses += [*more, f"an answer has at most {ANSWER_TOKENS} tokens (generation.max_new_tokens)"]
    modalities: tuple[Modality, ...] = ("image", "text") if asked else ("image",)
    if asked:
        guesses.append(f"a question is cut after {QUESTION_TOKENS} tokens (text.max_tokens)")
    return Look(
        adapter="generative",
        library="transformers",
        family=family_of(model_type),
        modalities=modalities,
        gives=("generates",),
        config=config,
        text=TextRules(max_tokens=QUESTION_TOKENS, pooling="own") if asked else None,
        image=rules,
        generation=GenerationRules(max_new_tokens=ANSWER_TOKENS),
        guesses=tuple(guesses),
    )


def _processed_as(config: Mapping[str, Any]) -> str:
    """The model_type whose image processor is meant: of encoder and decoder, the encoder's."""
    encoder = config.get("encoder", {}).get("model_type")
    return str(encoder or config["model_type"])


def _vision_size(config: Mapping[str, Any]) -> tuple[int, list[str]]:
    """Pixels a side that the vision tower was made for; guessed where it takes any."""
    usual = usual_of(config["model_type"])
    for name in ("vision_config", "encoder"):
        tower = {**usual.get(name, {}), **config.get(name, {})}
        size = tower.get("image_size")
        size = size[0] if isinstance(size, list | tuple) else size
        if isinstance(size, int):
            return size, []
    return VLM_IMAGE_SIZE, [f"image.size is {VLM_IMAGE_SIZE}: the model takes images of any size"]


def _whisper(place: Place, config: Mapping[str, Any], *, encoder_alone: bool) -> Look:
    whole = {**usual_of(ON_LOG_MEL), **config}
    told = place.said(PREPROCESSOR)
    rate = int(told.get("sampling_rate", SPEECH_RATE))
    rules = AudioRules(
        sampling_rate=rate,
        features="log_mel",
        max_seconds=whole["max_source_positions"] * STRIDE * HOP / rate,
        mel_bins=int(whole["num_mel_bins"]),
        padding="max",
    )
    most = min(TRANSCRIPT_TOKENS, int(whole["max_target_positions"]) - 1)
    guesses = (
        f"a transcript has at most {most} tokens (generation.max_new_tokens)",
        "it is the whole model, which writes; for its encoder with a head of the task: adapter "
        "audio, gives [pooled, tokens], and no generation",
    )
    return Look(
        adapter="audio" if encoder_alone else "generative",
        library="transformers",
        family=family_of(ON_LOG_MEL),
        modalities=("audio",),
        gives=("pooled", "tokens") if encoder_alone else ("generates",),
        config=config,
        audio=rules,
        generation=None if encoder_alone else GenerationRules(max_new_tokens=most),
        guesses=() if encoder_alone else guesses,
    )


def _waveforms(place: Place, config: Mapping[str, Any]) -> Look:
    told = place.said(PREPROCESSOR)
    guesses = [f"clips are cut after {LONGEST_CLIP_SECONDS:g} seconds: the model has no limit"]
    if not told:
        guesses.append(f"no {PREPROCESSOR} is there: {SPEECH_RATE} Hz, and samples as they are")
    return Look(
        adapter="audio",
        library="transformers",
        family=family_of(str(config["model_type"])),
        modalities=("audio",),
        gives=("pooled", "tokens"),
        config=config,
        audio=AudioRules(
            sampling_rate=int(told.get("sampling_rate", SPEECH_RATE)),
            features="waveform",
            max_seconds=LONGEST_CLIP_SECONDS,
            normalise=bool(told.get("do_normalize", False)),
        ),
        guesses=tuple(guesses),
    )
