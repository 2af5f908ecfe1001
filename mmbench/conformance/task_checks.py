"""What may be wrong with a task's data, each as a function that gives its finding."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from mmbench.cards import (
    BundledData,
    DataSource,
    FileData,
    ModelScopeData,
    PackageData,
    Slot,
    TaskCard,
)
from mmbench.conformance.findings import Finding, Verdict
from mmbench.conformance.task_rows import TaskRows
from mmbench.data.columns import is_hidden, is_missing, name_some
from mmbench.data.splits import TRAINING_SPLITS
from mmbench.data.tables import Table
from mmbench.kinds import kind

LEAK_SHARE = 0.01
"""Of a split's rows that training sees as well: from here on scores are not what they seem. Below,
it is told, since published data sets have some and are compared as they are."""

FEW = 5
"""Training rows of a class, under which little can be learnt of it."""

SKEWED = 0.9
"""Share of the largest class, from which accuracy says little."""

LONG_CHARACTERS = 2_000
LOOKED_AT = 64
"""Images and sounds of a split that are decoded, at even distances."""

MEDIA: tuple[Slot, ...] = ("image", "audio")


def pinned(source: DataSource) -> str:
    """What says that the data are today's."""
    if isinstance(source, FileData):
        return "files of yours, named by their content in every record"
    if isinstance(source, BundledData):
        return "ships with mmbench"
    if isinstance(source, PackageData):
        return f"package {source.distribution} {source.version}"
    hub = "ModelScope: " if isinstance(source, ModelScopeData) else ""
    if source.files:
        return f"{hub}{source.repo}, files by their sha256"
    if source.revision is None:
        return f"{hub}{source.repo}, unpinned: revision is null, so tomorrow's may differ"
    return f"{hub}{source.repo} at {source.revision[:12]}"


# ------------------------------------------------------------------------------ the cells


def hidden_labels(card: TaskCard, parts: Mapping[str, Table]) -> Finding:
    """A part whose targets are all −1, or all missing, is one whose labels were kept secret."""
    secret, some = [], []
    for part, table in parts.items():
        for column in card.target_columns.values():
            values = table.values(column)
            count = sum(is_hidden(value) for value in values)
            if values and count == len(values):
                secret.append(f"part {part!r} ({len(values):,} rows)")
            elif count and kind(card.kind).target == "class":
                some.append(f"{count:,} of {len(values):,} rows of part {part!r}")
    if secret:
        said = f"{', '.join(secret)}: no row has a label but −1 or none; use another part in splits"
        return Finding(what="hidden labels", verdict="fail", said=said)
    if some:
        said = f"{', '.join(some)} have the label −1; if it means none, leave them out by splits"
        return Finding(what="hidden labels", verdict="note", said=said)
    return Finding(what="hidden labels", verdict="pass", said="every part has its labels")


def empty(card: TaskCard, parts: Mapping[str, Table]) -> Finding:
    """Cells without content, which a trial refuses; all of them at once."""
    wrong = []
    for part, table in parts.items():
        columns = [*card.inputs.values(), *card.target_columns.values()]
        for column in dict.fromkeys([*columns, *([card.group] if card.group else [])]):
            rows = [row for row, value in enumerate(table.values(column)) if is_missing(value)]
            if rows:
                wrong.append(f"column {column!r} of part {part!r} in {name_some(rows)}")
    if wrong:
        said = f"blank: {'; '.join(wrong)} (rows from 0); fill or remove them"
        return Finding(what="empty cells", verdict="fail", said=said)
    return Finding(what="empty cells", verdict="pass", said="none")


def constant(card: TaskCard, parts: Mapping[str, Table]) -> Finding:
    """An input or a target that is the same in all rows says nothing, and nothing is learnt."""
    wrong = []
    for column in dict.fromkeys([*card.inputs.values(), *card.target_columns.values()]):
        values = [value for table in parts.values() for value in table.values(column)]
        if len(values) > 1 and len({repr(value) for value in values}) == 1:
            wrong.append(f"{column} is {str(values[0])[:40]!r} in all {len(values):,} rows")
    if wrong:
        return Finding(what="constant columns", verdict="fail", said="; ".join(wrong))
    return Finding(what="constant columns", verdict="pass", said="none")


# ----------------------------------------------------------------------------- the splits


def leaks(task: TaskRows) -> Finding:
    """Inputs that stand in a split that training sees, and in another one."""
    shared, verdict = [], "pass"
    names = list(task.data.splits)
    seen = [name for name in TRAINING_SPLITS if name in names]
    others = [name for name in names if name not in seen]
    for first, second in combinations([*seen, *others], 2):
        if first in others:
            break
        known = set(task.contents(first))
        count = sum(content in known for content in task.contents(second))
        if count:
            share = count / len(task.contents(second))
            shared.append(f"{count:,} rows ({share:.1%}) of {second} stand in {first} too")
            verdict = "fail" if share >= LEAK_SHARE or verdict == "fail" else "note"
    exempt = _shared_groups(task)
    if not shared:
        said = "no input of a held-out split is one of training" + exempt
        return Finding(what="leaks", verdict="pass", said=said)
    advice = "; set unique: true, or part the rows by group"
    verdict_: Verdict = "fail" if verdict == "fail" else "note"
    return Finding(what="leaks", verdict=verdict_, said="; ".join(shared) + advice + exempt)


