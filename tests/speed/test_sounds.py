"""Models of sound are timed on clips of one length, and what is told is seconds of sound."""

from dataclasses import replace

import pytest
import torch

from mmbench.cards import BenchBlock, ModelCard
from mmbench.catalog import Catalog
from mmbench.errors import CardError
from mmbench.speed.order import Timing, orders_of
from mmbench.speed.workload import build
from mmbench.speed_record import SpeedCase
from tests.models.audio_samples import LOG_MEL, RATE, WAVEFORM, scratch_card
from tests.speed.cards import text_card

CPU = torch.device("cpu")
WAVES = scratch_card("wav2vec2", WAVEFORM)
MEL = scratch_card("whisper", LOG_MEL)


def case(card: ModelCard, seconds: float | None) -> SpeedCase:
    return SpeedCase(
        model=card, mode="train", batch_size=3, precision="fp32", audio_seconds=seconds
    )


@pytest.mark.parametrize(("card", "seconds"), [(WAVES, 1.5), (MEL, 2.0)])
def test_a_step_is_as_many_seconds_of_sound_as_was_asked(card: ModelCard, seconds: float) -> None:
    work = build(case(card, seconds), CPU).step()
    assert (work.samples, work.tokens, work.images) == (3, 0, 0)
    assert work.audio_seconds == pytest.approx(3 * seconds)


def test_the_clips_have_the_length_of_the_case() -> None:
    batch = build(case(WAVES, 1.5), CPU).batches[0]
    assert batch.inputs["input_values"].shape == (3, 1.5 * RATE)
    assert case(WAVES, 1.5).name == "tiny-audio train fp32 b3 s1.5"


def test_a_case_has_a_length_of_sound_if_and_only_if_its_model_hears() -> None:
    with pytest.raises(CardError, match="audio_seconds is None; a model of sound needs the length"):
        case(WAVES, None)
    with pytest.raises(CardError, match=r"audio_seconds is 1\.0; .* another has none"):
        replace(case(WAVES, 1.0), model=text_card(), tokens=8)


def test_a_model_that_pads_to_one_length_is_timed_at_it() -> None:
    """Whisper takes 30 seconds and nothing else, whatever the block says; others 10, or less."""
    timing = Timing(init="random", device="cpu", seconds=1.0, price_per_hour=None)
    names = ("whisper-tiny", "wav2vec2-base", "bert-base-chinese")
    usual = BenchBlock(models=names, modes=("infer",), batch_sizes=(1,))
    catalog = Catalog.standard()
    lengths = [order.case.audio_seconds for order in orders_of((usual,), catalog, timing)]
    assert lengths == [30.0, 10.0, None]
    asked = replace(usual, audio_seconds=(2.0, 5.0))
    lengths = [order.case.audio_seconds for order in orders_of((asked,), catalog, timing)]
    assert lengths == [30.0, 2.0, 5.0, None]


def test_lengths_of_nothing_are_refused() -> None:
    with pytest.raises(CardError, match="audio_seconds must lie above 0"):
        BenchBlock(models=("a",), batch_sizes=(1,), audio_seconds=(0.0,))
