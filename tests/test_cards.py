"""The rules that concern one card alone, and what follows from a card."""

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from mmbench.cards import (
    Block,
    ImageRules,
    ModelCard,
    PairModel,
    RandomModel,
    Recipe,
    SplitRule,
    Suite,
    TaskCard,
    TextRules,
    TrainedTokenizer,
)
from mmbench.errors import CardError, MmbenchError
from tests.specimens import MODEL, RECIPE, TASK

BLOCK = Block(models=("a",), tasks=("b",), recipes=("c",))
IMAGE: dict[str, Any] = {
    "size": 64,
    "fit": "crop",
    "interpolation": "bicubic",
    "mean": (0.5, 0.5, 0.5),
    "std": (0.5, 0.5, 0.5),
}


@pytest.mark.parametrize("name", ["a", "bert-base_v1.5", "0b", "x" * 64])
def test_short_plain_names_are_allowed(name: str) -> None:
    assert replace(MODEL, name=name).name == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "A", "-a", ".a", "a b", "a/b", "../a", "a\n", "a\0", "[/red]x", "é", "名"),
        *("x" * 65, "\x1b[31m", "a|b", "a`b", "<b>", "a\u202eb"),
    ],
)
@pytest.mark.parametrize("card", [MODEL, TASK, RECIPE, Suite(name="s", blocks=(BLOCK,))])
def test_names_that_could_do_harm_are_refused(
    card: ModelCard | TaskCard | Recipe | Suite, name: str
) -> None:
    with pytest.raises(CardError, match="is not allowed"):
        replace(card, name=name)


def test_every_error_is_a_value_error_that_the_command_line_can_show() -> None:
    assert issubclass(CardError, MmbenchError)
    assert issubclass(MmbenchError, ValueError)


def test_cards_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        MODEL.family = "other"  # type: ignore[misc]


# ---------------------------------------------------------------------------------- model


@pytest.mark.parametrize(
    ("country", "region"), [("CN", "domestic"), ("US", "international"), (None, None)]
)
def test_the_region_follows_from_the_country(country: str | None, region: str | None) -> None:
    assert replace(MODEL, country=country).region == region


def test_a_random_start_is_scratch_and_carries_nobodys_name() -> None:
    source = RandomModel(via="random")
    assert replace(MODEL, source=source, country=None).start == "scratch"
    assert MODEL.start == "pretrained"
    with pytest.raises(CardError, match="architecture only"):
        replace(MODEL, source=source)
    with pytest.raises(CardError, match="architecture only"):
        replace(MODEL, source=source, country=None, organisation="Somebody")


def test_rules_go_with_their_modality() -> None:
    with pytest.raises(CardError, match="'text' go with modality 'text'"):
        replace(MODEL, text=None)
    with pytest.raises(CardError, match="'image' go with modality 'image'"):
        replace(MODEL, image=ImageRules(**IMAGE))


def test_a_timm_model_names_its_architecture() -> None:
    with pytest.raises(CardError, match="architecture"):
        replace(MODEL, library="timm")


def test_a_class_of_ones_own_is_of_no_library_we_know() -> None:
    own = replace(MODEL, adapter="acme.words:Adapter", library=None)
    assert own.library is None
    with pytest.raises(CardError, match="'library' is missing"):
        replace(own, adapter="text")


def test_lengths_and_crops_have_bounds() -> None:
    with pytest.raises(CardError, match="at least 4"):
        TextRules(max_tokens=3, pooling="mean")
    with pytest.raises(CardError, match="fit: crop alone"):
        ImageRules(**IMAGE | {"fit": "squash", "crop_fraction": 0.9})
    for fraction in (0.0, -1.0, 1.1, float("nan")):
        with pytest.raises(CardError, match="crop_fraction"):
            ImageRules(**IMAGE | {"crop_fraction": fraction})


EYE = replace(
    MODEL,
    name="eye",
    modalities=("image",),
    gives=("pooled",),
    text=None,
    image=ImageRules(**IMAGE),
)
PAIR = ModelCard(
    name="both",
    family="pair",
    languages=("en",),
    modalities=("image", "text"),
    adapter="pair",
    source=PairModel(via="pair", image="eye", text="tiny"),
    gives=("paired",),
    parts={"image": EYE, "text": MODEL},
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"modalities": ("image",)}, "modalities: .image, text. and gives: .paired."),
        ({"gives": ("paired", "joint")}, "modalities: .image, text. and gives: .paired."),
        ({"library": "timm"}, "library of a pair follows from its parts"),
        ({"architecture": "vit"}, "architecture of a pair follows"),
        ({"organisation": "Somebody"}, "organisation of a pair follows"),
        ({"country": "CN"}, "country of a pair follows"),
        ({"text": TextRules(max_tokens=8, pooling="mean")}, "text of a pair follows"),
        ({"image": ImageRules(**IMAGE)}, "image of a pair follows"),
        ({"parts": {"image": MODEL, "text": EYE}}, "source.image is tiny, which is no image enc"),
        (
            {"parts": {"image": EYE, "text": replace(MODEL, gives=("tokens",))}},
            "source.text is tiny, which is no text encoder",
        ),
    ],
)
def test_a_pair_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CardError, match=said):
        replace(PAIR, **changes)


