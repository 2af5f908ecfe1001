"""What trials note in English, as the reader's language says it.

Records carry notes and warnings as plain sentences. Those of ours are recognised here and told
through the catalogue; anybody else's are shown as they are.
"""

import re

from mmbench.report.i18n import Messages

KNOWN = {
    "note.no_joint_space": re.compile(r"no joint space of inputs and labels: .*"),
    "note.short": re.compile(r"short: (?P<found>\d+) of (?P<wanted>\d+) windows"),
    "note.diverged": re.compile(
        r"learning rate (?P<rate>\S+) diverged: .* at step (?P<step>\d+);.*"
    ),
    "note.diverged_outputs": re.compile(r"learning rate (?P<rate>\S+) diverged: the model's .*"),
    "note.measured_earlier": re.compile(r"measured when the features were computed"),
    "note.one_group": re.compile(r"all rows are one group: no interval"),
    "note.whole_process": re.compile(r"the peak could not be reset: .*"),
    "note.other_work": re.compile(
        r"other processes kept (?P<busy>[\d.]+) of (?P<cores>\d+) cores busy: .*"
    ),
}


def note_text(note: str, say: Messages) -> str:
    """The note in the reader's language, or as it stands in the record."""
    for key, pattern in KNOWN.items():
        found = pattern.fullmatch(note)
        if found is not None:
            return say(key, **found.groupdict())
    return note
