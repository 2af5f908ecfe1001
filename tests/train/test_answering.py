"""How long inference is timed: no longer than it takes to know, no shorter than can be told."""

import pytest

from mmbench.meters.clock import Window
from mmbench.meters.noise import FEW_WINDOWS
from mmbench.train import answering


def windows(*seconds: float) -> list[Window]:
    return [
        Window(
            seconds=each,
            steps=1,
            samples=32,
            tokens=0,
            padded_tokens=0,
            data_wait_seconds=0.0,
            transfer_seconds=0.0,
        )
        for each in seconds
    ]


def test_inference_ends_when_the_rate_of_enough_windows_is_known() -> None:
    assert not answering._enough(windows(*[0.25] * FEW_WINDOWS))  # the first is warm-up
    assert answering._enough(windows(*[0.25] * (FEW_WINDOWS + 1)))


def test_inference_whose_windows_differ_goes_on_for_as_long_as_it_may() -> None:
    differing = (0.25, 0.3) * 20
    assert not answering._enough(windows(*differing[:10]))
    assert sum(differing[:12]) > answering.ENOUGH_SECONDS
    assert answering._enough(windows(*differing[:12]))


@pytest.mark.parametrize("count", [FEW_WINDOWS, FEW_WINDOWS + 1])
def test_slow_batches_are_few_windows_all_the_same(count: int) -> None:
    assert answering._enough(windows(*[1.0, 1.5] * 3)[:count]) == (count > FEW_WINDOWS)
