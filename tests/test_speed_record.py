"""A speed case is named by its size, keyed by its work; records come back as they were."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import HubModel, ModelScopeCopy, Places
from mmbench.errors import CardError, StoreError
from mmbench.records import Failure
from mmbench.speed_store import RECORD, latest_speeds, put_speed, speed_records
from tests.speed.cards import case, image_card, speed_record, text_card


def test_a_case_is_named_by_model_mode_precision_and_size() -> None:
    assert case().name == "tiny-bert train fp32 b4 t8"
    assert case(image_card(), image_size=64).name == "tiny-net train fp32 b4 i64"


def test_the_key_follows_the_work_and_the_start() -> None:
    base = case()
    others = [
        replace(base, mode="infer"),
        replace(base, batch_size=8),
        replace(base, precision="bf16"),
        replace(base, tokens=16),
        replace(base, model=text_card()),  # with its own weights
    ]
    assert len({base.key, *(other.key for other in others)}) == len(others) + 1


def test_another_note_on_the_card_is_the_same_work() -> None:
    base = case()
    assert base.key == replace(base, model=replace(base.model, notes="tidied")).key


def test_the_same_files_are_the_same_work_on_either_hub() -> None:
    copy = ModelScopeCopy(repo="mirror/tiny", official=False)
    keys = {}
    for files in ({"model.safetensors": "0" * 64}, {"model.safetensors": "1" * 64}, {}):
        source = HubModel(via="hub", repo="acme/tiny", files=files, modelscope=copy)
        card = replace(text_card(), source=source)
        there = Places(hub="modelscope").of_model(card)
        keys[str(files)] = [replace(case(), model=each).key for each in (card, there)]
    first, second, open_ = keys.values()
    assert first[0] == first[1]
    assert second[0] == second[1] != first[0]
    assert open_[0] != open_[1], "which files these are, nobody says"


def test_pretrained_models_of_one_architecture_are_told_apart_by_where_they_come_from() -> None:
    card = text_card()
    other = replace(card, source=HubModel(via="hub", repo="nobody/larger"))
    assert replace(case(), model=card).key != replace(case(), model=other).key


def test_a_text_model_needs_a_length_and_another_has_none() -> None:
    with pytest.raises(CardError, match="needs the length"):
        case(tokens=None)
    with pytest.raises(CardError, match="has none"):
        case(image_card(), tokens=8)
    with pytest.raises(CardError, match="batch size 0"):
        case(batch_size=0)


def test_records_come_back_as_they_were_put_oldest_first(tmp_path: Path) -> None:
    failure = Failure(kind="TrialError", message="no room", traceback="…")
    first, second = speed_record(), speed_record(status="failed", failure=failure)
    for record in (first, second):
        put_speed(tmp_path, record)
    found = speed_records(tmp_path)
    assert [stored.record for stored in found] == [first, second]
    assert found[0].folder.parent.name == f"tiny-bert-train-fp32-b4-t8.{first.key[:8]}"
    assert [stored.record for stored in latest_speeds(found)] == [second]


def test_a_folder_without_a_whole_record_is_no_record(tmp_path: Path) -> None:
    put_speed(tmp_path, speed_record())
    (tmp_path / "speed" / "other" / "now").mkdir(parents=True)
    assert len(speed_records(tmp_path)) == 1


@pytest.mark.parametrize("text", ["{}", "nonsense", '{"format": 1, "more": true}'])
def test_a_file_that_is_no_speed_record_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD).write_text(text)
    with pytest.raises(StoreError, match=r"speed\.json: no speed record of this mmbench"):
        speed_records(tmp_path)


def test_a_record_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    put_speed(tmp_path, speed_record(format=99))
    with pytest.raises(StoreError, match="newer mmbench"):
        speed_records(tmp_path)
