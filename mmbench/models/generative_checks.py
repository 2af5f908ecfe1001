"""What a card of a model that writes must agree on with its network."""

from mmbench.cards import ModelCard
from mmbench.errors import CardError, TrialError
from mmbench.models.generators import Generator


def check_rules(card: ModelCard, generator: Generator) -> None:
    """CardError if the rules of sound, or the longest answer, do not go with the network."""
    if card.audio is not None:
        from mmbench.models import speech

        speech.check_rules(card.name, card.audio, generator.model)
    most, positions = _most(card), generator.positions
    if positions is not None and most >= positions:
        raise CardError(
            f"{card.name}: generation.max_new_tokens is {most}; the model writes at "
            f"most {positions - 1} after its first token"
        )


def check_room(card: ModelCard, generator: Generator, longest: int) -> None:
    """TrialError if an answer has no room behind a prompt of `longest` tokens."""
    most, positions = _most(card), generator.positions
    if positions is not None and longest + most > positions:
        raise TrialError(
            f"{card.name}: a prompt of {longest} tokens and an answer of up to {most} need "
            f"{longest + most} places; the model has {positions}. Lower generation.max_new_tokens, "
            "or text.max_tokens, which cuts prompts"
        )


def _most(card: ModelCard) -> int:
    assert card.generation is not None, "a card that generates has rules for it"
    return card.generation.max_new_tokens
