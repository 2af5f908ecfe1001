"""What a name may be."""

import re

from mmbench.errors import CardError

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def check_name(name: str) -> None:
    """Names become file names and table cells: short, lower case, no separators."""
    if not NAME.fullmatch(name):
        raise CardError(
            f"name {name!r} is not allowed; use up to 64 of a-z, 0-9, '.', '_', '-', "
            "starting with a letter or digit"
        )
