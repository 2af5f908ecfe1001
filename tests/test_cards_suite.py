"""The suite's bench blocks and gate thresholds: what they may say, and what plan does with them."""

import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmbench.cards import BenchBlock, Block, GateThresholds, Suite
from mmbench.catalog import Catalog
from mmbench.errors import CardError, PlanError
from mmbench.plan import plan

BLOCK = Block(models=("m",), tasks=("t",), recipes=("r",))
BENCH = BenchBlock(models=("m",), batch_sizes=(1, 32), tokens=(128,))
SPEED = """
name: quick
bench:
  - models: [bert, eye.yaml]
    modes: [infer]
    batch_sizes: [1, 8]
    precisions: [fp32, bf16]
    tokens: [128]
gate:
  rate: 0.03
  metrics: {latency_p99: 0.2}
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites/quick.yaml").write_text(textwrap.dedent(SPEED), encoding="utf-8")
    return Catalog((tmp_path,))


def test_a_suite_may_have_blocks_or_bench_or_both() -> None:
    assert Suite(name="s", blocks=(BLOCK,)).bench == ()
    assert Suite(name="s", bench=(BENCH,)).blocks == ()
    assert Suite(name="s", blocks=(BLOCK,), bench=(BENCH,), seeds=(0, 1), limit=5).limit == 5


def test_a_suite_of_nothing_is_refused() -> None:
    with pytest.raises(CardError, match="at least one block or bench block"):
        Suite(name="s")


@pytest.mark.parametrize("changes", [{"limit": 5}, {"seeds": (0, 1)}])
def test_a_bench_has_neither_seeds_nor_a_limit(changes: dict[str, Any]) -> None:
    with pytest.raises(CardError, match="this is a suite of mmbench bench"):
        replace(Suite(name="s", bench=(BENCH,)), **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"models": ()}, "models is empty"),
        ({"modes": ()}, "modes is empty"),
        ({"batch_sizes": ()}, "batch_sizes is empty"),
        ({"batch_sizes": (8, 8)}, "batch_sizes names something twice"),
        ({"batch_sizes": (0,)}, "batch_sizes are whole numbers"),
        ({"tokens": (0,)}, "tokens are whole numbers"),
        ({"image_sizes": (-1,)}, "image_sizes are whole numbers"),
    ],
)
def test_a_bench_block_that_times_nothing_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CardError, match=said):
        replace(BENCH, **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rate": 0.0}, "rate is 0"),
        ({"memory": -0.1}, "memory is -0.1"),
        ({"quality": float("inf")}, "quality is inf"),
        ({"metrics": {"latency_p99": 0.0}}, "metrics.latency_p99 is 0"),
    ],
)
def test_a_threshold_is_above_zero(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CardError, match=said):
        GateThresholds(**changes)


def test_a_card_spells_both(catalog: Catalog, tmp_path: Path) -> None:
    suite = catalog.suite("quick")
    assert suite.gate == GateThresholds(rate=0.03, metrics={"latency_p99": 0.2})
    (block,) = suite.bench
    assert (block.modes, block.precisions, block.tokens) == (("infer",), ("fp32", "bf16"), (128,))
    assert block.models == ("bert", str(tmp_path / "suites/eye.yaml"))


def test_a_card_with_an_unknown_mode_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "suites/quick.yaml"
    path.write_text(path.read_text().replace("[infer]", "[guess]"))
    with pytest.raises(CardError, match="guess"):
        catalog.suite("quick")


def test_a_suite_of_bench_alone_is_not_run_but_timed(catalog: Catalog) -> None:
    with pytest.raises(PlanError, match="quick is a suite of mmbench bench"):
        plan(catalog.suite("quick"), catalog)