def _shared_groups(task: TaskRows) -> str:
    if not task.card.group_exempt:
        return f"; no group of {task.card.group} is parted" if task.card.group else ""
    return f"; groups may be shared with {', '.join(task.card.group_exempt)}, as the card says"


def duplicates(task: TaskRows) -> Finding:
    """Inputs that stand twice within a split, and those whose targets contradict each other."""
    twice, against, rows = 0, 0, 0
    contradicts = task.rows.form.contradicts
    for name in task.data.splits:
        first: dict[bytes, Any] = {}
        rows += len(task.contents(name))
        for content, target in zip(task.contents(name), task.targets(name), strict=True):
            if content in first:
                twice += 1
                against += contradicts and first[content] != target
            first.setdefault(content, target)
    if not twice:
        return Finding(what="duplicates", verdict="pass", said="no input stands twice in a split")
    said = f"{twice:,} of {rows:,} rows repeat an input of their split"
    if against:
        said += f", {against:,} of them with another target"
    verdict: Verdict = "fail" if against > LEAK_SHARE * rows else "note"
    return Finding(what="duplicates", verdict=verdict, said=f"{said}; unique: true drops them")


def balance(task: TaskRows) -> Finding:
    """How the classes are spread, where there are classes."""
    form = kind(task.card.kind).target
    if form not in ("class", "labels", "tags"):
        said = f"{task.card.kind} has no classes"
        return Finding(what="label balance", verdict="not applicable", said=said)
    counts = counted(task, "train")
    total, (largest, most) = sum(counts.values()), counts.most_common(1)[0]
    few = [str(label) for label in task.data.labels if counts[label] < FEW]
    said = f"{len(task.data.labels)} labels; {largest} is {most / total:.0%} of training"
    if len(counts) < 2 and form == "class":
        return Finding(what="label balance", verdict="fail", said=f"one class alone: {largest}")
    if few:
        said += f"; fewer than {FEW} rows of {name_some(few)}"
    skewed = form == "class" and most / total >= SKEWED
    if skewed:
        said += "; accuracy says little, put f1_macro or balanced_accuracy first"
    verdict: Verdict = "note" if few or skewed else "pass"
    return Finding(what="label balance", verdict=verdict, said=said)


def counted(task: TaskRows, split: str) -> Counter[Hashable]:
    """Label → rows of the split that have it; of tags, words."""
    single = kind(task.card.kind).target == "class"
    values: Iterable[Any] = task.targets(split)
    return Counter(values) if single else Counter(label for row in values for label in row)


def lengths(task: TaskRows) -> Finding:
    """Texts of unusual length: models cut what is longer than their cards' max_tokens."""
    found = [
        len(text)
        for split in task.data.splits
        for texts in task.texts(split).values()
        for text in texts
    ]
    if not found:
        return Finding(what="lengths", verdict="not applicable", said="no texts")
    long = sum(length > LONG_CHARACTERS for length in found)
    said = (
        f"characters: median {np.median(found):.0f}, 95 % up to {np.quantile(found, 0.95):.0f}, "
        f"longest {max(found):,}"
    )
    if long:
        said += f"; {long:,} texts are longer than {LONG_CHARACTERS:,}: most models cut them"
    return Finding(what="lengths", verdict="note" if long else "pass", said=said)


def media(task: TaskRows) -> Finding:
    """Some images and sounds of every split are decoded."""
    slots = [slot for slot in MEDIA if slot in task.card.inputs]
    if not slots:
        return Finding(what="media", verdict="not applicable", said="no images, no sounds")
    wrong, looked = [], 0
    for name, examples in task.data.splits.items():
        rows = np.unique(np.linspace(0, len(examples) - 1, LOOKED_AT).astype(int)).tolist()
        for slot in slots:
            looked += len(rows)
            for row in rows:
                reason = _unreadable(slot, examples.inputs[slot][row])
                if reason is not None:
                    wrong.append(f"{examples.ids[row]} of {name} ({reason})")
    if wrong:
        said = f"{len(wrong)} of {looked} that were looked at cannot be read: {name_some(wrong)}"
        return Finding(what="media", verdict="fail", said=said)
    return Finding(what="media", verdict="pass", said=f"{looked} were looked at and can be read")


def _unreadable(slot: str, value: Any) -> str | None:
    """Why an image or a sound cannot be read; None if it can."""
    from mmbench.conformance.probing import image_problem, sound_problem

    return image_problem(value) if slot == "image" else sound_problem(value)
