"""Records: what comes back from JSON as it was, what is refused, and what a trial's key says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmbench.cards import (
    HubModel,
    RandomModel,
)
from mmbench.codec import dump_json, load_json, load_record
from mmbench.errors import StoreError
from mmbench.records import (
    FORMAT,
    Artefact,
    CurvePoint,
    Failure,
    Measurement,
    Record,
    Score,
    Trial,
)
from tests.specimens import MODEL, RECIPE, TASK, record

text = st.text(max_size=12)
number = st.floats(allow_nan=False)
maybe = st.none() | number
scores = st.builds(
    Score,
    value=maybe,
    low=maybe,
    high=maybe,
    split=text,
    metric=text,
    interval=st.none() | text,
    note=st.none() | text,
)
measurements = st.builds(
    Measurement,
    name=text,
    unit=text,
    value=maybe,
    low=maybe,
    high=maybe,
    values=st.lists(number, max_size=4).map(tuple),
    note=st.none() | text,
)
curve = st.builds(
    CurvePoint,
    learning_rate=number,
    step=st.integers(0, 2**53),
    epoch=number,
    train_loss=maybe,
    validation_loss=number,
    validation=st.dictionaries(text, number, max_size=3),
)
models = st.sampled_from(
    [
        MODEL,
        replace(
            MODEL,
            country=None,
            source=RandomModel(
                via="random",
                config={"a": [1, {"b": None}]},
                tokenizer=HubModel(via="hub", repo="r"),
            ),
        ),
    ]
)
recipes = st.builds(
    lambda rate, decay: replace(RECIPE, learning_rates=(rate,), weight_decay=decay),
    st.floats(1e-9, 1.0),
    st.floats(0.0, 1.0),
)
trials = st.builds(
    Trial,
    model=models,
    task=st.just(TASK),
    recipe=recipes,
    seed=st.integers(0, 2**40),
    limit=st.none() | st.integers(1, 10**6),
    digests=st.dictionaries(text, text, max_size=2),
    parents=st.lists(text, max_size=2).map(tuple),
)


@st.composite
def records(draw: st.DrawFn) -> Record:
    return replace(
        record(draw(trials)),
        labels=tuple(draw(st.lists(text | st.integers(-(2**60), 2**60), max_size=4))),
        scores=tuple(draw(st.lists(scores, max_size=3))),
        measurements=tuple(draw(st.lists(measurements, max_size=3))),
        curve=tuple(draw(st.lists(curve, max_size=3))),
        dropped=draw(st.dictionaries(text, st.integers(0, 99), max_size=2)),
        warnings=tuple(draw(st.lists(text, max_size=2))),
        artefacts=draw(
            st.dictionaries(
                text, st.builds(Artefact, path=text, sha256=text, bytes=st.integers(0, 2**50))
            )
        ),
        failure=draw(st.none() | st.builds(Failure, kind=text, message=text, traceback=text)),
    )


@settings(max_examples=150, deadline=None)
@given(written=records())
def test_a_record_comes_back_as_it_was(written: Record) -> None:
    back = load_record(dump_json(written), Path("record.json"))
    assert back == written
    assert back.trial.key == written.key


@given(written=scores | measurements | curve)
def test_a_part_of_a_record_comes_back_as_it_was(written: Score | Measurement | CurvePoint) -> None:
    assert load_json(type(written), dump_json(written)) == written


def test_cards_come_back_as_they_were() -> None:
    for card in (MODEL, TASK, RECIPE):
        assert load_json(type(card), dump_json(card)) == card


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_stays_loud(value: float) -> None:
    """As null, NaN would read back as `not applicable`, or make the record unreadable."""
    point = CurvePoint(
        learning_rate=0.1, step=1, epoch=1.0, train_loss=value, validation_loss=value, validation={}
    )
    written = replace(record(), curve=(point,))
    (back,) = load_record(dump_json(written), Path("record.json")).curve
    assert repr((back.train_loss, back.validation_loss)) == repr((value, value))


def test_half_a_character_does_not_cost_the_record() -> None:
    """A path that is not UTF-8 comes into a message as a lone surrogate."""
    failure = Failure(kind="OSError", message="no file '\udcff.csv'", traceback="\udcff")
    back = load_record(dump_json(replace(record(), failure=failure)), Path("record.json"))
    assert back.failure is not None
    assert back.failure.message == "no file '?.csv'"
    assert back.scores == record().scores


def test_a_record_of_the_first_format_is_still_read() -> None:
    """A record as the first release wrote it; what it lacks is empty."""
    path = Path(__file__).parent / "fixtures" / "record.format1.json"
    found = load_record(path.read_bytes(), path)
    assert (found.format, found.status) == (1, "ok")
    score = found.score("after", "test", "accuracy")
    assert score is not None
    assert score.value is not None
    assert all(dict(facts.candidates) == {} for facts in found.data)
    assert all(dict(point.in_batch) == {} for point in found.curve)


def test_a_newer_format_is_refused_with_advice() -> None:
    tree = json.loads(dump_json(record())) | {"format": FORMAT + 1, "what-is-this": 1}
    with pytest.raises(StoreError, match=r"r\.json: format \d+ was written by a newer mmbench.*Up"):
        load_record(json.dumps(tree).encode(), Path("r.json"))


@pytest.mark.parametrize(
    "broken",
    [
        *(b"", b"{", b"null", b"[]", b"3", b"{}", b'{"format": "1"}', b'{"format": true}', b"\xff"),
        *(b'{"format": 0}', b'{"format": null}', b"[" * 20000, b'{"format": 1}'),
    ],
)
def test_what_is_no_record_is_refused(broken: bytes) -> None:
    with pytest.raises(StoreError, match=r"r\.json: .*Remove it"):
        load_record(broken, Path("r.json"))


def test_every_truncation_of_a_record_is_refused() -> None:
    whole = dump_json(record())
    for length in range(0, len(whole) - 1, 37):
        with pytest.raises(StoreError):
            load_record(whole[:length], Path("r.json"))


def test_a_field_that_no_record_has_is_refused_with_its_place() -> None:
    tree = json.loads(dump_json(record()))
    tree["trial"]["model"]["colour"] = "red"
    with pytest.raises(StoreError, match=r"trial\.model\.colour"):
        load_record(json.dumps(tree).encode(), Path("r.json"))


def test_a_record_finds_its_scores_and_measurements() -> None:
    found = record().score("after", "test", "accuracy")
    assert found is not None
    assert found.value == 0.9
    assert record().score("after", "train", "accuracy") is None
    assert record().measurement("absent") is None
