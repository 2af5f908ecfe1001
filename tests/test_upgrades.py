"""Records of older formats: what they knew stays known, and what they did not know parts them."""

import json
from pathlib import Path
from typing import Any

import pytest

from mmbench.codec import dump_json, load_record
from mmbench.compare.cells import setup_of
from mmbench.compare.setups import differing
from mmbench.errors import StoreError
from mmbench.records import FORMAT, Record
from tests.specimens import record

FIXTURES = Path(__file__).parent / "fixtures"
OLDER = range(1, FORMAT)


def written_in(number: int) -> tuple[Record, dict[str, Any]]:
    """A record as that format wrote it: as it is read, and its JSON."""
    path = FIXTURES / f"record.format{number}.json"
    return load_record(path.read_bytes(), path), json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("number", OLDER)
def test_a_record_of_every_older_format_is_read(number: int) -> None:
    found, tree = written_in(number)
    assert (found.format, tree["format"]) == (number, number)
    assert found.status == "ok"
    assert found.score("after", "test", "accuracy") is not None


@pytest.mark.parametrize("number", OLDER)
def test_what_the_environment_knew_of_the_machine_enters_the_fingerprint(number: int) -> None:
    found, tree = written_in(number)
    machine = tree["environment"]
    assert found.fingerprint.cpu == machine["cpu"]
    assert found.fingerprint.cores == machine["cores"]
    assert found.fingerprint.python == machine["python"]


@pytest.mark.parametrize("number", OLDER)
def test_what_nobody_recorded_stays_unknown(number: int) -> None:
    found, _ = written_in(number)
    print_, machine = found.fingerprint, found.environment
    assert (print_.interop_threads, print_.cpu_capability, print_.driver) == (None, None, None)
    assert (dict(print_.settings), machine.throttling, machine.gpus) == ({}, None, None)


@pytest.mark.parametrize("number", OLDER)
def test_an_older_record_never_shares_a_setup_with_one_that_knows_more(number: int) -> None:
    """The same machine, as the present format would write it."""
    old, tree = written_in(number)
    known = {"interop_threads": 2, "cpu_capability": "AVX2"}
    tree["fingerprint"] |= {name: tree["environment"][name] for name in ("cpu", "cores", "python")}
    tree["fingerprint"] |= known
    text = json.dumps({**tree, "format": FORMAT}).encode()
    new = load_record(text, Path("new.json"))
    assert setup_of(old.fingerprint) != setup_of(new.fingerprint)
    apart = differing(old.fingerprint, new.fingerprint)
    assert {found.name for found in apart} == set(known)
    assert not any(found.known for found in apart)


def test_a_record_of_this_format_is_not_touched() -> None:
    """Its fingerprint says nothing of the CPU, and nothing is put there."""
    back = load_record(dump_json(record()), Path("record.json"))
    assert back.environment.cpu
    assert back.fingerprint.cpu is None


@pytest.mark.parametrize("broken", [{"environment": 3}, {"fingerprint": []}, {"environment": {}}])
def test_a_broken_record_of_an_older_format_is_refused(broken: dict[str, object]) -> None:
    _, tree = written_in(2)
    with pytest.raises(StoreError, match=r"old\.json: .*Remove it"):
        load_record(json.dumps({**tree, **broken}).encode(), Path("old.json"))
