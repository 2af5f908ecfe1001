"""The search itself, of a function whose best is known: what it draws, prunes and goes on from."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mmbench.cards import Recipe, Span, Tuning
from mmbench.codec import dump_json
from mmbench.errors import Diverged, TrialError
from mmbench.progress import Silent
from mmbench.records import CurvePoint, Tried
from mmbench.train.search import Attempt, Kept, search
from mmbench.train.stopping import Scored

SPACE: dict[str, Span | tuple[int | float, ...]] = {
    "lr": Span(low=1e-5, high=1e-1, log=True),
    "batch_size": (16, 32),
}
RECIPE = Recipe(
    name="tuned",
    strategy="full",
    learning_rates=(1e-4,),
    epochs=2,
    batch_size=32,
    evaluations=4,
    tune=Tuning(trials=12, space=SPACE),
)


def point(step: int, accuracy: float, recipe: Recipe) -> CurvePoint:
    return CurvePoint(
        learning_rate=recipe.learning_rates[0],
        step=step,
        epoch=step / 2,
        train_loss=1.0,
        validation_loss=1.0 - accuracy,
        validation={"accuracy": accuracy},
    )


class Landscape:
    """Best at a rate of 0.01 and batches of 16; rates above 0.05 diverge."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.dies_at = dies_at
        self.seen: list[tuple[float, int]] = []

    def __call__(self, recipe: Recipe, scored: Scored) -> None:
        (rate,) = recipe.learning_rates
        if len(self.seen) == self.dies_at:
            raise KeyboardInterrupt
        self.seen.append((rate, recipe.batch_size))
        if rate > 0.05:
            raise Diverged("the training loss was nan at step 1")
        from math import log10

        height = 0.9 - 0.1 * abs(log10(rate) + 2) + (0.05 if recipe.batch_size == 16 else 0.0)
        for step in (1, 2, 3, 4):
            scored(point(step, height * (0.6 + 0.1 * step), recipe))


def run(
    attempt: Attempt, folder: Path, recipe: Recipe = RECIPE, of: str = "this"
) -> tuple[Tried, ...]:
    kept = Kept(file=folder / "search.json", of=of)
    return search(recipe, attempt, rows=64, seed=0, watcher=Silent(), journal=kept)


def without_seconds(tried: tuple[Tried, ...]) -> bytes:
    return b"".join(dump_json(replace(each, seconds=0.0)) for each in tried)


def test_the_first_setting_is_the_recipes_own_and_the_best_that_finished_is_chosen(
    tmp_path: Path,
) -> None:
    landscape = Landscape()
    tried = run(landscape, tmp_path)
    assert landscape.seen[0] == (1e-4, 32)
    assert dict(tried[0].setting) == {"lr": 1e-4, "batch_size": 32}
    assert len(tried) == len(landscape.seen) == 12
    assert [each.number for each in tried] == list(range(12))
    (chosen,) = [each for each in tried if each.chosen]
    finished = [each for each in tried if each.outcome == "finished"]
    assert chosen.validation == max(each.validation or 0.0 for each in finished)
    assert chosen.validation > (tried[0].validation or 0.0)


def test_settings_lie_in_the_space(tmp_path: Path) -> None:
    for each in run(Landscape(), tmp_path):
        assert 1e-5 <= each.setting["lr"] <= 1e-1
        assert each.setting["batch_size"] in (16, 32)


def test_the_same_search_twice_tries_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = run(Landscape(), tmp_path / "a"), run(Landscape(), tmp_path / "b")
    assert without_seconds(one) == without_seconds(two)


def test_pruning_ends_a_setting_that_lies_below_the_median(tmp_path: Path) -> None:
    heights = iter([0.5, 0.6, 0.7, 0.8, 0.2, 0.66])  # the median of the first four: 0.65

    def attempt(recipe: Recipe, scored: Scored) -> None:
        height = next(heights)
        for step in (1, 2, 3, 4):
            scored(point(step, height, recipe))

    six = replace(RECIPE, tune=Tuning(trials=6, space=SPACE))
    *first, poor, fair = run(attempt, tmp_path, six)
    assert [each.outcome for each in (*first, fair)] == ["finished"] * 5
    assert (poor.outcome, poor.steps, poor.validation, poor.chosen) == ("pruned", 1, 0.2, False)
    assert poor.samples == 32  # one of two steps of an epoch of 64 rows
    assert "below the median after 1 of 4 validations" in (poor.reason or "")


def test_a_setting_that_diverges_counts_and_is_told(tmp_path: Path) -> None:
    narrow = Tuning(trials=8, space={"lr": Span(low=1e-5, high=1.0)})
    tried = run(Landscape(), tmp_path, replace(RECIPE, tune=narrow))
    diverged = [each for each in tried if each.outcome == "diverged"]
    assert len(tried) == 8
    assert diverged
    assert all(each.validation is None and "nan at step 1" in str(each.reason) for each in diverged)


def test_if_every_setting_diverges_the_search_has(tmp_path: Path) -> None:
    def never(recipe: Recipe, scored: Scored) -> None:
        raise Diverged("nan")

    with pytest.raises(Diverged, match="all 12 settings diverged"):
        run(never, tmp_path)


def test_a_setting_that_memory_does_not_suffice_for_counts_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    small = Landscape()

    def attempt(recipe: Recipe, scored: Scored) -> None:
        if recipe.batch_size == 32:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried 2 GiB.\nSee the documentation")
        small(recipe, scored)

    tried = run(attempt, tmp_path)
    large = [each for each in tried if each.setting["batch_size"] == 32]
    assert len(tried) == 12
    assert tried[0] in large, "the recipe's own"
    assert {(each.outcome, each.reason, each.chosen) for each in large} == {
        ("out_of_memory", "CUDA out of memory. Tried 2 GiB.", False)
    }
    (chosen,) = [each for each in tried if each.chosen]
    assert chosen.setting["batch_size"] == 16


def test_a_search_in_which_nothing_finished_says_of_what(tmp_path: Path) -> None:
    def never(recipe: Recipe, scored: Scored) -> None:
        if recipe.batch_size == 16:
            raise Diverged("nan")
        raise torch.OutOfMemoryError("no memory")

    with pytest.raises(TrialError, match=r"none of 12 .*; the first: out_of_memory: no mem"):
        run(never, tmp_path)


def test_a_killed_search_goes_on_from_what_it_had_ended(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    whole = run(Landscape(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(Landscape(dies_at=7), tmp_path)
    rest = Landscape()
    assert without_seconds(run(rest, tmp_path)) == without_seconds(whole)
    assert len(rest.seen) == 12 - 7


def test_the_journal_of_another_search_or_of_an_ended_one_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(Landscape(dies_at=3), tmp_path)
    other = Landscape()
    run(other, tmp_path, of="another")
    assert len(other.seen) == 12
    again = Landscape()
    run(again, tmp_path, of="another")
    assert len(again.seen) == 12


def test_a_broken_journal_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "search.json").write_text("{}")
    landscape = Landscape()
    run(landscape, tmp_path)
    assert len(landscape.seen) == 12


def test_nothing_is_logged(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(Landscape(), tmp_path)
    told = capfd.readouterr()
    assert (told.out, told.err) == ("", "")
