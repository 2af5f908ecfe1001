"""Finding cards: by name, by path, across roots; and never outside of them."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from mmbench.cards import FileData, FolderModel, ModelCard, RandomModel, Recipe, Suite, TaskCard
from mmbench.catalog import Catalog, builtin_root
from mmbench.errors import CardError
from tests.specimens import (
    IMAGE_MODEL_FIELDS,
    MODEL_FIELDS,
    RECIPE_FIELDS,
    SUITE_FIELDS,
    TASK_FIELDS,
    write_card,
    write_cards,
)

HOSTILE = (
    *("../tiny", "..", ".", "", "/etc/passwd", "models/tiny", "tiny/../tiny", "./tiny", "~"),
    *("tiny\0", "\0", "tiny\n", "TINY", "tiny.", " tiny", "x" * 300, "CON", "名", "[/red]x", "*"),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_cards(tmp_path / "cards")


def test_a_name_finds_its_card(root: Path) -> None:
    catalog = Catalog((root,))
    assert catalog.model("tiny").name == "tiny"
    assert catalog.task("moods").name == "moods"
    assert catalog.recipe("probe").name == "probe"
    assert catalog.suite("small").name == "small"
    assert catalog.names(ModelCard) == ["eye", "tiny"]
    assert catalog.path(ModelCard, "tiny") == root / "models" / "tiny.yaml"


def test_one_look_up_reads_one_file(root: Path) -> None:
    """A card of somebody else that is broken stands in nobody's way."""
    (root / "models" / "broken.yaml").write_text("name: [")
    assert Catalog((root,)).model("tiny").name == "tiny"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("tinny", "; did you mean 'tiny'?"),
        ("qqqqqq", "; see: mmbench list models"),
    ],
)
def test_an_unknown_name_gets_a_hint(root: Path, name: str, hint: str) -> None:
    with pytest.raises(CardError) as caught:
        Catalog((root,)).model(name)
    assert str(caught.value) == f"no model {name!r}{hint}"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_finds_nothing(root: Path, name: str) -> None:
    write_card(root.parent, "models", MODEL_FIELDS)
    write_card(root.parent, ".", MODEL_FIELDS)
    catalog = Catalog((root,))
    for look_up in (catalog.model, catalog.task, catalog.recipe, catalog.suite):
        with pytest.raises(CardError, match=r"^no "):
            look_up(name)


@pytest.mark.parametrize("name", ["a\0.yaml", "x" * 5000 + ".yaml", "/absent/x.yaml"])
def test_a_hostile_path_is_refused(root: Path, name: str) -> None:
    with pytest.raises(CardError, match="cannot be read"):
        Catalog((root,)).model(name)


def test_a_path_may_stand_for_a_name(root: Path, tmp_path: Path) -> None:
    path = write_card(tmp_path, "mine", RECIPE_FIELDS, name="own")
    assert Catalog((root,)).recipe(str(path)).name == "own"


