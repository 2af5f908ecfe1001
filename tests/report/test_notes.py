"""Our own notes reach the reader in the reader's language."""

import re

import pytest
import torch

from mmbench.errors import Diverged
from mmbench.meters.clock import Window, throughput
from mmbench.report.i18n import Messages
from mmbench.report.notes import note_text
from mmbench.train.costs import MEASURED_EARLIER
from mmbench.train.evaluate import score_split
from mmbench.train.loop import mean_loss
from mmbench.train.outcome import NOT_APPLICABLE
from mmbench.trial import other_work_of

ENGLISH = re.compile(r"[a-z]{3,}")


def ours() -> list[str]:
    """The notes as the code that makes them words them."""
    window = Window(
        seconds=1.0,
        steps=1,
        samples=1,
        tokens=1,
        padded_tokens=1,
        data_wait_seconds=0.0,
        transfer_seconds=0.0,
    )
    (short,) = throughput([window, window], "train", tokens=False)
    targets = torch.tensor([0, 1]).numpy()
    (grouped,) = score_split(
        "after", "test", targets, targets, classes=2, metrics=("accuracy",), groups=("a", "a")
    )
    with pytest.raises(Diverged) as step:
        mean_loss([torch.tensor(float("nan"))], step=3)
    diverged = f"learning rate 0.1 diverged: {step.value}"
    notes = [NOT_APPLICABLE, MEASURED_EARLIER, short.note, grouped.note, diverged]
    notes += other_work_of(1.24, 2)
    return [note for note in notes if note is not None]


def test_the_notes_of_trials_are_translated() -> None:
    notes = ours()
    assert len(notes) == 6
    for note in notes:
        assert not ENGLISH.search(note_text(note, Messages("zh"))), note


def test_numbers_survive_the_translation() -> None:
    (warning,) = other_work_of(1.24, 2)
    text = note_text(warning, Messages("zh"))
    assert "1.2" in text
    assert "2 核" in text


def test_the_notes_of_others_are_left_as_they_are() -> None:
    assert note_text("measured by hand", Messages("zh")) == "measured by hand"


def test_a_quiet_machine_is_not_warned_about() -> None:
    assert other_work_of(0.1, 2) == []
    assert other_work_of(None, 2) == []
