"""The Python interface: finetune, evaluate, predict, embed, run, write_report.

    import mmbench

    record = mmbench.finetune("minilm-l6", "reviews-zh", recipe="probe", keep="best")
    mmbench.predict(record, texts=["房间很干净", "再也不会买了"])

A model, task or recipe is given by its name, by the path of a card file, or as a card. The
command line is a thin layer over the same functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mmbench.cards import Block, Modality, ModelCard, Recipe, Suite, TaskCard
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache, default_cache_root
from mmbench.data.tasks import examples_from, load_task
from mmbench.errors import StoreError, TrialError
from mmbench.models.loading import load as load_model
from mmbench.plan import Plan, mismatch, plan
from mmbench.progress import Watcher
from mmbench.records import Score, Trial
from mmbench.runs import RunSummary, Work, prepare_run, run_suite
from mmbench.store import Store, Stored, latest
from mmbench.store import load as load_stored
from mmbench.train.device import choose_device
from mmbench.train.evaluate import predict_logits, score_split
from mmbench.train.features import pooled_features
from mmbench.train.kept import Kept, load_kept
from mmbench.trial import Keep

BATCH = 32

__all__ = [
    "Prediction",
    "RunSummary",
    "Work",
    "embed",
    "evaluate",
    "finetune",
    "predict",
    "prepare_run",
    "run",
    "run_suite",
    "write_report",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One sample's answer. `names`: the label's name by language, where the task card has it."""

    id: str
    label: str | int
    names: Mapping[str, str]
    probabilities: Mapping[str | int, float]


def finetune(
    model: str | ModelCard,
    task: str | TaskCard,
    *,
    recipe: str | Recipe = "probe",
    seed: int = 0,
    limit: int | None = None,
    device: str = "auto",
    keep: Keep = "best",
    results: Path | str = "results/adhoc",
) -> Stored:
    """Fine-tune one model on one task, or give back the record of having done so.

    TrialError if the trial fails; its record, with the traceback, is in `results` all the same.
    """
    catalog = Catalog.standard()
    cards = _cards(catalog, model, task, recipe)
    reason = mismatch(*cards)
    if reason is not None:
        raise TrialError(f"{cards[0].name} cannot do {cards[1].name}: {reason}")
    trial = Trial(model=cards[0], task=cards[1], recipe=cards[2], seed=seed, limit=limit)
    work = prepare_run(trial_plan(trial), results=Path(results), device=device, keep=keep)
    summary = run_suite(work, results=Path(results), device=device, keep=keep)
    stored = summary.stored[0]
    if stored.record.failure is not None:
        raise TrialError(f"{trial.name}: {stored.record.failure.message}")
    return stored


def trial_plan(trial: Trial) -> Plan:
    """The plan that consists of this one trial."""
    block = Block(
        models=(trial.model.name,), tasks=(trial.task.name,), recipes=(trial.recipe.name,)
    )
    suite = Suite(name="adhoc", blocks=(block,), seeds=(trial.seed,), limit=trial.limit)
    return Plan(suite=suite, trials=(trial,), refused=())


def evaluate(
    record: Stored | Path | str,
    *,
    task: str | TaskCard | None = None,
    limit: int | None = None,
    device: str = "auto",
) -> tuple[Score, ...]:
    """Scores of a kept model on every split but train, of its own task or of another with the
    same labels (new data). StoreError if the model was not kept."""
    kept = _kept(record)
    card = kept.about.task if task is None else _task(Catalog.standard(), task)
    data = load_task(card, limit=limit)
    if data.labels != kept.about.labels:
        raise TrialError(
            f"{card.name} has the labels {list(data.labels)}; the model was trained on "
            f"{list(kept.about.labels)}"
        )
    place, cache = choose_device(device), Cache(default_cache_root())
    kept.model.to(place)
    scores: list[Score] = []
    for split, examples in data.splits.items():
        if split == "train" or examples.targets is None:
            continue
        logits = predict_logits(
            kept.model,
            kept.adapter.prepare(examples, cache),
            device=place,
            precision=kept.about.recipe.precision,
            batch_size=kept.about.recipe.batch_size,
        )
        scores += score_split(
            "after",
            split,
            examples.targets,
            logits.argmax(1),
            classes=len(data.labels),
            metrics=card.metrics,
            groups=examples.groups,
        )
    return tuple(scores)


