"""The Python interface: finetune, evaluate, predict, embed, run, write_report.

    import mmbench

    record = mmbench.finetune("minilm-l6", "reviews-zh", recipe="probe", keep="best")
    mmbench.predict(record, texts=["房间很干净", "再也不会买了"])

A model, task or recipe is given by its name, by the path of a card file, or as a card. The
command line is a thin layer over the same functions.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from mmbench.cards import Block, ModelCard, Places, Recipe, Suite, TaskCard
from mmbench.catalog import Catalog
from mmbench.errors import TrialError
from mmbench.executors.choose import ExecutorName
from mmbench.inference import embed, evaluate, predict
from mmbench.parents import place_of, with_parents
from mmbench.plan import Plan, continued, mismatch, plan
from mmbench.progress import Watcher
from mmbench.records import Trial
from mmbench.runs import RunSummary, Work, prepare_run, run_suite
from mmbench.store import Store, Stored, latest, load
from mmbench.workbench import Keep

__all__ = [
    "Places",
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
    executor: ExecutorName = "inline",
    init_from: Stored | Path | str | None = None,
    places: Places | None = None,
) -> Stored:
    """Fine-tune one model on one task, or give back the record of having done so.

    init_from: a record, or where it lies, whose kept model is where training starts, as when new
    data have arrived. A recipe that starts from another recipe's model has that one run first.

    places: as of `run`, for a model and a task by name and for those that are given as cards.

    TrialError if the trial fails; its record, with the traceback, is in `results` all the same.
    """
    catalog = Catalog.standard(places=places)
    cards = _cards(catalog, model, task, recipe)
    reason = mismatch(*cards)
    if reason is not None:
        raise TrialError(f"{cards[0].name} cannot do {cards[1].name}: {reason}")
    trial = Trial(model=cards[0], task=cards[1], recipe=cards[2], seed=seed, limit=limit)
    family = with_parents((trial,), catalog, mismatch)
    for _, why in family.orphans:
        raise TrialError(f"{trial.name}: {why}")
    planned = replace(trial_plan(trial), trials=family.trials, parents=family.parents)
    if init_from is not None:
        start = init_from if isinstance(init_from, Stored) else load(Path(init_from))
        planned = continued(planned, start.record, start.folder)
    work = prepare_run(planned, results=Path(results), device=device, keep=keep)
    summary = run_suite(work, results=Path(results), device=device, keep=keep, executor=executor)
    (stored,) = [s for s in summary.stored if place_of(s.record.trial) == place_of(trial)]
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


def run(
    suite: str | Suite,
    *,
    results: Path | str | None = None,
    cards: Sequence[Path | str] = (),
    places: Places | None = None,
    device: str = "auto",
    keep: Keep = "none",
    fresh: bool = False,
    watcher: Watcher | None = None,
    executor: ExecutorName = "worker",
    trial_minutes: float | None = None,
) -> RunSummary:
    """Run a suite, or what is left of it; records go to `results` (results/<suite name>).

    places: the hub that is asked, and folders of yours in place of models' files, e.g.
    Places(hub="modelscope", folders={"bert-base-chinese": "/models/bert"}).

    executor: `worker` runs the trials of a model in a process of their own, `fresh` each trial,
    `inline` all of them in this process. The first two stop a trial after `trial_minutes`.
    """
    catalog = Catalog.standard(tuple(Path(folder) for folder in cards), places=places)
    chosen = catalog.suite(suite) if isinstance(suite, str) else suite
    folder = Path(results) if results is not None else Path("results") / chosen.name
    work = prepare_run(plan(chosen, catalog), results=folder, device=device, keep=keep, fresh=fresh)
    return run_suite(
        work,
        results=folder,
        device=device,
        keep=keep,
        watcher=watcher,
        executor=executor,
        trial_minutes=trial_minutes,
    )


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


def _cards(
    catalog: Catalog, model: str | ModelCard, task: str | TaskCard, recipe: str | Recipe
) -> tuple[ModelCard, TaskCard, Recipe]:
    return (
        catalog.model(model) if isinstance(model, str) else catalog.places.of_model(model),
        catalog.task(task) if isinstance(task, str) else catalog.places.of_task(task),
        catalog.recipe(recipe) if isinstance(recipe, str) else recipe,
    )
