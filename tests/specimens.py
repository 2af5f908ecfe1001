"""Small cards and records, as values and as YAML, for tests that need nothing heavy."""

from pathlib import Path

import yaml

from mmbench.cards import (
    BundledData,
    HubModel,
    Label,
    ModelCard,
    Recipe,
    Target,
    TaskCard,
    TextRules,
)
from mmbench.fingerprint import Environment, Fingerprint
from mmbench.records import Record, Score, Status, Trial

MODEL = ModelCard(
    name="tiny",
    family="BERT",
    languages=("en",),
    modalities=("text",),
    adapter="text",
    library="transformers",
    source=HubModel(via="hub", repo="someone/tiny", revision="abc"),
    gives=("pooled", "tokens"),
    country="CN",
    text=TextRules(max_tokens=16, pooling="mean"),
)
TASK = TaskCard(
    name="moods",
    version=1,
    kind="classification",
    languages=("en", "zh"),
    inputs={"text": "note"},
    target=Target(
        column="mood",
        labels=(
            Label(value="good", names={"en": "good", "zh": "好"}),
            Label(value="bad", names={"en": "bad", "zh": "坏"}),
        ),
    ),
    source=BundledData(via="bundled", files={"all": "moods.csv"}),
    metrics=("accuracy", "f1_macro"),
)
RECIPE = Recipe(name="probe", strategy="probe", learning_rates=(0.01,), epochs=2)
TRIAL = Trial(model=MODEL, task=TASK, recipe=RECIPE, seed=0, digests={"model": "m", "task": "t"})
FINGERPRINT = Fingerprint(
    behaviour=1,
    code="0.1.0",
    device="cpu",
    device_name="Some CPU",
    precision="fp32",
    threads=2,
    libraries={"torch": "2.11.0"},
)
ENVIRONMENT = Environment(
    platform="Linux x86_64",
    python="3.11.9",
    cpu="Some CPU",
    cores=2,
    memory_bytes=2**33,
    gpu=None,
    gpu_memory_bytes=None,
    load_at_start=0.1,
    load_at_end=None,
    other_cores_busy=None,
)
SCORES = (
    Score(stage="before", split="test", metric="accuracy", value=None, count=40, note="no space"),
    Score(stage="majority", split="test", metric="accuracy", value=0.5, count=40),
    Score(
        stage="after",
        split="test",
        metric="accuracy",
        value=0.9,
        count=40,
        low=0.8,
        high=0.95,
        interval="wilson",
    ),
)


def record(
    trial: Trial = TRIAL,
    *,
    status: Status = "ok",
    started_at: str = "2026-11-23T19:05:12+00:00",
    seconds: float = 12.5,
    fingerprint: Fingerprint = FINGERPRINT,
) -> Record:
    """What a run of the trial might have left."""
    return Record(
        key=trial.key,
        trial=trial,
        fingerprint=fingerprint,
        environment=ENVIRONMENT,
        status=status,
        started_at=started_at,
        seconds=seconds,
        labels=("good", "bad"),
        scores=SCORES if status == "ok" else (),
    )


MODEL_FIELDS: dict[str, object] = {
    "name": "tiny",
    "family": "BERT",
    "languages": ["en"],
    "modalities": ["text"],
    "adapter": "text",
    "library": "transformers",
    "source": {"via": "hub", "repo": "someone/tiny"},
    "gives": ["pooled"],
    "text": {"max_tokens": 16, "pooling": "mean"},
}
IMAGE_MODEL_FIELDS: dict[str, object] = {
    **{k: v for k, v in MODEL_FIELDS.items() if k != "text"},
    "name": "eye",
    "modalities": ["image"],
    "image": {
        "size": 32,
        "fit": "squash",
        "interpolation": "bilinear",
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
    },
}
TASK_FIELDS: dict[str, object] = {
    "name": "moods",
    "version": 1,
    "kind": "classification",
    "languages": ["en"],
    "inputs": {"text": "note"},
    "target": {"column": "mood"},
    "source": {"via": "files", "files": {"all": "moods.csv"}},
    "metrics": ["accuracy"],
}
RECIPE_FIELDS: dict[str, object] = {
    "name": "probe",
    "strategy": "probe",
    "learning_rates": [0.01],
    "epochs": 2,
}
SUITE_FIELDS: dict[str, object] = {
    "name": "small",
    "blocks": [{"models": ["tiny"], "tasks": ["moods"], "recipes": ["probe"]}],
}


def write_card(root: Path, folder: str, fields: dict[str, object], **changes: object) -> Path:
    """Write a card, with some fields changed or (None) left out, under its own name."""
    fields = {k: v for k, v in {**fields, **changes}.items() if v is not None}
    path = root / folder / f"{fields['name']}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(fields, allow_unicode=True, sort_keys=False))
    return path


def write_cards(root: Path) -> Path:
    """A cards folder with a text model, an image model, a task, a recipe and a suite."""
    write_card(root, "models", MODEL_FIELDS)
    write_card(root, "models", IMAGE_MODEL_FIELDS)
    write_card(root, "tasks", TASK_FIELDS)
    write_card(root, "recipes", RECIPE_FIELDS)
    write_card(root, "suites", SUITE_FIELDS)
    return root
