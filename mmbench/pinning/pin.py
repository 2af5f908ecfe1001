"""A card → what the hubs know of it, written into its text. Nothing is written that was not told.

What a card says already stays; where a hub says something else, that is told.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeVar

from mmbench.cards import (
    HubData,
    HubModel,
    ModelCard,
    ModelScopeCopy,
    ModelScopeData,
    ModelScopeModel,
    RandomModel,
    TaskCard,
)
from mmbench.codec import load_card
from mmbench.data import hub_files
from mmbench.errors import CardError, MmbenchError
from mmbench.hubs import hugging_face, modelscope
from mmbench.hubs.files import Listing
from mmbench.hubs.modelscope_http import Repository
from mmbench.models import hub
from mmbench.pinning.card_text import Value, set_field

Card = TypeVar("Card", ModelCard, TaskCard)

NO_LICENCE = ("other", "unknown")
"""What the hub writes where a repository has a licence that has no name."""

SPDX = {
    "apache-2.0": "Apache-2.0",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "mit": "MIT",
}
"""The hub writes small letters; the cards, as SPDX (https://spdx.org/licenses)."""

MOST_FILES = 200
"""Of a data set in more pieces the digests would drown the card: its revision pins it."""

CREATIVE_COMMONS = re.compile(r"cc0-1\.0|cc-by(-nc)?(-sa|-nd)?-\d\.\d")
REVISION_AFTER = ("repo", "subset")
FILES_AFTER = ("repo", "subset", "revision")
LICENCE_AFTER = ("parameters", "metrics", "prompts")


@dataclass(slots=True)
class Pinned:
    """What became of one card: `changes` say what was filled in, `notes` what a person should look
    at, `missed` what could not be learnt."""

    name: str
    path: Path
    text: str
    changes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def fill(self, place: Sequence[str], value: Value, *, after: Sequence[str], said: str) -> None:
        self.text = set_field(self.text, place, value, after=after)
        self.changes.append(said)


def pin_model(path: Path) -> Pinned:
    """The card in this file, with the text that fills it in; nothing is written yet."""
    card = load_card(ModelCard, path)
    found = Pinned(name=card.name, path=path, text=path.read_text(encoding="utf-8"))
    source = card.source
    if isinstance(source, HubModel):
        listed = _pin_hub_model(found, ("source",), source, hub.weight_files(card))
        if listed is not None:
            _pin_licence(found, card.licence, listed.licence)
    elif isinstance(source, ModelScopeModel):
        weights = hub.weight_files(card)
        _pin_on_modelscope(
            found, source, "models", card.licence, lambda names: hub.wanted(names, weights)
        )
    elif isinstance(source, RandomModel) and isinstance(source.tokenizer, HubModel):
        _pin_hub_model(found, ("source", "tokenizer"), source.tokenizer, hub.weight_files(card))
    _check_edit(found, card)
    return found


def pin_task(path: Path) -> Pinned:
    card = load_card(TaskCard, path)
    found = Pinned(name=card.name, path=path, text=path.read_text(encoding="utf-8"))
    if isinstance(card.source, HubData):
        listed = _pin_hub_data(found, card.source)
        if listed is not None:
            _pin_licence(found, card.licence, listed.licence)
    elif isinstance(card.source, ModelScopeData):
        _pin_on_modelscope(found, card.source, "datasets", card.licence, hub_files.rows_among)
    _check_edit(found, card)
    return found


def _pin_hub_model(
    found: Pinned, place: tuple[str, ...], source: HubModel, weights: hub.WeightFiles
) -> Listing | None:
    try:
        listed = hub.listing(source)
        at = _pin_revision(found, place, source, listed)
        names = hub.wanted(listed.files, weights)
        digests = dict(source.files) or hugging_face.digests(
            source.repo, at, names, listed, "model"
        )
    except MmbenchError as error:
        found.missed.append(_first_line(error))
        return None
    except (OSError, hugging_face.TRANSPORT_ERROR) as error:
        found.missed.append(_first_line(hub.explained(error, source)))
        return None
    _pin_files(found, place, source.files, digests, listed)
    if source.modelscope is not None:
        copy = source.modelscope
        repository = Repository(kind="models", name=copy.repo, revision=copy.revision)
        _pin_copy(found, place, copy, repository, digests)
    return listed


def _pin_hub_data(found: Pinned, source: HubData) -> Listing | None:
    try:
        listed = hub_files.listing(source)
        at = _pin_revision(found, ("source",), source, listed)
        digests: Mapping[str, str] = source.files
        if not digests:
            names = hub_files.files_of_rows(replace(source, revision=at))
            names += [hub_files.README] if hub_files.README in listed.files else []
            if len(names) > MOST_FILES:
                found.notes.append(f"{len(names)} files hold its rows: pinned by revision alone")
                return listed
            digests = hugging_face.digests(source.repo, at, names, listed, "dataset")
    except MmbenchError as error:
        found.missed.append(_first_line(error))
        return None
    except (OSError, hugging_face.TRANSPORT_ERROR) as error:
        found.missed.append(_first_line(hub_files.unreadable(source, error)))
        return None
    _pin_files(found, ("source",), source.files, digests, listed)
    if source.modelscope is not None:
        copy = source.modelscope
        repository = Repository(kind="datasets", name=copy.repo, revision=copy.revision)
        _pin_copy(found, ("source",), copy, repository, digests)
    return listed


def _pin_revision(
    found: Pinned, place: tuple[str, ...], source: HubModel | HubData, listed: Listing
) -> str:
    """The commit that is pinned from now on, or the revision that was. CardError without either."""
    if source.revision is not None:
        return source.revision
    if listed.commit is None:
        raise CardError(f"{source.repo}: the hub names no commit")
    found.fill(
        (*place, "revision"),
        listed.commit,
        after=REVISION_AFTER,
        said=f"revision {listed.commit[:12]}",
    )
    return listed.commit


def _pin_files(
    found: Pinned,
    place: tuple[str, ...],
    before: Mapping[str, str],
    digests: Mapping[str, str],
    listed: Listing,
) -> None:
    if not before and digests:
        said = f"sha256 of {len(digests)} files"
        found.fill((*place, "files"), digests, after=FILES_AFTER, said=said)
    _note_differences(found, before, _told(listed), "Hugging Face")


def _pin_copy(
    found: Pinned,
    place: tuple[str, ...],
    copy: ModelScopeCopy,
    repository: Repository,
    digests: Mapping[str, str],
) -> None:
    """Its revision, and whether its files are the card's."""
    try:
        listed = modelscope.listing(repository)
    except MmbenchError as error:
        found.missed.append(_first_line(error))
        return
    absent = sorted(digests.keys() - listed.files.keys())
    if absent:
        found.notes.append(f"{repository.where} lacks {_named(absent)}")
    _note_differences(found, digests, _told(listed), repository.where)
    if copy.revision is None and listed.commit is not None:
        found.fill(
            (*place, "modelscope", "revision"),
            listed.commit,
            after=("repo", "official"),
            said=f"ModelScope's revision {listed.commit[:12]}",
        )


def _pin_on_modelscope(
    found: Pinned,
    source: ModelScopeModel | ModelScopeData,
    kind: Literal["models", "datasets"],
    licence: str | None,
    choose: Callable[[Iterable[str]], list[str]],
) -> None:
    """A card whose files lie on ModelScope alone, which tells the sha256 of each."""
    try:
        repository = Repository(kind=kind, name=source.repo, revision=source.revision)
        listed = modelscope.listing(repository)
        told_licence = modelscope.licence(repository)
    except MmbenchError as error:
        found.missed.append(_first_line(error))
        return
    if source.revision is None and listed.commit is not None:
        said = f"revision {listed.commit[:12]}"
        found.fill(("source", "revision"), listed.commit, after=REVISION_AFTER, said=said)
    names = choose(listed.files)
    told = listed.digests(names)
    if source.files:
        _note_differences(found, source.files, _told(listed), repository.where)
    elif not told or len(told) > MOST_FILES:
        found.notes.append(f"{len(names)} files, too many or of unknown sha256: they stay open")
    else:
        said = f"sha256 of {len(told)} files"
        found.fill(("source", "files"), told, after=FILES_AFTER, said=said)
    _pin_licence(found, licence, told_licence)


def _pin_licence(found: Pinned, known: str | None, told: str | None) -> None:
    if told is None or told in NO_LICENCE:
        return
    if known is None:
        spelled = SPDX.get(told) or (told.upper() if CREATIVE_COMMONS.fullmatch(told) else told)
        found.fill(("licence",), spelled, after=LICENCE_AFTER, said=f"licence {spelled}")
    elif known.lower() != told.lower():
        found.notes.append(f"the hub says licence {told}, the card {known}")


def _told(listed: Listing) -> dict[str, str]:
    """The digests that the hub tells, of whichever files."""
    return {name: file.sha256 for name, file in listed.files.items() if file.sha256 is not None}


def _note_differences(
    found: Pinned, ours: Mapping[str, str], told: Mapping[str, str], where: str
) -> None:
    other = sorted(name for name in ours if name in told and told[name] != ours[name])
    if other:
        found.notes.append(f"{where} has another {_named(other)} than the card means")


def _check_edit(found: Pinned, before: Card) -> None:
    """CardError unless the new text is the same card but for what was filled in: an edit of text
    that goes wrong must not reach the disk."""
    if not found.changes:
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / found.path.name
        copy.write_text(found.text, encoding="utf-8")
        after = load_card(type(before), copy)
    if _without_pins(after) != _without_pins(before):
        raise CardError(f"{found.path}: it cannot be filled in without changing something else")


def _without_pins(card: Card) -> Card:
    source: Any = card.source
    if isinstance(source, RandomModel):
        source = replace(source, tokenizer=_unpinned(source.tokenizer))
    return replace(card, source=_unpinned(source), licence=None)


def _unpinned(source: Any) -> Any:
    if isinstance(source, ModelScopeModel | ModelScopeData):
        return replace(source, revision=None, files={})
    if not isinstance(source, HubModel | HubData):
        return source
    copy = source.modelscope
    bare = None if copy is None else replace(copy, revision=None)
    return replace(source, revision=None, files={}, modelscope=bare)


def _named(names: Iterable[str]) -> str:
    shown = list(names)
    rest = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return ", ".join(shown[:3]) + rest


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
