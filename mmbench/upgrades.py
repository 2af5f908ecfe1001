"""Records of older formats as the present one reads them, step by step.

1 → 2: candidates of a split, in-batch scores of a curve. Nothing to do: what is new may be absent.
2 → 3: the fingerprint holds more of the machine; what the environment knew of it is copied there.

A record keeps the number of the format that it was written in.
"""

import json
from typing import Any

Tree = Any  # JSON values

MOVED = ("cpu", "cores", "python")


def upgraded(tree: Tree, written: int) -> bytes:
    """The JSON of a record of format `written`, in the form of the present one.

    What is broken in it is left for the codec to tell.
    """
    if written < 3:
        tree = _with_the_machine_in_the_fingerprint(tree)
    return json.dumps(tree).encode()


def _with_the_machine_in_the_fingerprint(tree: Tree) -> Tree:
    machine, fingerprint = tree.get("environment"), tree.get("fingerprint")
    if not isinstance(machine, dict) or not isinstance(fingerprint, dict):
        return tree
    known = {name: machine[name] for name in MOVED if name in machine}
    return {**tree, "fingerprint": {**known, **fingerprint}}