def test_the_same_name_in_two_roots_is_refused(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_card(other, "models", MODEL_FIELDS)
    catalog = Catalog((root, other))
    with pytest.raises(CardError, match=r"the name 'tiny' is taken by .*rename one"):
        catalog.model("tiny")
    with pytest.raises(CardError, match="the name 'tiny' is taken by"):
        catalog.names(ModelCard)
    assert catalog.task("moods").name == "moods"


def test_a_root_given_twice_is_one_root(root: Path) -> None:
    catalog = Catalog.standard((root, root, root / "models" / ".."))
    assert catalog.model("tiny").name == "tiny"


def test_a_folder_without_cards_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(CardError, match="no cards here; a cards folder holds models/"):
            Catalog.standard((folder,))


def test_what_a_card_names_is_beside_the_card(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = {"via": "folder", "path": "../weights"}
    write_card(root, "models", MODEL_FIELDS, name="local", source=source)
    start = {"via": "random", "tokenizer": source}
    write_card(root, "models", MODEL_FIELDS, name="start", source=start)
    monkeypatch.chdir("/")
    catalog = Catalog((root,))
    model, scratch, task = catalog.model("local"), catalog.model("start"), catalog.task("moods")
    assert isinstance(model.source, FolderModel)
    assert model.source.path == str(root / "weights")
    assert isinstance(scratch.source, RandomModel)
    assert isinstance(scratch.source.tokenizer, FolderModel)
    assert scratch.source.tokenizer.path == str(root / "weights")
    assert isinstance(task.source, FileData)
    assert task.source.files == {"all": str(root / "tasks" / "moods.csv")}


def test_an_absolute_path_stays(root: Path) -> None:
    source = {"via": "files", "files": {"all": "/data/all.csv"}}
    write_card(root, "tasks", TASK_FIELDS, name="far", source=source)
    found = Catalog((root,)).task("far").source
    assert isinstance(found, FileData)
    assert found.files == {"all": "/data/all.csv"}


@pytest.mark.parametrize("path", ["a\0b", "~nobody-of-this-name/x"])
def test_a_path_that_cannot_be_is_refused_with_its_card(root: Path, path: str) -> None:
    source = {"via": "files", "files": {"all": path}}
    card = write_card(root, "tasks", TASK_FIELDS, name="far", source=source)
    with pytest.raises(CardError, match=r"far\.yaml: the path .* cannot be used"):
        Catalog((root,)).task(card.stem)


def test_paths_in_a_suite_are_beside_the_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_card(tmp_path, "mine", MODEL_FIELDS)
    block = {"models": ["tiny.yaml"], "tasks": ["moods"], "recipes": ["probe"]}
    path = write_card(tmp_path, "mine", SUITE_FIELDS, name="own", blocks=[block])
    monkeypatch.chdir("/")
    (found,) = Catalog(()).suite(str(path)).blocks
    assert found.models == (str(tmp_path / "mine" / "tiny.yaml"),)
    assert found.tasks == ("moods",)


# ------------------------------------------------------------------------- installed packages


def install(site: Path, points: Mapping[str, str]) -> None:
    """A distribution as pip would leave it, which announces cards."""
    info = site / "acme_cards-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-cards\nVersion: 1.0\n")
    lines = [f"{name} = {value}" for name, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[mmbench.cards]", *lines]))


def package(site: Path) -> Path:
    """A package of cards whose code must not run."""
    folder = site / "acme_cards"
    write_card(folder / "cards", "models", IMAGE_MODEL_FIELDS, name="acme-eye")
    (folder / "__init__.py").write_text("raise RuntimeError('cards are data: never imported')")
    return folder


@pytest.mark.parametrize("place", ["acme_cards", "acme_cards.cards"])
def test_an_installed_package_adds_its_cards_and_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    folder = package(tmp_path)
    if place == "acme_cards":
        (folder / "cards" / "models").rename(folder / "models")
    install(tmp_path, {"acme": place})
    monkeypatch.syspath_prepend(str(tmp_path))
    assert Catalog.standard().model("acme-eye").name == "acme-eye"
    assert "acme_cards" not in sys.modules


def test_a_fresh_interpreter_finds_an_installed_package(tmp_path: Path) -> None:
    package(tmp_path)
    install(tmp_path, {"acme": "acme_cards.cards"})
    code = f"""\
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        from mmbench.catalog import Catalog
        print(Catalog.standard().model("acme-eye").name, "acme_cards" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)],
        cwd=builtin_root().parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "acme-eye False\n"


@pytest.mark.parametrize("place", ["acme_cards", "acme_cards.absent", "no_such_module", "json"])
def test_a_package_that_announces_cards_and_has_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    package(tmp_path)
    install(tmp_path, {"acme": place})
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(CardError, match=r"package acme-cards announces cards.*pip uninstall"):
        Catalog.standard()


# ------------------------------------------------------------------------ our own registry


def test_every_card_of_the_registry_loads() -> None:
    catalog = Catalog.standard()
    loaded: list[object] = [
        *map(catalog.model, catalog.names(ModelCard)),
        *map(catalog.task, catalog.names(TaskCard)),
        *map(catalog.recipe, catalog.names(Recipe)),
        *map(catalog.suite, catalog.names(Suite)),
    ]
    files = list(builtin_root().glob("*/*.yaml"))
    assert len(loaded) == len(files) == len(list(builtin_root().rglob("*.y*ml")))
    assert len(loaded) > 10
