"""What trials note in English, as the reader's language says it.

Records carry notes, warnings and failures as plain sentences. Those of ours are recognised here
and told through the catalogue; anybody else's are shown as they are.
"""

import re
from collections.abc import Mapping

from mmbench.records import UNSTABLE, Record
from mmbench.report.i18n import Messages

Known = Mapping[str, re.Pattern[str]]
"""Message → the sentence that it stands for. The groups' names are the message's placeholders."""

NOTES: Known = {
    "note.no_joint_space": re.compile(r"no joint space of inputs and labels: .*"),
    "note.no_common_space": re.compile(r"images and texts are in no common space before training"),
    "note.no_prompts": re.compile(r"no prompts in the model's language: .*"),
    "note.head_taken": re.compile(r"the head is taken over"),
    "note.head_labels": re.compile(r"its labels differ from this task's: the head is fresh"),
    "note.head_form": re.compile(
        r"its head has another form than this recipe's: the head is fresh"
    ),
    "note.head_random": re.compile(r"its head starts at random"),
    "note.few_rows": re.compile(
        r"(?P<short>\d+) of (?P<classes>\d+) classes have fewer than (?P<shots>\d+) training .*"
    ),
    "note.short": re.compile(r"short: (?P<found>\d+) of (?P<wanted>\d+) windows"),
    "note.diverged": re.compile(
        r"learning rate (?P<rate>\S+) diverged: .* at step (?P<step>\d+);.*"
    ),
    "note.diverged_outputs": re.compile(r"learning rate (?P<rate>\S+) diverged: the model's .*"),
    "note.measured_earlier": re.compile(r"measured when the features were computed"),
    "note.timed_earlier": re.compile(r"measured when an earlier trial of this cell was timed"),
    "note.loaded_earlier": re.compile(r"measured when the weights were loaded for an earlier .*"),
    "note.counted_rows": re.compile(r"counted on (?P<rows>\d+) rows, padding included"),
    "note.shared_start": re.compile(r"shared by the trials of this worker"),
    "note.no_head": re.compile(r"the head has not been trained: .*"),
    "note.random_writer": re.compile(r"random weights: nothing is said before training"),
    "note.unread_words": re.compile(
        r"(?P<unread>\d+) of (?P<words>\d+) words have no token and count as O"
    ),
    "note.unseen_characters": re.compile(
        r"(?P<unseen>\d+) of (?P<characters>\d+) characters of the references stand in no .*"
    ),
    "note.not_defined": re.compile(r"not defined: (?P<undefined>[^;]*)"),
    "note.one_group": re.compile(r"all (rows|queries) are one group: no interval"),
    "note.whole_process": re.compile(r"the peak could not be reset: .*"),
    "note.other_work": re.compile(
        r"other processes kept (?P<busy>[\d.]+) of (?P<cores>\d+) cores busy: .*"
    ),
    "note.never_settled": re.compile(r"warm-up never settled: .*"),
    "note.few_samples": re.compile(
        r"p(?P<percent>\d+) needs (?P<wanted>\d+) samples, there were (?P<found>\d+)"
    ),
    "note.spread": re.compile(
        r"unstable: the middle half of the windows of (?P<timed>.+) spreads over (?P<share>\S+); .*"
    ),
    "note.slower": re.compile(r"unstable: (?P<timed>.+) became (?P<share>\S+) slower .*"),
    "note.faster": re.compile(r"unstable: (?P<timed>.+) became (?P<share>\S+) faster .*"),
    "note.unsettled": re.compile(r"unstable: the warm-up of (?P<timed>.+) never settled; .*"),
    "note.throttled": re.compile(r"unstable: the device slowed its clocks \((?P<reasons>.+)\); .*"),
    "note.calibration": re.compile(
        r"unstable: the same (?P<kernel>.+) took (?P<change>\S+ \w+) after the trial .*"
    ),
}
PARTS: Mapping[str, Known] = {
    "timed": {
        "timed.training": re.compile(r"training"),
        "timed.inference": re.compile(r"inference"),
    },
    "kernel": {
        "kernel.product": re.compile(r"matrix product"),
        "kernel.copy": re.compile(r"memory copy"),
    },
    "undefined": {
        "undefined.classes": re.compile(r"all examples are of one class"),
        "undefined.labels": re.compile(r"no label has a positive example"),
        "undefined.words": re.compile(r"no sentence has a word"),
        "undefined.references": re.compile(r"all references are empty"),
    },
    "change": {
        "change.longer": re.compile(r"(?P<share>\S+) longer"),
        "change.less": re.compile(r"(?P<share>\S+) less"),
    },
}
"""What a group of a note may hold that has words of its own, by the group's name."""

FAILURES: Known = {
    "failure.nan": re.compile(
        r"the training loss was (?P<loss>\S+) at step (?P<step>\d+); lower the learning rate.*"
    ),
    "failure.not_startable": re.compile(
        r"no worker can be started: (?P<reason>.*)\. --executor inline needs none"
    ),
}
LOST = re.compile(r"the worker (?P<what>.+) during '(?P<during>.+?)': (?P<advice>.+)")
NOT_READY = re.compile(r"the worker (?P<what>.+?) before it was ready: (?P<said>.*)")
HAPPENED: Known = {
    "failure.killed": re.compile(r"was killed by (?P<signal>.+)"),
    "failure.late": re.compile(r"was stopped at its limit of (?P<seconds>\S+) s"),
    "failure.late_unknown": re.compile(r"was stopped at its time limit"),
    "failure.no_record": re.compile(r"ended with exit status (?P<status>\S+) and no record"),
    "failure.garbled": re.compile(r"said (?P<said>.+) in place of an event"),
    "failure.silent": re.compile(r"closed its pipe and went on"),
}
SAID: Known = {"failure.printed_nothing": re.compile(r"it printed nothing")}
ADVICE: Known = {
    "failure.crashed": re.compile(r"native code crashed; .*"),
    "failure.memory": re.compile(r"killed from outside, or out of memory: .*"),
    "failure.ended": re.compile(r"somebody ended it; .*"),
    "failure.exited": re.compile(r"something in it calls exit; .*"),
    "failure.slow": re.compile(r"raise --trial-minutes, .*"),
    "failure.pipes": re.compile(r"something in it uses file descriptors .*"),
}


def unstable_warnings(record: Record) -> tuple[str, ...]:
    """What the record warns of that makes its speeds unfit for a comparison."""
    return tuple(text for text in record.warnings if text.startswith(UNSTABLE))


def note_text(note: str, say: Messages) -> str:
    """The note in the reader's language, or as it stands in the record."""
    return _told(note, NOTES, say)


def failure_text(message: str, say: Messages) -> str:
    """Why a trial failed, in one line; the messages of a worker that was lost in their parts."""
    message = " ".join(message.split())
    lost, not_ready = LOST.fullmatch(message), NOT_READY.fullmatch(message)
    if lost is not None:
        return say(
            "failure.worker",
            what=_told(lost["what"], HAPPENED, say),
            during=lost["during"],
            advice=_told(lost["advice"], ADVICE, say),
        )
    if not_ready is not None:
        what = _told(not_ready["what"], HAPPENED, say)
        return say("failure.not_ready", what=what, said=_told(not_ready["said"], SAID, say))
    return _told(message, FAILURES, say)


def _told(text: str, known: Known, say: Messages) -> str:
    for key, pattern in known.items():
        found = pattern.fullmatch(text)
        if found is not None:
            values = {
                name: _told(value, PARTS[name], say) if name in PARTS else value
                for name, value in found.groupdict().items()
            }
            return say(key, **values)
    return text