def test_only_a_pair_has_parts_and_only_a_pair_needs_no_library() -> None:
    with pytest.raises(CardError, match="parts belong to a pair or a fusion alone"):
        replace(MODEL, parts={"text": MODEL})
    with pytest.raises(CardError, match="'library' is missing"):
        replace(MODEL, library=None)


def test_a_pair_is_as_pretrained_and_as_domestic_as_both_its_parts() -> None:
    assert (PAIR.start, PAIR.region) == ("pretrained", "domestic")
    abroad = replace(EYE, country="US")
    assert replace(PAIR, parts={"image": abroad, "text": MODEL}).region is None
    blank = replace(EYE, country=None, source=RandomModel(via="random"))
    assert replace(PAIR, parts={"image": blank, "text": MODEL}).start == "scratch"


def test_a_trained_tokenizer_has_room_for_characters() -> None:
    assert TrainedTokenizer(via="trained", vocabulary=100).vocabulary == 100
    with pytest.raises(CardError, match=r"tokenizer\.vocabulary is 99; at least 100"):
        TrainedTokenizer(via="trained", vocabulary=99)


# ----------------------------------------------------------------------------------- task


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"inputs": {}}, "inputs names no column"),
        ({"metrics": ()}, "metrics is empty"),
        ({"splits": {"test": SplitRule()}}, "no 'train'"),
        ({"splits": {"train": SplitRule(cut_from="all", fraction=0.5)}}, "which is absent"),
        ({"group_exempt": ("test",)}, "needs group"),
        ({"group": "g", "group_exempt": ("test",)}, "which is no split"),
    ],
)
def test_a_task_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CardError, match=said):
        replace(TASK, **changes)


@pytest.mark.parametrize(
    "rule",
    [
        {"cut_from": "train"},
        {"fraction": 0.5},
        {"cut_from": "train", "fraction": 0.0},
        {"cut_from": "train", "fraction": 1.0},
        {"cut_from": "train", "fraction": 0.5, "part": "all"},
        {"cut_from": "train", "fraction": 0.5, "where": {"a": (1,)}},
    ],
)
def test_a_split_is_either_cut_or_taken(rule: dict[str, Any]) -> None:
    with pytest.raises(CardError):
        SplitRule(**rule)


def test_the_first_metric_is_primary() -> None:
    assert TASK.primary == "accuracy"


# --------------------------------------------------------------------------------- recipe


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"learning_rates": ()}, "needs learning_rates"),
        ({"epochs": None}, "needs learning_rates and epochs"),
        ({"head": "mlp"}, "needs head_width"),
        ({"head_width": 8}, "used by head: mlp alone"),
        ({"momentum": 0.9}, "used by optimizer: sgd alone"),
        ({"micro_batch": 4}, "not used by strategy: probe"),
        ({"strategy": "full", "micro_batch": 64}, "larger than batch_size"),
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"evaluations": 0}, "evaluations is 0"),
        ({"patience": 0}, "patience is 0"),
        ({"learning_rates": (0.1, 0.0)}, "above 0"),
        ({"learning_rates": (0.1, 0.1)}, "repeats"),
        ({"warmup": 1.0}, "warmup is 1.0"),
        ({"dropout": -0.1}, "dropout"),
        ({"label_smoothing": 1.5}, "label_smoothing"),
        ({"weight_decay": -1.0}, "weight_decay"),
        ({"clip_norm": 0.0}, "clip_norm"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CardError, match=said):
        replace(RECIPE, **changes)


@pytest.mark.parametrize("field", ["weight_decay", "dropout", "warmup", "clip_norm"])
def test_nan_is_no_setting(field: str) -> None:
    changes: dict[str, Any] = {field: float("nan")}
    with pytest.raises(CardError):
        replace(RECIPE, **changes)


@pytest.mark.parametrize("rate", [float("nan"), float("inf")])
def test_a_learning_rate_is_finite(rate: float) -> None:
    with pytest.raises(CardError, match="learning_rates"):
        replace(RECIPE, learning_rates=(rate,))


@pytest.mark.parametrize(
    "changes", [{"epochs": 1}, {"learning_rates": (0.1,)}, {"dropout": 0.5}, {"patience": 2}]
)
def test_zero_shot_refuses_what_only_training_uses(changes: dict[str, Any]) -> None:
    plain = Recipe(name="zero", strategy="zero_shot")
    with pytest.raises(CardError, match=f"{next(iter(changes))} is not used"):
        replace(plain, **changes)


def test_zero_shot_may_say_how_it_is_computed() -> None:
    assert Recipe(name="zero", strategy="zero_shot", batch_size=8, precision="bf16").epochs is None


# ---------------------------------------------------------------------------------- suite


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"blocks": ()}, "at least one block"),
        ({"seeds": ()}, "one seed"),
        ({"seeds": (0, 0)}, "different whole numbers"),
        ({"seeds": (-1,)}, "different whole numbers"),
        ({"limit": 0}, "limit is 0"),
    ],
)
def test_a_suite_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CardError, match=said):
        replace(Suite(name="s", blocks=(BLOCK,)), **changes)


def test_only_a_number_has_a_unit() -> None:
    numbers = replace(TASK, kind="regression", metrics=("mae",), unit={"en": "strokes"})
    assert numbers.unit == {"en": "strokes"}
    with pytest.raises(CardError, match=r"unit is of a number; the targets of classification"):
        replace(TASK, unit={"en": "strokes"})
