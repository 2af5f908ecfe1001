"""The English wording of what trials note and how they fail.

Keys are those of messages_notes_zh; `notes.py` says which sentence each stands for.
"""

MESSAGES = {
    "note.no_joint_space": "the model has no joint space of inputs and labels",
    "note.diverged": "learning rate {rate} diverged at step {step} and is out of the choice",
    "note.diverged_outputs": "learning rate {rate} diverged and is out of the choice",
    "note.short": "short: {found} of {wanted} windows; measure on more data",
    "note.measured_earlier": "measured when the features were computed",
    "note.not_defined": "not defined: {undefined}",
    "undefined.classes": "all examples are of one class",
    "undefined.labels": "no label has a positive example",
    "undefined.words": "no sentence has a word",
    "undefined.references": "all references are empty",
    "note.no_head": "the head is fresh and cannot be scored before training",
    "note.random_writer": "random weights, which have learned to write nothing",
    "note.unread_words": "{unread} of {words} words have no token and count as O",
    "note.unseen_characters": (
        "{unseen} of {characters} characters of the references stand in no training text"
    ),
    "note.one_group": "all rows are one group: no interval",
    "note.whole_process": "the peak of the whole process: it could not be reset before the trial",
    "note.other_work": (
        "other processes kept {busy} of {cores} cores busy: do not compare the speeds; run it "
        "again alone"
    ),
    "note.no_common_space": "the model has no common space of images and texts",
    "note.no_prompts": "the task has no prompts in a language of the model",
    "note.timed_earlier": "measured when an earlier trial of this cell was timed",
    "note.counted_rows": "counted on {rows} rows of the test split, padding included",
    "note.loaded_earlier": "measured when an earlier trial loaded these weights",
    "note.shared_start": "the trials of one process share it; it counts once",
    "note.never_settled": (
        "the windows never stopped changing, so warm-up was cut off at a fifth of the run; train "
        "longer to measure the steady state"
    ),
    "note.few_samples": "a p{percent} needs {wanted} samples, there were {found}",
    "note.spread": ("the middle half of the windows of {timed} spreads over {share}"),
    "note.slower": ("{timed} became {share} slower from its first half to its second"),
    "note.faster": ("{timed} became {share} faster from its first half to its second"),
    "note.unsettled": "the warm-up of {timed} never settled",
    "note.throttled": ("the device slowed its clocks ({reasons})"),
    "note.calibration": ("the same {kernel} took {change} after the trial than before it"),
    "timed.training": "training",
    "timed.inference": "inference",
    "kernel.product": "matrix product",
    "kernel.copy": "memory copy",
    "change.longer": "{share} longer",
    "change.less": "{share} less",
    "note.few_rows": (
        "{short} of {classes} classes have fewer than {shots} training rows: all of these were "
        "taken"
    ),
    "note.head_taken": "the head is taken over",
    "note.head_labels": "its labels differ from this task's: the head is fresh",
    "note.head_form": "its head has another form than this recipe's: the head is fresh",
    "note.head_random": "its head starts at random",
    # why a trial failed
    "failure.nan": (
        "the training loss was {loss} at step {step}; lower the learning rate, raise warmup, or "
        "set clip_norm"
    ),
    "failure.worker": "the worker {what} during '{during}': {advice}",
    "failure.not_ready": "the worker {what} before it was ready: {said}",
    "failure.printed_nothing": "it printed nothing",
    "failure.not_startable": "no worker can be started: {reason}. --executor inline needs none",
    "failure.killed": "was killed by {signal}",
    "failure.late": "was stopped at its limit of {seconds} s",
    "failure.late_unknown": "was stopped at its time limit",
    "failure.no_record": "ended with exit status {status} and no record",
    "failure.garbled": "said {said} in place of an event",
    "failure.silent": "closed its pipe and went on",
    "failure.crashed": (
        "native code crashed; the record's traceback shows where. Report it to the library it "
        "names, or take another version of that"
    ),
    "failure.memory": (
        "killed from outside, or out of memory: look for 'Out of memory' in the kernel log "
        "(dmesg). A smaller batch_size or --limit needs less"
    ),
    "failure.ended": "somebody ended it; the same command runs the trial again",
    "failure.exited": (
        "something in it calls exit; the record's traceback holds the last that it printed, and "
        "--executor inline shows everything"
    ),
    "failure.slow": (
        "raise --trial-minutes, or give the trial less to do; the record's traceback shows where "
        "it was"
    ),
    "failure.pipes": (
        "something in it uses file descriptors that it has not opened; see what with --executor "
        "inline"
    ),
}
