"""`mmbench pin` by its command: which cards it fills in, and how it ends."""

from pathlib import Path

import pytest

from mmbench.pinning import pin
from tests.cli.conftest import Command


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every card gets a line; what could not be learnt is that of the image model."""
    seen: list[Path] = []

    def fill(path: Path) -> pin.Pinned:
        seen.append(path)
        text = path.read_text()
        if path.stem == "eye":
            return pin.Pinned(name="eye", path=path, text=text, missed=["nobody answers"])
        return pin.Pinned(
            name=path.stem, path=path, text=text + "# filled\n", changes=["revision 0123"]
        )

    monkeypatch.setattr(pin, "pin_model", fill)
    monkeypatch.setattr(pin, "pin_task", fill)
    monkeypatch.setattr("mmbench.cli.pin.is_offline", lambda: False)
    return seen


def test_the_cards_of_a_suite_are_filled_in_and_told(
    mm: Command, here: Path, filled: list[Path]
) -> None:
    ran = mm("pin", "small", "--cards", "cards")
    assert ran.status == 0
    assert [path.name for path in filled] == ["tiny.yaml", "moods.yaml"]
    assert ran.out == "tiny: revision 0123\nmoods: revision 0123\n"
    assert "2 cards changed, 0 not learnt in full" in ran.err
    assert (here / "cards" / "models" / "tiny.yaml").read_text().endswith("# filled\n")


def test_a_dry_run_writes_nothing(mm: Command, here: Path, filled: list[Path]) -> None:
    before = (here / "cards" / "models" / "tiny.yaml").read_text()
    ran = mm("pin", "small", "--cards", "cards", "--dry-run")
    assert "2 cards would be changed" in ran.err
    assert (here / "cards" / "models" / "tiny.yaml").read_text() == before


def test_what_could_not_be_learnt_is_the_exit_status(
    mm: Command, here: Path, filled: list[Path]
) -> None:
    suite = here / "cards" / "suites" / "small.yaml"
    suite.write_text(suite.read_text().replace("- tiny", "- tiny\n  - eye"))
    ran = mm("pin", "small", "--cards", "cards")
    assert ran.status == 1
    assert "eye: not learnt: nobody answers\n" in ran.out
    assert "2 cards changed, 1 not learnt in full" in ran.err


def test_the_parts_of_a_pair_are_filled_in_as_well(mm: Command, filled: list[Path]) -> None:
    ran = mm("pin", "every-kind", "--dry-run")
    names = [path.stem for path in filled]
    assert {"minilm-efficientnet-gated", "minilm-l6", "efficientnet-lite0"} <= set(names)
    assert len(names) == len(set(names))
    assert ran.status == 0


def test_offline_it_says_so_at_once(mm: Command) -> None:
    ran = mm("pin", "quickstart")
    assert ran.status == 2
    assert "HF_HUB_OFFLINE is set" in ran.err
