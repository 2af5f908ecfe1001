"""A trial without a record gets one that says what has happened and what to do next."""

import pytest
import torch

from mmbench.codec import dump_json, load_json
from mmbench.executors.lost import failure_of, not_startable, not_started
from mmbench.executors.process import Ending
from mmbench.meters.begun import Begun
from mmbench.records import Record
from tests.specimens import TRIAL


@pytest.mark.parametrize(
    ("ending", "kind", "said"),
    [
        (Ending(why="ended", status=-11, output=""), "Killed", "killed by SIGSEGV"),
        (Ending(why="ended", status=-11, output=""), "Killed", "native code crashed"),
        (Ending(why="ended", status=-6, output=""), "Killed", "killed by SIGABRT"),
        (Ending(why="ended", status=-9, output=""), "Killed", "killed by SIGKILL"),
        (Ending(why="ended", status=-9, output=""), "Killed", "kernel log"),
        (Ending(why="ended", status=-15, output=""), "Killed", "the same command runs"),
        (Ending(why="ended", status=-40, output=""), "Killed", "killed by signal 40"),
        (Ending(why="ended", status=0, output=""), "NoRecord", "exit status 0 and no record"),
        (Ending(why="ended", status=3, output=""), "NoRecord", "something in it calls exit"),
        (Ending(why="late", status=-15, output=""), "TimeLimit", "at its limit of 90 s"),
        (Ending(why="late", status=-9, output=""), "TimeLimit", "raise --trial-minutes"),
        (Ending(why="garbled", status=-15, output="", said="x: y"), "Garbled", "'x: y' in place"),
        (Ending(why="silent", status=-15, output=""), "Silent", "closed its pipe"),
    ],
)
def test_each_end_is_named_in_one_line_with_what_to_do(
    ending: Ending, kind: str, said: str
) -> None:
    failure = failure_of(ending, during="loading the model", limit_seconds=90)
    assert failure.kind == kind
    assert said in failure.message
    assert "during 'loading the model': " in failure.message
    assert "\n" not in failure.message
    assert failure.traceback == "the worker printed nothing"


def test_the_last_output_is_the_traceback_and_nothing_else() -> None:
    ending = Ending(why="ended", status=-11, output="Fatal Python error: Segmentation fault\n")
    failure = failure_of(ending, during="timing", limit_seconds=None)
    assert failure.traceback.endswith("Fatal Python error: Segmentation fault\n")
    assert "Fatal" not in failure.message


def test_a_worker_that_never_started_says_its_last_line() -> None:
    output = "Traceback (most recent call last):\nImportError: no module named 'mmbench'\n\n"
    failure = not_started(Ending(why="ended", status=1, output=output))
    assert failure.kind == "NotStarted"
    assert "exit status 1" in failure.message
    assert failure.message.endswith("before it was ready: ImportError: no module named 'mmbench'")
    silent = not_started(Ending(why="late", status=-9, output=""))
    assert silent.message.endswith("it printed nothing")


def test_a_system_that_starts_no_process_is_named() -> None:
    failure = not_startable(OSError(11, "Resource temporarily unavailable"))
    assert "Resource temporarily unavailable" in failure.message
    assert "--executor inline" in failure.message


def test_the_record_is_that_of_this_trial_here_and_now() -> None:
    begun = Begun(trial=TRIAL, device=torch.device("cpu"))
    failure = failure_of(
        Ending(why="ended", status=-9, output="\udcff".encode("utf-8", "replace").decode()),
        during="timing",
        limit_seconds=None,
    )
    record = begun.record("failed", failure)
    assert (record.status, record.key, record.trial) == ("failed", TRIAL.key, TRIAL)
    assert record.fingerprint.threads == torch.get_num_threads()
    assert record.environment.cores > 0
    assert record.scores == ()
    assert load_json(Record, dump_json(record)) == record
