"""Speed, time, memory, the learning-rate grid: what is told, and what is not set side by side."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.records import Measurement, Record
from mmbench.report.build import build
from mmbench.report.document import Document, Lang, Table
from mmbench.report.numbers import MISSING
from mmbench.report.times import SHARED_START, spent
from mmbench.store import Stored
from tests.report.reading import column, notices, only, table_with, words

StoreAll = Callable[[list[Record]], list[Stored]]
LANGS: tuple[Lang, ...] = ("en", "zh")


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure has tests of its own, and takes most of a report's time."""
    monkeypatch.setattr("mmbench.report.build.figure", lambda findings, say: [])


def seconds(name: str, value: float, note: str | None = None) -> Measurement:
    return Measurement(name=name, unit="s", value=value, note=note)


def of_model(records: list[Record], model: str, recipe: str) -> list[Record]:
    return [r for r in records if (r.trial.model.name, r.trial.recipe.name) == (model, recipe)]


def test_a_probe_never_stands_beside_a_whole_model_in_training_speed(
    documents: dict[Lang, Document],
) -> None:
    whole = table_with(documents["en"], "training (samples/s)")
    probes = table_with(documents["en"], "training the head (samples/s)")
    assert not {"probe", "contrast-probe"} & set(column(whole, "recipe"))
    assert set(column(probes, "recipe")) == {"probe", "contrast-probe"}
    assert not {column.header for column in whole.columns} & {"training the head (samples/s)"}


def test_a_probe_rate_under_the_name_of_a_training_rate_is_still_a_head(
    records: list[Record], store_all: StoreAll
) -> None:
    (probe,) = [r for r in records if r.trial.cell[0::2] == ("fixture-effnet", "probe")]
    measured = Measurement(name="train_samples_per_second", unit="samples/s", value=5000.0)
    found = build(store_all([replace(probe, measurements=(measured,))]), lang="en")
    table = table_with(found, "training the head (samples/s)")
    assert column(table, "training the head (samples/s)") == ["5,000"]


def test_missing_measurements_are_dashes_and_missing_columns_are_named(
    records: list[Record], store_all: StoreAll
) -> None:
    bare = replace(records[0], measurements=())
    found = build(store_all([bare, records[9]]), lang="en")
    table = table_with(found, "peak memory")
    assert MISSING in column(table, "peak memory")
    assert "Not measured or not applicable here: peak GPU memory" in words(found)


def test_padding_efficiency_is_the_share_of_real_tokens(documents: dict[Lang, Document]) -> None:
    table = table_with(documents["en"], "padding efficiency")
    assert set(column(table, "padding efficiency")) == {"92.5%", "91.4%", MISSING}


def test_the_cost_of_the_grid_is_reported_and_its_edges_are_named(
    documents: dict[Lang, Document],
) -> None:
    text = words(documents["en"])
    assert "s were spent on learning rates not chosen" in text
    assert "Chosen at the edge of the grid" in text
    table = table_with(documents["en"], "learning rate")
    assert column(table, "remark").count("chosen") == 24


def test_the_grid_gives_the_cost_where_no_measurement_does(
    records: list[Record], store_all: StoreAll
) -> None:
    found = build(store_all([replace(records[0], measurements=())]), lang="en")
    table = table_with(found, "learning rates not chosen (s)")
    assert column(table, "learning rates not chosen (s)") == ["2,508"]


def test_two_setups_are_not_compared_in_speed(records: list[Record], store_all: StoreAll) -> None:
    elsewhere = [
        replace(record, fingerprint=replace(record.fingerprint, threads=16))
        for record in only(records, task="fixture-emoji")
    ]
    for lang, text in zip(LANGS, ("not comparable in speed", "速度不可比"), strict=True):
        found = build(store_all(records + elsewhere), lang=lang)
        assert any(text in notice for notice in notices(found))
    tables = [
        block
        for block in build(store_all(records + elsewhere), lang="en").blocks
        if isinstance(block, Table)
        and "training (samples/s)" in [column.header for column in block.columns]
    ]
    assert [set(column(table, "setup")) for table in tables] == [{"A"}, {"B"}]


# -------------------------------------------------------------------------------- pairs


def test_a_pair_has_a_rate_of_features_for_each_side(documents: dict[Lang, Document]) -> None:
    table = table_with(documents["en"], "image features (samples/s)")
    models = column(table, "model")
    images = column(table, "image features (samples/s)")
    texts = column(table, "text features (samples/s)")
    whole = column(table, "feature extraction (samples/s)")
    for model, image, text, both in zip(models, images, texts, whole, strict=True):
        pair = model == "fixture-pair-en (pretrained)"
        assert (image != MISSING, text != MISSING, both != MISSING) == (pair, pair, not pair)


