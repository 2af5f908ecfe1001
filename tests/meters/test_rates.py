"""What is made of windows that are written down by hand."""

from dataclasses import replace

import pytest

from mmbench.meters.clock import Account, Window
from mmbench.meters.rates import NEVER_SETTLED, shares, spent, throughput

ACCOUNT = Account(
    seconds=10.0,
    setup_seconds=0.5,
    paused_seconds=2.0,
    compile_seconds=0.0,
    unaccounted_seconds=0.3,
)


def window(seconds: float, samples: int = 10, waited: float = 0.0) -> Window:
    return Window(
        seconds=seconds,
        steps=5,
        samples=samples,
        tokens=3 * samples,
        padded_tokens=4 * samples,
        data_wait_seconds=waited,
        transfer_seconds=0.0,
    )


def test_the_first_window_is_dropped_and_the_rest_are_kept_raw() -> None:
    windows = [window(100.0)] + [window(1.0)] * 6
    rate = throughput(windows, "train")[0]
    assert rate.value == pytest.approx(10.0)
    assert rate.values == (10.0,) * 6
    assert rate.low == pytest.approx(10.0)
    assert rate.note is None


def test_the_rate_is_work_over_time_not_a_mean_of_rates() -> None:
    windows = [window(1.0), window(1.0, samples=10), window(9.0, samples=10)]
    assert throughput(windows, "train")[0].value == pytest.approx(2.0)


def test_too_few_windows_are_said() -> None:
    rate = throughput([window(1.0), window(1.0)], "train")[0]
    assert rate.note is not None
    assert "short" in rate.note
    assert rate.low is None


def test_no_window_gives_no_number() -> None:
    (rate,) = throughput([], "train")
    assert rate.value is None


def test_padding_is_told_apart_from_tokens() -> None:
    found = {m.name: m.value for m in throughput([window(1.0)] * 3, "train")}
    assert found["train_tokens_per_second"] == pytest.approx(30.0)
    assert found["train_padded_tokens_per_second"] == pytest.approx(40.0)


def test_only_what_the_windows_hold_has_a_rate() -> None:
    bare = replace(window(1.0), tokens=0, padded_tokens=0)
    assert [m.name for m in throughput([bare] * 3, "train")] == ["train_samples_per_second"]
    both = replace(bare, images=20, audio_seconds=35.0)
    found = {m.name: m for m in throughput([both] * 3, "train")}
    assert found["train_images_per_second"].value == pytest.approx(20.0)
    assert found["train_images_per_second"].unit == "images/s"
    assert found["train_audio_seconds_per_second"].value == pytest.approx(35.0)


def test_warm_up_is_in_no_share() -> None:
    windows = [window(1.0, waited=0.9)] + [window(1.0, waited=0.1)] * 6
    assert shares(windows)[0].value == pytest.approx(0.1)


def test_a_slow_start_is_reported_as_warm_up() -> None:
    windows = [window(3.0), window(2.0), *[window(1.0)] * 30]
    found = {m.name: m for m in spent(windows, ACCOUNT)}
    assert found["warmup_seconds"].value == pytest.approx(5.0)
    assert found["warmup_seconds"].values == (3.0, 2.0)
    assert found["warmup_windows"].value == 2
    assert found["warmup_seconds"].note is None
    assert throughput(windows, "train")[0].value == pytest.approx(10.0)


def test_a_run_that_never_settles_says_so() -> None:
    windows = [window(3.0 - 0.05 * i) for i in range(40)]
    found = {m.name: m for m in spent(windows, ACCOUNT)}
    assert found["warmup_seconds"].note == NEVER_SETTLED


def test_the_account_is_told_and_compilation_only_where_there_was_any() -> None:
    found = {m.name: m.value for m in spent([window(1.0)] * 3, ACCOUNT)}
    assert found["setup_seconds"] == 0.5
    assert found["paused_seconds"] == 2.0
    assert found["unaccounted_share"] == pytest.approx(0.03)
    assert "compile_seconds" not in found
    compiled = {m.name: m.value for m in spent([], replace(ACCOUNT, compile_seconds=4.0))}
    assert compiled["compile_seconds"] == 4.0
