"""Name → card, across roots: the built-in registry, `--cards` folders, installed packages.

A root has the folders models, tasks, recipes and suites, one YAML card a file, named by its card.
One look-up reads one file. A path to a card file may stand wherever a name may.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeVar

from mmbench.cards import FileData, FolderModel, ModelCard, Recipe, Suite, TaskCard
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
    """Folders that installed packages announce: an entry point names a package that is one."""
    roots = []
    for point in entry_points(group=ENTRY_POINTS):
        if point.dist is None:
            continue
        roots.append(Path(str(point.dist.locate_file(point.value.replace(".", "/")))))
    return tuple(roots)


@dataclass(frozen=True, slots=True)
class Catalog:
    roots: tuple[Path, ...]

    @classmethod
    def standard(cls, extra: tuple[Path, ...] = ()) -> "Catalog":
        """Built-in cards, those of installed packages, and `extra` folders."""
        for root in extra:
            if not any((root / folder).is_dir() for folder in FOLDERS.values()):
                raise CardError(
                    f"{root}: no cards here; a cards folder holds models/, tasks/, recipes/ or "
                    "suites/ with one YAML file a card"
                )
        return cls((builtin_root(), *installed_roots(), *extra))

    def model(self, name: str) -> ModelCard:
        card = self._get(ModelCard, name)
        source = card.source
        return (
            card
            if not isinstance(source, FolderModel)
            else replace(
                card, source=replace(source, path=str(self._beside(ModelCard, name, source.path)))
            )
        )

    def task(self, name: str) -> TaskCard:
        card = self._get(TaskCard, name)
        source = card.source
        if not isinstance(source, FileData):
            return card
        files = {part: str(self._beside(TaskCard, name, f)) for part, f in source.files.items()}
        return replace(card, source=replace(source, files=files))

    def recipe(self, name: str) -> Recipe:
        return self._get(Recipe, name)

    def suite(self, name: str) -> Suite:
        return self._get(Suite, name)

    def names(self, cls: type[C]) -> list[str]:
        """All names of one kind of card, sorted; CardError if two roots hold the same name."""
        found: dict[str, Path] = {}
        for path in self._paths(cls):
            if path.stem in found:
                raise CardError(f"{path}: the name {path.stem!r} is taken by {found[path.stem]}")
            found[path.stem] = path
        return sorted(found)

    def _get(self, cls: type[C], name: str) -> C:
        return load_card(cls, self._path(cls, name))

    def _path(self, cls: type[C], name: str) -> Path:
        if name.endswith((".yaml", ".yml")):
            return Path(name)
        folder = FOLDERS[cls]
        paths = [root / folder / f"{name}.yaml" for root in self.roots]
        found = [path for path in paths if "/" not in name and path.is_file()]
        if len(found) > 1:
            raise CardError(f"{found[1]}: the name {name!r} is taken by {found[0]}")
        if not found:
            hint = did_you_mean(name, self.names(cls)) or f"; see: mmbench list {folder}"
            raise CardError(f"no {folder[:-1]} {name!r}{hint}")
        return found[0]

    def _paths(self, cls: type[C]) -> Iterator[Path]:
        for root in self.roots:
            yield from sorted((root / FOLDERS[cls]).glob("*.yaml"))

    def _beside(self, cls: type[C], name: str, path: str) -> Path:
        """A path of a card is relative to the card's own folder."""
        return (self._path(cls, name).parent / Path(path).expanduser()).resolve()
