"""What is planned, what is refused and why, with nothing heavy loaded."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import Block, Recipe, Suite
from mmbench.catalog import Catalog, builtin_root
from mmbench.errors import CardError, PlanError
from mmbench.plan import mismatch, plan
from tests.specimens import (
    MODEL,
    MODEL_FIELDS,
    RECIPE,
    RECIPE_FIELDS,
    TASK,
    TASK_FIELDS,
    write_card,
    write_cards,
)

IMAGE_RULES = {
    "size": 8,
    "fit": "squash",
    "interpolation": "bicubic",
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
}
RETRIEVAL = {
    "kind": "retrieval",
    "inputs": {"image": "picture", "text": "note"},
    "target": {"column": "concept"},
    "metrics": ["mean_recall"],
}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    root = write_cards(tmp_path / "cards")
    write_card(root, "recipes", RECIPE_FIELDS, name="full", strategy="full")
    write_card(
        root, "recipes", RECIPE_FIELDS, name="lora", strategy="lora", lora_rank=4, lora_alpha=8.0
    )
    zero = {"learning_rates": None, "epochs": None}
    write_card(root, "recipes", RECIPE_FIELDS, name="zero", strategy="zero_shot", **zero)
    write_card(root, "models", MODEL_FIELDS, name="tiny-2")
    write_card(root, "recipes", RECIPE_FIELDS, name="by-name", head="zero_shot")
    write_card(root, "recipes", RECIPE_FIELDS, name="wide", projection_width=8)
    write_card(root, "recipes", RECIPE_FIELDS, name="smooth", label_smoothing=0.1)
    write_card(
        root, "recipes", RECIPE_FIELDS, name="zero-zh", strategy="zero_shot", prompts="zh", **zero
    )
    both = {"modalities": ["text", "image"], "image": IMAGE_RULES}
    spaces = ["joint", "paired", "pooled"]
    write_card(root, "models", MODEL_FIELDS, name="joint", gives=spaces, **both)
    write_card(root, "models", MODEL_FIELDS, name="french", gives=spaces, languages=["fr"], **both)
    write_card(root, "models", MODEL_FIELDS, name="paired", gives=["paired"], **both)
    write_card(root, "tasks", TASK_FIELDS, name="told", prompts={"en": ["a {label} note"]})
    write_card(root, "tasks", TASK_FIELDS, name="found", **RETRIEVAL)
    write_card(root, "models", MODEL_FIELDS, name="tokens-only", gives=["tokens"])
    return Catalog((root,))


def suite(
    *blocks: tuple[str, str],
    task: str = "moods",
    seeds: tuple[int, ...] = (0,),
    limit: int | None = None,
) -> Suite:
    """Blocks of `models` × task × `recipes`, each a comma list."""
    made = [
        Block(models=tuple(m.split(",")), tasks=(task,), recipes=tuple(r.split(",")))
        for m, r in blocks
    ]
    return Suite(name="s", blocks=tuple(made), seeds=seeds, limit=limit)


def test_every_cell_is_planned_with_every_seed(catalog: Catalog) -> None:
    planned = plan(suite(("tiny,tiny-2", "probe,full"), seeds=(3, 1), limit=9), catalog)
    assert len(planned.trials) == 2 * 2 * 2
    assert {trial.seed for trial in planned.trials} == {1, 3}
    assert {trial.limit for trial in planned.trials} == {9}
    assert planned.refused == ()


def test_the_order_is_the_suites_own(catalog: Catalog) -> None:
    planned = plan(suite(("tiny-2,tiny", "full,probe"), seeds=(1, 0)), catalog)
    assert [t.name for t in planned.trials[:3]] == [
        "tiny-2 × moods × full × seed 1",
        "tiny-2 × moods × full × seed 0",
        "tiny-2 × moods × probe × seed 1",
    ]


def test_trials_of_one_model_and_task_come_together_across_blocks(catalog: Catalog) -> None:
    planned = plan(suite(("tiny,tiny-2", "probe"), ("tiny", "full")), catalog)
    assert [t.cell for t in planned.trials] == [
        ("tiny", "moods", "probe"),
        ("tiny", "moods", "full"),
        ("tiny-2", "moods", "probe"),
    ]


@pytest.mark.parametrize(
    ("of_block", "of_suite", "expected"), [(5, None, 5), (5, 9, 5), (9, 5, 5), (None, 5, 5)]
)
def test_the_smaller_limit_counts(
    catalog: Catalog, of_block: int | None, of_suite: int | None, expected: int
) -> None:
    made = suite(("tiny", "probe"), limit=of_suite)
    (block,) = made.blocks
    planned = plan(replace(made, blocks=(replace(block, limit=of_block),)), catalog)
    assert [trial.limit for trial in planned.trials] == [expected]


def test_a_cell_with_two_limits_is_an_error(catalog: Catalog) -> None:
    made = suite(("tiny", "probe"), ("tiny", "probe"))
    first, second = made.blocks
    with pytest.raises(PlanError, match="tiny × moods × probe stands in two blocks with different"):
        plan(replace(made, blocks=(replace(first, limit=3), second)), catalog)


def test_a_cell_in_two_blocks_is_run_once(catalog: Catalog) -> None:
    planned = plan(suite(("tiny", "probe"), ("tiny,tiny-2", "probe")), catalog)
    assert len(planned.trials) == 2


def test_a_cell_refused_in_two_blocks_is_refused_once(catalog: Catalog) -> None:
    planned = plan(suite(("tiny,eye", "probe"), ("eye", "probe"), seeds=(0, 1)), catalog)
    assert [refusal.trial.cell for refusal in planned.refused] == [("eye", "moods", "probe")]


@pytest.mark.parametrize(
    ("model", "recipe", "reason"),
    [
        ("eye", "probe", "the task's input is text; eye reads image"),
        ("tiny", "lora", "tiny states no lora_targets: its card must say which layers to add to"),
        ("tiny", "zero", "zero-shot needs one space for images and texts; tiny has none"),
        ("joint", "zero", "zero-shot needs prompts; task moods has none"),
        (
            "tiny",
            "wide",
            "recipe wide sets projection_width, which kind 'classification' does not use",
        ),
        (
            "tokens-only",
            "probe",
            "kind 'classification' needs pooled features; tokens-only gives none",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_reason(
    catalog: Catalog, model: str, recipe: str, reason: str
) -> None:
    planned = plan(suite((model, recipe), ("tiny", "full")), catalog)
    (refusal,) = planned.refused
    assert refusal.reason == reason
    assert [t.cell for t in planned.trials] == [("tiny", "moods", "full")]


@pytest.mark.parametrize("recipe", ["zero", "by-name"])
def test_a_joint_space_and_prompts_allow_zero_shot(catalog: Catalog, recipe: str) -> None:
    assert len(plan(suite(("joint", recipe), task="told"), catalog).trials) == 1


@pytest.mark.parametrize(("model", "recipe"), [("french", "zero"), ("joint", "zero-zh")])
def test_prompts_in_no_language_of_the_model_or_recipe_are_refused(
    catalog: Catalog, model: str, recipe: str
) -> None:
    planned = plan(suite((model, recipe), ("joint", "zero"), task="told"), catalog)
    (refusal,) = planned.refused
    assert refusal.reason.startswith(f"no prompts in a language of {model}")


@pytest.mark.parametrize(
    ("model", "recipe", "reason"),
    [
        ("tiny", "wide", "the task's input is image + text; tiny reads text"),
        ("joint", "smooth", "recipe smooth sets label_smoothing, which kind 'retrieval' does not"),
        ("joint", "by-name", "head: zero_shot is for classes alone"),
        ("paired", "zero", "zero-shot needs one space for images and texts; paired has none"),
        ("paired", "probe", "paired has no common space; recipe probe must set projection_width"),
    ],
)
def test_retrieval_refuses_what_it_cannot_do(
    catalog: Catalog, model: str, recipe: str, reason: str
) -> None:
    planned = plan(suite((model, recipe), ("paired", "wide"), task="found"), catalog)
    (refusal,) = planned.refused
    assert refusal.reason.startswith(reason)


def test_retrieval_takes_pairs_and_joint_spaces(catalog: Catalog) -> None:
    planned = plan(suite(("paired", "wide"), ("joint", "zero,probe"), task="found"), catalog)
    assert [t.cell[::2] for t in planned.trials] == [
        ("paired", "wide"),
        ("joint", "zero"),
        ("joint", "probe"),
    ]


def test_a_retrieval_task_needs_both_inputs_and_has_no_labels(catalog: Catalog) -> None:
    (root,) = catalog.roots
    text = {"inputs": {"text": "note"}}
    write_card(root, "tasks", TASK_FIELDS, name="half", **(RETRIEVAL | text))
    with pytest.raises(CardError, match="kind 'retrieval' has the inputs image and text"):
        plan(suite(("joint", "zero"), task="half"), catalog)
    labelled = {"target": {"column": "concept", "labels": [{"value": "a"}]}}
    write_card(root, "tasks", TASK_FIELDS, name="labelled", **(RETRIEVAL | labelled))
    with pytest.raises(CardError, match=r"kind 'retrieval' has no labels; target\.column says"):
        plan(suite(("joint", "zero"), task="labelled"), catalog)


def test_a_plan_of_nothing_is_an_error_that_tells_why(catalog: Catalog) -> None:
    with pytest.raises(PlanError) as caught:
        plan(suite(("eye", "probe,full,lora,zero"), ("tiny", "lora,zero")), catalog)
    lines = str(caught.value).splitlines()
    assert lines[0] == "nothing can be run: every cell was refused"
    assert lines[1] == "  eye × moods × probe: the task's input is text; eye reads image"
    assert lines[-1] == "  and 1 more"
    assert len(lines) == 7


def test_an_unknown_name_stops_the_plan(catalog: Catalog) -> None:
    with pytest.raises(CardError, match="no model 'tyni'; did you mean 'tiny'"):
        plan(suite(("tiny,tyni", "probe")), catalog)


def test_two_cards_of_one_name_are_not_taken_for_one(catalog: Catalog, tmp_path: Path) -> None:
    other = write_card(tmp_path, "elsewhere", MODEL_FIELDS, family="other")
    with pytest.raises(PlanError, match="two different cards are called 'tiny'; rename one"):
        plan(suite(("tiny", "probe"), (str(other), "full")), catalog)


def test_a_card_by_name_and_by_path_is_one(catalog: Catalog) -> None:
    path = catalog.path(Recipe, "probe")
    assert len(plan(suite(("tiny", "probe"), ("tiny", str(path))), catalog).trials) == 1


def test_a_task_of_an_unknown_kind_or_metric_is_the_cards_fault(catalog: Catalog) -> None:
    (root,) = catalog.roots
    write_card(root, "tasks", TASK_FIELDS, name="odd", kind="clasification")
    write_card(root, "tasks", TASK_FIELDS, name="wer", metrics=["accuracy", "wer"])
    with pytest.raises(CardError, match="no task kind 'clasification'; did you mean 'classif"):
        mismatch(MODEL, catalog.task("odd"), RECIPE)
    with pytest.raises(CardError, match="task wer: metric 'wer' does not belong to kind"):
        mismatch(MODEL, catalog.task("wer"), RECIPE)


def test_a_metric_of_two_classes_is_refused_of_three(catalog: Catalog) -> None:
    (root,) = catalog.roots
    for count in (2, 3):
        labels = [{"value": value, "names": {}} for value in range(count)]
        target = {"column": "label", "labels": labels}
        fields = {**TASK_FIELDS, "target": target, "metrics": ["accuracy", "roc_auc"]}
        write_card(root, "tasks", fields, name=f"of-{count}")
    assert mismatch(MODEL, catalog.task("of-2"), RECIPE) is None
    with pytest.raises(CardError, match="task of-3: metric 'roc_auc' is of two classes; there are"):
        mismatch(MODEL, catalog.task("of-3"), RECIPE)


def test_what_fits_is_no_mismatch() -> None:
    assert mismatch(MODEL, TASK, RECIPE) is None


def test_planning_loads_nothing_heavy() -> None:
    code = (
        "import sys; from mmbench.catalog import Catalog; from mmbench.plan import plan\n"
        "catalog = Catalog.standard()\n"
        "print(len(plan(catalog.suite('quickstart'), catalog).trials))\n"
        "heavy = ('torch', 'transformers', 'datasets', 'pandas', 'numpy', 'timm', 'evaluate')\n"
        "print(*(name for name in heavy if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=builtin_root().parent,
        capture_output=True,
        text=True,
        check=True,
    )
    count, heavy = done.stdout.split("\n")[:2]
    assert int(count) > 0
    assert heavy == ""