def predict(
    record: Stored | Path | str,
    *,
    texts: Sequence[str] | None = None,
    images: Sequence[Path | str | bytes] | None = None,
    device: str = "auto",
) -> list[Prediction]:
    """Label and probabilities of new samples by a kept model, in the order given.

    texts: N strings. images: N image files, or their encoded content. The model's task decides
    which it takes (TrialError otherwise).
    """
    kept = _kept(record)
    inputs = _inputs(texts, images, tuple(kept.about.task.inputs))
    examples = examples_from(inputs)
    place = choose_device(device)
    logits = predict_logits(
        kept.model.to(place),
        kept.adapter.prepare(examples, Cache(default_cache_root())),
        device=place,
        precision=kept.about.recipe.precision,
        batch_size=kept.about.recipe.batch_size,
    ).astype(np.float64)
    powers = np.exp(logits - logits.max(1, keepdims=True))
    shares = powers / powers.sum(1, keepdims=True)
    labels, names = kept.about.labels, kept.label_names()
    return [
        Prediction(
            id=identity,
            label=labels[int(row.argmax())],
            names=names.get(labels[int(row.argmax())], {}),
            probabilities={label: float(p) for label, p in zip(labels, row, strict=True)},
        )
        for identity, row in zip(examples.ids, shares, strict=True)
    ]


def embed(
    model: str | ModelCard | Stored,
    *,
    texts: Sequence[str] | None = None,
    images: Sequence[Path | str | bytes] | None = None,
    device: str = "auto",
) -> NDArray[np.float32]:
    """Pooled features [N, D] float32 of a model, or of a kept model's backbone."""
    if isinstance(model, Stored):
        adapter = _kept(model).adapter
    else:
        adapter = load_model(_model(Catalog.standard(), model))
    inputs = _inputs(texts, images, adapter.card.modalities)
    place = choose_device(device)
    rows = adapter.prepare(examples_from(inputs), Cache(default_cache_root()))
    features, _ = pooled_features(
        adapter.to(place), rows, device=place, precision="fp32", batch_size=BATCH
    )
    return features


def run(
    suite: str | Suite,
    *,
    results: Path | str | None = None,
    cards: Sequence[Path | str] = (),
    device: str = "auto",
    keep: Keep = "none",
    fresh: bool = False,
    watcher: Watcher | None = None,
) -> RunSummary:
    """Run a suite, or what is left of it; records go to `results` (results/<suite name>)."""
    catalog = Catalog.standard(tuple(Path(folder) for folder in cards))
    chosen = catalog.suite(suite) if isinstance(suite, str) else suite
    folder = Path(results) if results is not None else Path("results") / chosen.name
    work = prepare_run(plan(chosen, catalog), results=folder, device=device, keep=keep, fresh=fresh)
    return run_suite(work, results=folder, device=device, keep=keep, watcher=watcher)


def write_report(
    results: Path | str | Sequence[Path | str],
    *,
    folder: Path | str,
    lang: Literal["en", "zh", "both"] = "en",
    title: str | None = None,
) -> list[Path]:
    """Write the comparison of the records under `results`; gives the paths of its pages."""
    from mmbench.report.write import write_report as write

    roots = [results] if isinstance(results, (str, Path)) else list(results)
    stored = latest([found for root in roots for found in Store(Path(root)).select()])
    return write(stored, Path(folder), lang=lang, title=title)


# ------------------------------------------------------------------------------ helpers


def _model(catalog: Catalog, model: str | ModelCard) -> ModelCard:
    return catalog.model(model) if isinstance(model, str) else model


def _task(catalog: Catalog, task: str | TaskCard) -> TaskCard:
    return catalog.task(task) if isinstance(task, str) else task


def _cards(
    catalog: Catalog, model: str | ModelCard, task: str | TaskCard, recipe: str | Recipe
) -> tuple[ModelCard, TaskCard, Recipe]:
    chosen = catalog.recipe(recipe) if isinstance(recipe, str) else recipe
    return _model(catalog, model), _task(catalog, task), chosen


def _kept(record: Stored | Path | str) -> Kept:
    stored = record if isinstance(record, Stored) else load_stored(Path(record))
    if "model" not in stored.record.artefacts:
        raise StoreError(
            f"{stored.folder}: the fine-tuned model was not kept; run the trial with --keep best"
        )
    return load_kept(stored.folder / "model")


def _inputs(
    texts: Sequence[str] | None,
    images: Sequence[Path | str | bytes] | None,
    wanted: tuple[Modality, ...],
) -> Mapping[Modality, Sequence[str] | Sequence[Path | bytes]]:
    given: dict[Modality, Sequence[str] | Sequence[Path | bytes]] = {}
    if texts is not None:
        given["text"] = list(texts)
    if images is not None:
        given["image"] = [i if isinstance(i, bytes) else Path(i) for i in images]
    if set(given) != set(wanted):
        raise TrialError(
            f"the model takes {' + '.join(wanted)}; it was given {' + '.join(given) or 'nothing'}"
        )
    if not all(map(len, given.values())):
        raise TrialError("there is nothing to predict on: the list is empty")
    return given
