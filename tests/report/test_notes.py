"""Our own notes and failures reach the reader in the reader's language."""

import re
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from mmbench.data.cache import Cache
from mmbench.data.examples import Examples, TaskData
from mmbench.errors import Diverged
from mmbench.executors.lost import failure_of, not_startable, not_started
from mmbench.executors.process import Ending
from mmbench.executors.worker import SHARED
from mmbench.meters.clock import Window
from mmbench.meters.latency import few_note
from mmbench.meters.noise import drifted, never_settled, other_work, throttled, unstable_windows
from mmbench.meters.rates import NEVER_SETTLED, throughput
from mmbench.metrics import binary, multilabel, tagging, transcription
from mmbench.metrics.resampling import scored
from mmbench.progress import Silent
from mmbench.report.i18n import Messages
from mmbench.report.notes import failure_text, note_text
from mmbench.train.costs import MEASURED_EARLIER
from mmbench.train.loop import mean_loss
from mmbench.train.objectives import SplitRows, base, classification, retrieval
from mmbench.train.setting import Setting
from mmbench.trial import LOADED_EARLIER
from tests.report.cards import FINGERPRINT, NOT_APPLICABLE, RECIPES, TASKS
from tests.report.paired_cards import NO_SPACE
from tests.report.paired_sweep import LOADED_EARLIER as LOADED_IN_SWEEP
from tests.report.paired_sweep import SHARED_START

ENGLISH = re.compile(r"[a-z]{3,}")


def one_group_note(tmp_path: Path) -> str | None:
    """As classification words it, of two rows in one group."""
    setting = Setting(
        task=TASKS["fixture-reviews"],
        recipe=RECIPES["full"],
        seed=0,
        identities={},
        fingerprint=FINGERPRINT,
        device=torch.device("cpu"),
        cache=Cache(tmp_path),
        watcher=Silent(),
        inference_seconds=0.0,
    )
    data = TaskData(splits={}, labels=(0, 1), dropped={})
    objective = classification.Classification(cast("Any", None), data, setting)
    examples = Examples(ids=("a", "b"), inputs={}, targets=np.array([0, 1]), groups=("g", "g"))
    split = SplitRows(name="test", examples=examples, rows=cast("Any", None))
    return objective.scores("after", split, {"logits": np.eye(2, dtype=np.float32)})[0].note


def diverged() -> str:
    with pytest.raises(Diverged) as step:
        mean_loss([torch.tensor(float("nan"))], step=3)
    return str(step.value)


def ours(tmp_path: Path) -> list[str]:
    """The notes as the code that makes them words them."""
    window = Window(
        seconds=1.0,
        steps=1,
        samples=1,
        tokens=0,
        padded_tokens=0,
        data_wait_seconds=0.0,
        transfer_seconds=0.0,
    )
    (short,) = throughput([window, window], "train")
    notes = [
        classification.NO_SPACE,
        classification.NO_PROMPTS,
        retrieval.NO_SPACE,
        base.ONE_GROUP,
        one_group_note(tmp_path),
        MEASURED_EARLIER,
        LOADED_EARLIER,
        SHARED,
        short.note,
        f"learning rate 0.1 diverged: {diverged()}",
        *other_work(1.24, 2),
        NEVER_SETTLED,
        never_settled("training"),
        few_note(250),
        *undefined(),
        *unstable(),
    ]
    assert None not in notes
    return [note for note in notes if note is not None]


def undefined() -> list[str | None]:
    """Why a metric is not defined, of every metric that may be so."""
    no_class = binary.measures(["roc_auc"], [1], [0.5])
    no_label = multilabel.measures(["mean_average_precision"], [[0]], [[0.5]])
    no_word = tagging.measures(["token_accuracy"], [[]], [[]])
    no_reference = transcription.measures(["cer"], [""], ["a"])
    measures = (no_class, no_label, no_word, no_reference)
    return [found.note for each in measures for found in scored(each).values()]


