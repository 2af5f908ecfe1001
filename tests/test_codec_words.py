"""Fields that a card does not have: told with their line, and with what they are called here."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mmbench.cards import ModelCard, Recipe
from mmbench.codec import load_card
from mmbench.errors import CardError
from tests.specimens import MODEL_FIELDS, RECIPE_FIELDS, write_card


def complaint(path: Path, load: Callable[[Path], object]) -> str:
    with pytest.raises(CardError) as caught:
        load(path)
    return str(caught.value).removeprefix(f"{path}:")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("lang", "no", "lang: unknown field; did you mean 'languages'"),
        ("license", "MIT", "license: unknown field; did you mean 'licence'"),
        ("colour", "red", "colour: unknown field"),
    ],
)
def test_of_a_model(field: str, value: str, said: str, tmp_path: Path) -> None:
    path = write_card(tmp_path, "models", MODEL_FIELDS)
    text = path.read_text()
    path.write_text(f"{text}{field}: {value}\n")
    assert complaint(path, partial(load_card, ModelCard)).startswith(
        f"{len(text.splitlines()) + 1}: {said}"
    )


def test_of_a_recipe_the_rate_is_the_grid_of_rates(tmp_path: Path) -> None:
    path = write_card(tmp_path, "recipes", RECIPE_FIELDS)
    path.write_text(path.read_text() + "lr: 2e-5\n")
    line = len(path.read_text().splitlines())
    said = complaint(path, partial(load_card, Recipe))
    assert said == f"{line}: lr: unknown field; did you mean 'learning_rates'?"
