"""A task card from a table or a folder of images: which column is what, and of which kind.

It is guessed from values and names, and every guess is told, so that a wrong one is seen. What the
guess rests on is few and plain: a target has few values, or numbers; a text is long; a picture is a
path that ends like one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from mmbench.cards.names import check_name
from mmbench.data.columns import is_missing
from mmbench.data.script import share_of_chinese
from mmbench.data.tables import IMAGE_SUFFIXES
from mmbench.drafting.data import Data, data_at, splits_of
from mmbench.drafting.draft import Draft, name_from
from mmbench.errors import DataError

NAMES = ("label", "target", "class", "category", "sentiment", "score", "rating", "y", "stars")
"""What columns of targets are often called, the likelier first."""

MOST_CLASSES = 200
ROWS_A_CLASS = 5  # on average, or the values are no classes
SOUNDS = (".wav", ".flac", ".ogg", ".mp3")
CHINESE = 0.2  # share of the letters from which on a text is Chinese


def draft_task(
    source: str | Path,
    *,
    name: str | None = None,
    target: str | None = None,
    group: str | None = None,
    subset: str | None = None,
) -> Draft:
    """source: a file, a folder, or OWNER/NAME of a data set on the hub, of which `subset` is read.

    DataError if no column can be the target or an input, or a named one is not there.
    """
    data = data_at(source, subset)
    found = name or name_from(data.called)
    check_name(found)
    columns = data.columns()
    goal = _target(data, columns, target)
    splits, told = splits_of(data, goal)
    if group is not None:
        data.require(group, "--group")
    slots = _inputs(columns, goal, group)
    if not slots:
        raise DataError(
            f"{data.where}: no column but {goal!r} looks like a text, an image or a sound; write "
            "the card by hand: docs/add-a-task.md"
        )
    kind, why = _kind(data.parts[data.main].values(goal))
    languages = _languages(columns, slots)
    card: dict[str, Any] = {
        "name": found,
        "version": 1,
        "kind": kind,
        "description": {"en": f"Drafted from {_shown(data)}; say here what is asked."},
        "languages": languages,
        "inputs": slots,
        "target": {"column": goal},
        "source": dict(data.source),
        "splits": splits,
        "metrics": ["mae", "rmse"] if kind == "regression" else ["accuracy", "f1_macro"],
        "group": group,
    }
    guesses = [
        f"target is column {goal!r}: {why}",
        *(f"{slot} is column {column!r}" for slot, column in slots.items()),
        f"languages: {', '.join(languages) or 'none, since nothing is read'}",
        *told,
    ]
    if group is None:
        guesses += _groups(columns, {goal, *slots.values()})
    said = {field: value for field, value in card.items() if value not in (None, {})}
    text = yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=100)
    return Draft(name=found, text=text, guesses=tuple(guesses))


def _shown(data: Data) -> str:
    return data.where if data.source["via"] == "hub" else Path(data.where).name


def _target(data: Data, columns: dict[str, list[Any]], asked: str | None) -> str:
    if asked is not None:
        return data.require(asked, "--target")
    possible = [column for column, values in columns.items() if _is_target(values)]
    named = [column for name in NAMES for column in possible if column.lower() == name]
    if named:
        return named[0]
    if len(possible) == 1:
        return possible[0]
    told = ", ".join(possible) or "none has few values, or numbers"
    raise DataError(f"{data.where}: which column is to be predicted? Say --target ({told})")


def _known(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if not is_missing(value)]


def _is_target(values: Sequence[Any]) -> bool:
    known = _known(values)
    if not known or any(isinstance(value, bytes | Path | list | dict) for value in known):
        return False
    if any(_ends(value, IMAGE_SUFFIXES + SOUNDS) for value in known):
        return False
    return _is_class(known) or _is_number(known)


def _is_class(known: Sequence[Any]) -> bool:
    kinds = len(set(known))
    return 2 <= kinds <= MOST_CLASSES and kinds * ROWS_A_CLASS <= len(known)


def _is_number(known: Sequence[Any]) -> bool:
    """Of many values, and none that only counts the rows. A CSV has numbers as texts."""
    try:
        values = [float(value) for value in known if not isinstance(value, bool)]
    except (TypeError, ValueError):
        return False
    return len(set(values)) > 2 and values != sorted(set(values))


def _inputs(columns: dict[str, list[Any]], goal: str, group: str | None) -> dict[str, str]:
    """One column a modality: the longest text, the first picture, the first sound."""
    slots: dict[str, str] = {}
    texts: dict[str, float] = {}
    for column, values in columns.items():
        known = _known(values)
        if column in (goal, group) or not known:
            continue
        if all(_is_sound(value) for value in known):
            slots.setdefault("audio", column)
        elif all(_is_image(value) for value in known):
            slots.setdefault("image", column)
        elif all(isinstance(value, str) for value in known) and not _is_class(known):
            texts[column] = sum(len(value) for value in known) / len(known)
    if texts:
        slots["text"] = max(texts, key=lambda column: texts[column])
    return dict(sorted(slots.items()))


def _ends(value: Any, suffixes: tuple[str, ...]) -> bool:
    return isinstance(value, str) and value.lower().endswith(suffixes)


def _is_sound(value: Any) -> bool:
    """A path that ends like one, or how a file of one begins."""
    if isinstance(value, Mapping):  # as `datasets` has it: bytes, or a path
        return _is_sound(value.get("bytes")) or _ends(value.get("path"), SOUNDS)
    return _begins_as_sound(value) if isinstance(value, bytes) else _ends(value, SOUNDS)


def _begins_as_sound(content: bytes) -> bool:
    riff = content[:4] == b"RIFF" and content[8:12] == b"WAVE"  # WebP, a picture, is RIFF as well
    return riff or content.startswith((b"fLaC", b"OggS", b"ID3", b"\xff\xfb"))


def _is_image(value: Any) -> bool:
    if isinstance(value, Mapping):
        return isinstance(value.get("bytes"), bytes) or _ends(value.get("path"), IMAGE_SUFFIXES)
    return isinstance(value, bytes | Path) or _ends(value, IMAGE_SUFFIXES)


def _kind(values: Sequence[Any]) -> tuple[str, str]:
    known = _known(values)
    kinds = len(set(known))
    if not _is_class(known) and _is_number(known):
        return "regression", f"numbers, {kinds:,} different ones"
    largest, count = Counter(map(str, known)).most_common(1)[0]
    share = count / len(known)
    return "classification", f"{kinds} values; {largest[:40]!r} is {share:.0%} of the rows"


def _languages(columns: dict[str, list[Any]], slots: dict[str, str]) -> list[str]:
    if "text" not in slots:
        return []
    texts = [text for text in columns[slots["text"]][:500] if isinstance(text, str)]
    return ["zh"] if (share_of_chinese(texts) or 0.0) >= CHINESE else ["en"]


def _groups(columns: dict[str, list[Any]], used: set[str]) -> list[str]:
    """Columns whose values return, as those of one author do: to be looked at by a person."""
    found = []
    for column, values in columns.items():
        known = _known(values)
        if column in used or not known or not all(isinstance(v, str | int) for v in known):
            continue
        if len(known) / 20 < len(set(known)) < len(known):
            found.append(column)
    if not found:
        return []
    return [
        f"no group was set; if rows that share {' or '.join(map(repr, found))} depend on each "
        "other, say --group"
    ]
