"""Whether an image or a sound can be read, by the code that a model reads it with."""

from mmbench.cards import AudioRules, ImageRules
from mmbench.data.examples import EncodedMedia
from mmbench.errors import first_line

ANY_IMAGE = ImageRules(
    size=8, fit="squash", interpolation="bilinear", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)
)
ANY_SOUND = AudioRules(sampling_rate=16_000, features="waveform", max_seconds=30.0)


def image_problem(image: EncodedMedia) -> str | None:
    """Why it cannot be decoded; None if it can."""
    from mmbench.data.pictures import UNREADABLE
    from mmbench.models.pixels import pixels_of

    try:
        pixels_of(image, ANY_IMAGE)
    except UNREADABLE as error:
        return first_line(error, 100)
    return None


def sound_problem(sound: EncodedMedia) -> str | None:
    from mmbench.models.sound import UNREADABLE, reason, samples_of

    try:
        samples_of(sound, ANY_SOUND)
    except UNREADABLE as error:
        return reason(error)
    return None
