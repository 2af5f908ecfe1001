"""What parts two setups, against fingerprints changed in one known place."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmbench.compare.setups import differences, differing
from mmbench.fingerprint import Fingerprint

HERE = Fingerprint(
    behaviour=1,
    code="0.1.0",
    device="cuda",
    device_name="NVIDIA H100",
    precision="bf16",
    threads=2,
    libraries={"torch": "2.15.0", "numpy": "2.4.6"},
    cpu="AMD EPYC",
    cpu_capability="AVX2",
    cores=2,
    governor="performance",
    interop_threads=1,
    python="3.11.7",
    driver="580.1",
    cuda="13.2",
    cudnn="92600",
    power_limit_watts=700,
    settings={"matmul_float32": "ieee"},
)
CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "threads": ({"threads": 4}, "threads: 2 against 4"),
    "cpu": ({"cpu": "Intel Xeon"}, "cpu: AMD EPYC against Intel Xeon"),
    "driver": ({"driver": "580.2"}, "driver: 580.1 against 580.2"),
    "power": ({"power_limit_watts": 350}, "power limit: 700 W against 350 W"),
    "unknown power": ({"power_limit_watts": None}, "power limit: 700 W against not recorded"),
    "library": ({"libraries": {"torch": "2.16.0", "numpy": "2.4.6"}}, "torch: 2.15.0 against 2.16"),
    "fewer libraries": ({"libraries": {"torch": "2.15.0"}}, "numpy: 2.4.6 against not recorded"),
    "setting": ({"settings": {"matmul_float32": "tf32"}}, "matmul float32: ieee against tf32"),
}


@pytest.mark.parametrize(("change", "words"), CHANGES.values(), ids=CHANGES.keys())
def test_one_change_is_told_in_words(change: dict[str, Any], words: str) -> None:
    (said,) = differences(HERE, replace(HERE, **change))
    assert said.startswith(words)


def test_the_same_setup_has_no_differences() -> None:
    assert differences(HERE, replace(HERE)) == ()


def test_two_versions_of_our_code_may_be_compared() -> None:
    assert differences(HERE, replace(HERE, code="0.2.0")) == ()


def test_a_name_may_be_ignored() -> None:
    other = replace(HERE, precision="fp32", threads=4)
    assert differences(HERE, other, ignoring=("precision",)) == ("threads: 2 against 4",)


def test_what_is_not_recorded_is_not_known_to_differ() -> None:
    (found,) = differing(HERE, replace(HERE, cudnn=None))
    assert (found.name, found.one, found.other, found.known) == ("cudnn", "92600", None, False)
    (found,) = differing(HERE, replace(HERE, cudnn="1"))
    assert found.known


@given(st.sets(st.sampled_from([f.name for f in fields(Fingerprint) if f.name != "code"])))
def test_setups_differ_exactly_where_their_digests_do(names: set[str]) -> None:
    other: dict[str, Any] = {"libraries": {}, "settings": {}, "behaviour": 2, "threads": 3}
    change = {name: other.get(name, "other") for name in names}
    changed = replace(HERE, **change)
    assert bool(differing(HERE, changed)) == (HERE.digest != changed.digest) == bool(names)
