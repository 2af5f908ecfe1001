"""In which script texts are written."""

from collections.abc import Iterable


def share_of_chinese(texts: Iterable[str]) -> float | None:
    """Chinese characters among the letters; None where there is no letter."""
    letters = [character for text in texts for character in text if character.isalpha()]
    if not letters:
        return None
    return sum("\u4e00" <= character <= "\u9fff" for character in letters) / len(letters)
