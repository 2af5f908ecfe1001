"""Which numbers of a record a gate compares, whatever the record is of."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import GateThresholds
from mmbench.compare.measured import of_speed, of_trials, readings, work_differences
from mmbench.compare.stored import compare_stored
from mmbench.records import Measurement
from mmbench.speed_record import SpeedCase, SpeedRecord
from mmbench.store import Stored
from tests.compare.conftest import ENVIRONMENT, FINGERPRINT, MakeRecord, model_card


def measurement(name: str, value: float = 9.0, unit: str = "1") -> Measurement:
    return Measurement(name=name, unit=unit, value=value, low=value, high=value)


def speed_record(*measurements: Measurement, model: str = "a") -> SpeedRecord:
    case = SpeedCase(
        model=model_card(model), mode="infer", batch_size=8, precision="fp32", tokens=32
    )
    return SpeedRecord(
        key=case.key,
        case=case,
        fingerprint=FINGERPRINT,
        environment=ENVIRONMENT,
        status="ok",
        started_at="2026-11-01T10:00:00+00:00",
        seconds=9.0,
        measurements=measurements,
    )


def test_a_stage_is_compared_by_one_rate(make_record: MakeRecord) -> None:
    """Batches are grouped by length: of texts, padded tokens are the work and samples are not."""
    quantities = ("samples", "tokens", "padded_tokens")
    texts = [measurement(f"feature_text_{name}_per_second") for name in quantities]
    images = [measurement(f"inference_{name}_per_second") for name in ("samples", "images")]
    record = make_record(measurements=(*texts, *images))
    (measured,) = of_trials([Stored(Path("nowhere"), record)])
    expected = ["feature_text_padded_tokens_per_second", "inference_samples_per_second"]
    assert list(readings(measured)) == expected


@pytest.mark.parametrize(
    ("name", "aspect", "higher_is_better"),
    [
        ("train_samples_per_second", "rate", True),
        ("latency_p99_seconds", "rate", False),
        ("peak_rss_bytes", "memory", False),
    ],
)
def test_each_reading_has_its_direction(name: str, aspect: str, higher_is_better: bool) -> None:
    (measured,) = of_speed([speed_record(measurement(name))])
    found = readings(measured)[name]
    assert (found.aspect, found.higher_is_better) == (aspect, higher_is_better)


@pytest.mark.parametrize(
    "name", ["parameters", "train_seconds", "peak_rss_growth_bytes", "load_seconds", "mfu"]
)
def test_what_says_nothing_of_speed_or_memory_is_not_compared(name: str) -> None:
    (measured,) = of_speed([speed_record(measurement(name))])
    assert readings(measured) == {}


def test_the_peak_of_a_trial_whose_features_were_there_is_doubted() -> None:
    peak, reused = measurement("peak_rss_bytes"), measurement("feature_seconds_reused", unit="s")
    (measured,) = of_speed([speed_record(peak, reused)])
    doubt = readings(measured)["peak_rss_bytes"].doubt
    assert doubt is not None
    assert doubt.code == "from_cache"
    (measured,) = of_speed([speed_record(peak, replace(reused, value=0.0))])
    assert readings(measured)["peak_rss_bytes"].doubt is None


def test_a_quantity_that_was_not_measured_is_no_reading() -> None:
    absent = Measurement(name="peak_cuda_bytes", unit="bytes", value=None)
    (measured,) = of_speed([speed_record(absent, measurement("peak_rss_bytes"))])
    assert list(readings(measured)) == ["peak_rss_bytes"]


def test_speed_records_are_compared_by_their_cases() -> None:
    def rate(value: float) -> Measurement:
        name = "inference_padded_tokens_per_second"
        return replace(measurement(name), value=value, low=0.99 * value, high=1.01 * value)

    report = compare_stored(
        ("baseline", of_speed([speed_record(rate(1000))])),
        ("candidate", of_speed([speed_record(rate(700))])),
        GateThresholds(),
        trust_stored=True,
        allow_missing=False,
    )
    (found,) = report.findings
    assert (found.cell, found.verdict) == ("a infer fp32 b8 t32", "regression")
    other = of_speed([speed_record(rate(1000), model="b")])
    report = compare_stored(
        ("baseline", of_speed([speed_record(rate(1000))])),
        ("candidate", other),
        GateThresholds(),
        trust_stored=True,
        allow_missing=True,
    )
    assert report.status == 2  # they have no case in common


def test_the_same_name_of_another_model_is_other_work() -> None:
    one = speed_record()
    case = replace(one.case, model=model_card("a", scratch=True))
    other = replace(one, case=case, key=case.key)
    assert work_differences(*of_speed([one, other])) == ("model",)


def test_what_differs_between_trials_is_named(make_record: MakeRecord) -> None:
    one = make_record()
    recipe = replace(one.trial.recipe, batch_size=64, description={"en": "told"})
    trial = replace(one.trial, recipe=recipe, limit=5, digests={"model": "m1", "task": "d2"})
    other = replace(one, trial=trial)
    measured = of_trials(Stored(Path("nowhere"), record) for record in (one, other))
    assert work_differences(*measured) == ("recipe.batch_size", "limit", "data")


def test_the_largest_batch_has_one_cell_and_another_size_is_other_work() -> None:
    def of_size(size: int, value: float) -> SpeedRecord:
        rate = replace(
            measurement("inference_samples_per_second"), value=value, low=value, high=value
        )
        one = speed_record(rate)
        case = replace(one.case, batch_size=size)
        return replace(one, case=case, key=case.key, largest=True)

    report = compare_stored(
        ("baseline", of_speed([of_size(64, 1000)])),
        ("candidate", of_speed([of_size(128, 1100)])),
        GateThresholds(),
        trust_stored=True,
        allow_missing=False,
    )
    (found,) = report.findings
    assert (found.cell, found.verdict) == ("a infer fp32 bmax t32", "cannot_tell")
    assert found.reason is not None
    assert found.reason.values == {"differences": "batch size"}
    assert (report.missing, report.status) == ((), 3)


def test_a_short_stretch_with_preparing_is_not_compared() -> None:
    rate = measurement("inference_with_preparing_samples_per_second")
    (measured,) = of_speed([speed_record(rate)])
    assert readings(measured) == {}
