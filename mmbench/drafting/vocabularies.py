"""Which languages a model reads: what its README says, else how its vocabulary is written."""

from mmbench.data.script import share_of_chinese
from mmbench.drafting.places import Place
from mmbench.errors import TrialError
from mmbench.models.cutting import FastTokenizer, SlowTokenizer
from mmbench.models.from_transformers import cutter_if_any

CHINESE, SOME_CHINESE = 0.5, 0.05
"""Share of a vocabulary's letters from which on it is Chinese, or Chinese among others."""


def languages_of(place: Place, *, reads: bool) -> tuple[tuple[str, ...], list[str]]:
    """The languages, and how they are known. None where nothing is read or nothing tells."""
    if not reads:
        return (), ["languages: none, since nothing is read"]
    said = place.readme().get("language")
    told = [said] if isinstance(said, str) else said
    if isinstance(told, list) and told and all(isinstance(one, str) for one in told):
        return tuple(told), []
    tokenizer = tokenizer_of(place)
    if tokenizer is None:
        return (), ["languages: unknown, and empty, as no tokenizer can be read; set them: [zh]"]
    known = set(tokenizer.inner.get_vocab()).difference(tokenizer.inner.all_special_tokens)
    share = share_of_chinese(known) or 0.0
    found = ("zh",) if share >= CHINESE else ("en", "zh") if share >= SOME_CHINESE else ("en",)
    return found, [
        f"languages: {', '.join(found)}, as {share:.0%} of the letters in its vocabulary are "
        "Chinese characters"
    ]


def tokenizer_of(place: Place) -> FastTokenizer | SlowTokenizer | None:
    """None where there is none, or none that can be loaded: whoever trains it says why."""
    try:
        return cutter_if_any(place.folder)
    except TrialError:
        return None
