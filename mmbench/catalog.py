"""Name → card, across roots: the built-in registry, `--cards` folders, installed packages.

A root has the folders models, tasks, recipes and suites, one YAML card a file, named by its card.
One look-up reads one file. A path to a card file may stand wherever a name may.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from mmbench.cards import (
    FileData,
    FolderModel,
    FusionModel,
    JoinedModel,
    ModelCard,
    PairModel,
    Places,
    RandomModel,
    Recipe,
    Side,
    Suite,
    TaskCard,
)
from mmbench.cards.names import NAME
from mmbench.codec import load_card
from mmbench.errors import CardError, did_you_mean

C = TypeVar("C", ModelCard, TaskCard, Recipe, Suite)

FOLDERS: dict[type, str] = {
    ModelCard: "models",
    TaskCard: "tasks",
    Recipe: "recipes",
    Suite: "suites",
}
ENTRY_POINTS = "mmbench.cards"


def builtin_root() -> Path:
    """`registry/` inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "registry"
    return inside if inside.is_dir() else package.parent / "registry"


def installed_roots() -> tuple[Path, ...]:
    """Folders that installed packages announce: an entry point names a package that is one.

    The package is found, not imported: a card is data, and listing cards runs nobody's code.
    """
    roots = []
    for point in entry_points(group=ENTRY_POINTS):
        top, *below = point.module.split(".")
        spec = find_spec(top)
        places = (spec.submodule_search_locations if spec is not None else None) or ()
        found = [root for root in (Path(place, *below) for place in places) if _has_cards(root)]
        if not found:
            owner = point.dist.name if point.dist is not None else top
            raise CardError(
                f"package {owner} announces cards in {point.module!r}, but none are there; "
                f"reinstall it, or: pip uninstall {owner}"
            )
        roots.append(found[0])
    return tuple(roots)


def _has_cards(root: Path) -> bool:
    return any((root / folder).is_dir() for folder in FOLDERS.values())


@dataclass(frozen=True, slots=True)
class Catalog:
    """`places`: where files are read when not where the cards say."""

    roots: tuple[Path, ...]
    places: Places = field(default_factory=Places)

    @classmethod
    def standard(cls, extra: tuple[Path, ...] = (), *, places: Places | None = None) -> "Catalog":
        """Built-in cards, those of installed packages, and `extra` folders."""
        for root in extra:
            if not _has_cards(root):
                raise CardError(
                    f"{root}: no cards here; a cards folder holds models/, tasks/, recipes/ or "
                    "suites/ with one YAML file a card"
                )
        roots = (builtin_root(), *installed_roots(), *extra)
        # a folder that is named twice is one root, not a clash of all its names
        return cls(tuple(dict.fromkeys(root.resolve() for root in roots)), places or Places())

    def model(self, name: str) -> ModelCard:
        path = self.path(ModelCard, name)
        card = load_card(ModelCard, path)
        source = card.source
        if card.parts:
            raise CardError(f"{path}: parts are looked up by the names under source; remove them")
        if isinstance(source, PairModel | FusionModel):
            return self.places.of_model(self._joined(card, source, path))
        if isinstance(source, FolderModel):
            card = replace(card, source=_folder_beside(path, source))
        if isinstance(source, RandomModel) and isinstance(source.tokenizer, FolderModel):
            tokenizer = _folder_beside(path, source.tokenizer)
            card = replace(card, source=replace(source, tokenizer=tokenizer))
        return self.places.of_model(card)

    def _joined(self, card: ModelCard, source: JoinedModel, path: Path) -> ModelCard:
        parts: dict[Side, ModelCard] = {
            "image": self._encoder(_named_beside(path, source.image)),
            "text": self._encoder(_named_beside(path, source.text)),
        }
        if card.languages != parts["text"].languages:
            raise CardError(
                f"{path}: languages is {list(card.languages)}; those of its text encoder "
                f"{source.text} are {list(parts['text'].languages)}"
            )
        if isinstance(source, FusionModel) and source.weights is not None:
            source = replace(source, weights=_beside(path, source.weights))
        try:
            return replace(card, source=source, parts=parts)
        except CardError as error:
            raise CardError(f"{path}: {error}") from None

    def _encoder(self, name: str) -> ModelCard:
        path = self.path(ModelCard, name)
        source = load_card(ModelCard, path).source
        if isinstance(source, PairModel | FusionModel):  # it might name itself
            raise CardError(f"{path}: a {source.via} cannot be part of another")
        return self.model(name)

    def task(self, name: str) -> TaskCard:
        path = self.path(TaskCard, name)
        card = load_card(TaskCard, path)
        source = card.source
        if not isinstance(source, FileData):
            return self.places.of_task(card)
        files = {part: _beside(path, file) for part, file in source.files.items()}
        return replace(card, source=replace(source, files=files))

    def recipe(self, name: str) -> Recipe:
        return load_card(Recipe, self.path(Recipe, name))

    def suite(self, name: str) -> Suite:
        """A suite; the paths of card files in it are relative to its own folder."""
        path = self.path(Suite, name)
        card = load_card(Suite, path)

        def found(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(_named_beside(path, name) for name in names)

        blocks = tuple(
            replace(b, models=found(b.models), tasks=found(b.tasks), recipes=found(b.recipes))
            for b in card.blocks
        )
        bench = tuple(replace(b, models=found(b.models)) for b in card.bench)
        return replace(card, blocks=blocks, bench=bench)

    def names(self, cls: type[C]) -> list[str]:
        """All names of one kind of card, sorted; CardError if two roots hold the same name."""
        found: dict[str, Path] = {}
        for path in self._paths(cls):
            if path.stem in found:
                raise CardError(
                    f"{path}: the name {path.stem!r} is taken by {found[path.stem]}; rename one"
                )
            found[path.stem] = path
        return sorted(found)

    def path(self, cls: type[C], name: str) -> Path:
        """The file of a card; CardError, with the nearest names, if there is none."""
        if _is_path(name):
            return Path(name)
        folder = FOLDERS[cls]
        paths = [root / folder / f"{name}.yaml" for root in self.roots]
        # what is no legal name is not even looked for: it might lead out of the roots
        found = [path for path in paths if NAME.fullmatch(name) and path.is_file()]
        if len(found) > 1:
            raise CardError(f"{found[1]}: the name {name!r} is taken by {found[0]}; rename one")
        if not found:
            hint = did_you_mean(name, self.names(cls)) or f"; see: mmbench list {folder}"
            raise CardError(f"no {folder[:-1]} {name!r}{hint}")
        return found[0]

    def _paths(self, cls: type[C]) -> Iterator[Path]:
        for root in self.roots:
            yield from sorted((root / FOLDERS[cls]).glob("*.yaml"))


def _is_path(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _beside(card: Path, path: str) -> str:
    """A path that a card names is relative to the card's own folder."""
    try:
        return str((card.parent / Path(path).expanduser()).resolve())
    except (OSError, RuntimeError, ValueError) as error:  # no such home, a NUL, a loop of links
        raise CardError(f"{card}: the path {path!r} cannot be used: {error}") from None


def _named_beside(card: Path, name: str) -> str:
    """A name as it is, the path of a card file relative to the card that names it."""
    return _beside(card, name) if _is_path(name) else name


def _folder_beside(card: Path, source: FolderModel) -> FolderModel:
    return replace(source, path=_beside(card, source.path))
