"""What is said of an error of another library, in one line."""

import pytest

from mmbench.errors import brief, first_line


@pytest.mark.parametrize(
    ("error", "line", "told"),
    [
        (OSError("\n no room \nand more"), "no room", "OSError: no room"),
        (EOFError(), "EOFError", "EOFError"),
        (ValueError("x" * 500), "x" * 200, "ValueError: " + "x" * 200),
    ],
)
def test_an_error_is_told_in_one_line(error: Exception, line: str, told: str) -> None:
    assert (first_line(error), brief(error)) == (line, told)
    assert len(first_line(error, 5)) <= max(5, len(type(error).__name__))