def unstable() -> list[str]:
    """Every warning of an unstable run."""
    spreading = unstable_windows([1.0, 1.3] * 10, "training")
    slower = unstable_windows([1.0] * 10 + [1.2] * 10, "inference")
    faster = unstable_windows([1.2] * 10 + [1.0] * 10, "training")
    changed = drifted({"matrix product": (1.0, 1.2), "memory copy": (1.0, 0.8)})
    found = [*spreading, *slower, *faster, *changed]
    assert len(found) >= 5
    return found


ENDINGS = [
    Ending(why="ended", status=-11, output="Fatal Python error"),
    Ending(why="ended", status=-9, output=""),
    Ending(why="ended", status=-15, output=""),
    Ending(why="ended", status=0, output="bye"),
    Ending(why="late", status=-15, output=""),
    Ending(why="garbled", status=-9, output="", said="hello 'you'"),
    Ending(why="silent", status=-9, output=""),
]


def test_the_notes_of_trials_are_translated(tmp_path: Path) -> None:
    for note in ours(tmp_path):
        told = note_text(note, Messages("zh")).replace("mmbench gate --against", "")
        assert not ENGLISH.search(told), note


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: f"{ending.why} {ending.status}")
@pytest.mark.parametrize("limit", [None, 90.0])
def test_why_a_worker_gave_no_record_is_translated_whole(
    ending: Ending, limit: float | None
) -> None:
    message = failure_of(ending, during="scoring test", limit_seconds=limit).message
    text = failure_text(message, Messages("zh"))
    assert text.startswith("工作进程在“scoring test”阶段")
    names = r"scoring test|hello 'you'|SIG\w+|Out of memory|dmesg|batch_size|exit|inline|--[a-z-]+"
    assert not ENGLISH.search(re.sub(names, "", text)), text
    assert failure_text(message, Messages("en")) == message


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: f"{ending.why} {ending.status}")
def test_why_a_worker_was_never_ready_is_translated(ending: Ending) -> None:
    message = not_started(ending).message
    text = failure_text(message, Messages("zh"))
    assert text.startswith("工作进程在就绪之前")
    assert ending.output or text.endswith("没有任何输出")
    assert failure_text(message, Messages("en")) == message


def test_what_the_system_and_the_loss_refused_is_translated() -> None:
    message = not_startable(OSError(11, "no processes left")).message
    text = failure_text(message, Messages("zh"))
    assert text.startswith("无法启动工作进程：")
    assert "no processes left" in text
    assert "第 3 步变为 nan" in failure_text(diverged(), Messages("zh"))
    for each in (message, diverged()):
        assert failure_text(each, Messages("en")) == each


def test_numbers_survive_the_translation() -> None:
    (warning,) = other_work(1.24, 2)
    text = note_text(warning, Messages("zh"))
    assert "1.2" in text
    assert "2 核" in text


def test_what_makes_a_run_unstable_is_told_in_both_languages() -> None:
    """The advice, which all share, is told once beside them."""
    for warning in unstable():
        what, _, _ = warning.removeprefix("unstable: ").partition("; ")
        assert note_text(warning, Messages("en")) == what
        assert not ENGLISH.search(note_text(warning, Messages("zh")))
    (slowed,) = throttled(("HwThermalSlowdown",))
    assert note_text(slowed, Messages("en")) in slowed
    assert "（HwThermalSlowdown）" in note_text(slowed, Messages("zh"))


def test_the_words_of_others_are_left_as_they_are() -> None:
    assert note_text("measured by hand", Messages("zh")) == "measured by hand"
    assert failure_text("KeyError: 'x'", Messages("zh")) == "KeyError: 'x'"


def test_the_notes_of_the_invented_sweep_are_those_of_the_code() -> None:
    assert NOT_APPLICABLE == classification.NO_SPACE
    assert NO_SPACE == retrieval.NO_SPACE
    assert (LOADED_IN_SWEEP, SHARED_START) == (LOADED_EARLIER, SHARED)


def test_a_quiet_machine_is_not_warned_about() -> None:
    assert other_work(0.1, 2) == []
    assert other_work(None, 2) == []