def test_where_no_model_is_a_pair_nobody_misses_its_rates(
    records: list[Record], store_all: StoreAll
) -> None:
    found = build(store_all(only(records, task="fixture-reviews")), lang="en")
    assert "image features" not in words(found)
    assert "a sample is a pair" not in words(found)


def test_a_zero_shot_cell_has_no_training_rate_and_trains_nothing(
    documents: dict[Lang, Document],
) -> None:
    speed = table_with(documents["en"], "training (samples/s)")
    memory = table_with(documents["en"], "trainable parameters")
    for table, header, wanted in (
        (speed, "training (samples/s)", MISSING),
        (memory, "trainable parameters", "0"),
    ):
        recipes, values = column(table, "recipe"), column(table, header)
        told = {v for r, v in zip(recipes, values, strict=True) if r.startswith("zero-shot")}
        assert told == {wanted}


# --------------------------------------------------------------------------------- time


def test_alone_is_the_start_the_trial_and_what_was_saved(records: list[Record]) -> None:
    measured = (seconds("import_seconds", 7.0), seconds("reused_seconds", 20.0))
    found = spent(replace(records[0], seconds=100.0, measurements=measured))
    assert (found.alone, found.here, found.complete) == (127.0, 107.0, True)


def test_the_start_of_a_shared_process_counts_for_its_first_trial_alone(
    records: list[Record],
) -> None:
    measured = (seconds("import_seconds", 7.0, SHARED_START), seconds("reused_seconds", 20.0))
    found = spent(replace(records[0], seconds=100.0, measurements=measured))
    assert (found.alone, found.here) == (127.0, 100.0)


def test_without_a_measured_start_the_time_alone_is_a_lower_bound(
    records: list[Record], store_all: StoreAll
) -> None:
    inline = replace(records[0], seconds=100.0, measurements=(seconds("reused_seconds", 20.0),))
    assert spent(inline).complete is False
    for lang, header, note in (
        ("en", "alone, cold (s)", "a start-up was not measured"),
        ("zh", "冷启动耗时（秒）", "启动时间未测得"),
    ):
        assert lang in LANGS
        found = build(store_all([inline]), lang="en" if lang == "en" else "zh")
        assert column(table_with(found, header), header) == ["≥ 120"]
        assert note in words(found)


def test_a_run_whose_starts_are_known_has_no_lower_bound(
    records: list[Record], store_all: StoreAll
) -> None:
    found = build(store_all(of_model(records, "fixture-pair-en", "contrast-probe")), lang="en")
    assert "≥" not in words(found)
    table = table_with(found, "alone, cold (s)")
    assert column(table, "alone, cold (s)") == ["54.2", "58.2"]
    assert column(table, "in this run, amortised (s)") == ["54.2", "21.0"]


def test_the_total_of_the_run_is_the_sum_of_what_its_trials_added(
    records: list[Record], store_all: StoreAll
) -> None:
    pairs = of_model(records, "fixture-pair-en", "contrast-probe")
    trial = replace(pairs[0].trial, seed=7)
    late = replace(pairs[1], trial=trial, key=trial.key, status="failed", seconds=10.0, scores=())
    found = build(store_all([*pairs, late]), lang="en")
    # 48 + 6.2, 21, and 10 of the trial that failed; alone each with its start and what was saved
    assert "3 trials, finished or failed, took 85.2 s in this run" in words(found)
    assert "would have taken 160 s" in words(found)


def test_the_totals_of_two_setups_are_apart(records: list[Record], store_all: StoreAll) -> None:
    pairs = of_model(records, "fixture-pair-en", "contrast-probe")
    elsewhere = replace(pairs[1], fingerprint=replace(pairs[1].fingerprint, threads=16))
    text = words(build(store_all([pairs[0], elsewhere]), lang="en"))
    assert "1 trial, finished or failed, took 54.2 s" in text
    assert "1 trial, finished or failed, took 21.0 s" in text


def test_records_before_the_measurement_of_reuse_know_of_features_alone(
    records: list[Record],
) -> None:
    old = replace(
        records[0], seconds=100.0, measurements=(seconds("feature_seconds_reused", 49.0),)
    )
    assert spent(old).alone == 149.0


def test_a_shared_start_is_recognised_by_the_words_of_the_worker() -> None:
    from mmbench.executors.worker import SHARED

    assert SHARED == SHARED_START
