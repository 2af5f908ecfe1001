"""One order, from its case to its record, whatever happens on the way."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from mmbench.cards import HubModel, ModelCard
from mmbench.errors import TrialError
from mmbench.meters.environment import ClockWatch
from mmbench.meters.latency import Largest
from mmbench.meters.noise import FEW_WINDOWS
from mmbench.speed import efficiency, protocol
from mmbench.speed.order import Order
from mmbench.speed.timed import run_order
from mmbench.speed.workload import Workload, build
from mmbench.speed_record import SpeedCase, SpeedRecord
from tests.speed.cards import BERT_CONFIG, case, dual_card, image_card, text_card

CPU = torch.device("cpu")
KNOWN = {card.name: card for card in (text_card(), image_card(), dual_card())}


@pytest.fixture(autouse=True)
def short_windows(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Windows of a moment; torch's setting of float32 is left as it was."""
    precision = torch.backends.fp32_precision  # type: ignore[attr-defined]
    monkeypatch.setattr("mmbench.meters.clock.WINDOW_SECONDS", 0.01)
    yield
    torch.backends.fp32_precision = precision  # type: ignore[attr-defined]


def order(card: ModelCard | None = None, **changes: Any) -> Order:
    """Of the card with its own source; --init random makes it a scratch card."""
    asked = replace(case(None if card is None else KNOWN[card.name]), model=card or text_card())
    plain = Order(case=asked, init="random", device="cpu", seconds=0.1)
    return replace(plain, **changes)


def outcome(asked: Order) -> SpeedRecord:
    first, last = run_order(asked)
    assert (first.status, first.case) == ("failed", asked.case)  # if the process ended here
    return last


@pytest.mark.parametrize(
    "card", [text_card(), image_card(), dual_card()], ids=lambda card: str(card.name)
)
def test_a_training_case_is_measured(card: ModelCard) -> None:
    record = outcome(order(card, price_per_hour=2.0))
    assert record.failure is None
    assert record.status == "ok"
    assert record.case.model.start == "scratch"
    assert record.case.model.country is None
    rate = record.measurement("train_samples_per_second")
    assert rate is not None
    assert rate.value is not None
    assert len(rate.values) >= FEW_WINDOWS
    cost = record.measurement("cost_per_million_samples")
    assert cost is not None
    assert cost.value == pytest.approx(2.0 / 3600 * 1e6 / rate.value)
    for name in (
        *("train_flops_per_sample", "matmul_flops_per_second", "peak_rss_bytes"),
        *("model_bytes", "gradient_bytes", "optimizer_bytes", "activation_bytes"),
    ):
        found = record.measurement(name)
        assert found is not None
        assert found.value


def test_the_utilisation_is_flops_by_rate_by_peak() -> None:
    record = outcome(order())

    def value(name: str) -> float:
        found = record.measurement(name)
        assert found is not None
        assert found.value is not None
        return found.value

    achieved = value("train_flops_per_sample") * value("train_samples_per_second")
    expected = achieved / value("matmul_flops_per_second")
    assert value("train_model_flops_utilisation") == pytest.approx(expected)


def test_flops_of_a_sample_are_those_of_the_closed_form_and_the_same_at_any_batch() -> None:
    """8 tokens; a layer has 4 D² + 2 D F weights; the head is one matrix; times three in training,
    as the pooler, whose output nobody uses, is computed forward only."""
    width, inner, tokens, layers = 32, 64, 8, 2
    per_layer = 2 * (4 * width**2 + 2 * width * inner) * tokens + 4 * tokens**2 * width
    pooler, head = 2 * width**2, 2 * width * 10
    for batch_size in (1, 3):
        found = outcome(order(case=replace(order().case, batch_size=batch_size)))
        counted = found.measurement("train_flops_per_sample")
        assert counted is not None
        assert counted.value == 3 * (layers * per_layer + head) + pooler
    asked = replace(order().case, mode="infer")
    counted = outcome(order(case=asked)).measurement("inference_flops_per_sample")
    assert counted is not None
    assert counted.value == layers * per_layer + pooler


def test_inference_has_latencies_and_training_has_none() -> None:
    inference = outcome(order(case=replace(order().case, mode="infer", precision="bf16")))
    latency = inference.measurement("latency_p50_seconds")
    assert latency is not None
    assert latency.value is not None
    assert inference.measurement("trainable_parameters") == replace(
        latency, name="trainable_parameters", unit="1", value=0.0, low=None, high=None, values=()
    )
    assert outcome(order()).measurement("latency_p50_seconds") is None


def test_a_card_without_a_config_fails_with_its_reason() -> None:
    bare = replace(text_card(), source=HubModel(via="hub", repo="nobody/tiny"))
    record = outcome(order(bare))
    assert record.status == "failed"
    assert record.failure is not None
    assert record.failure.message.startswith("tiny-bert: no config to start at random from")


def test_a_wrong_config_fails_with_the_field() -> None:
    record = outcome(order(text_card({**BERT_CONFIG, "hiden_size": 8})))
    assert record.failure is not None
    assert "hiden_size" in record.failure.message


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_a_lack_of_memory_is_said_in_plain_words(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Workload) -> None:
        raise error

    monkeypatch.setattr(Workload, "step", full)
    record = outcome(order())
    assert record.failure is not None
    assert record.failure.message.startswith("out of memory at a batch of 4; take a smaller one")
    assert type(error).__name__ in record.failure.traceback


def test_another_error_keeps_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Workload) -> None:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(Workload, "step", wrong)
    record = outcome(order())
    assert record.failure is not None
    assert record.failure.message == "RuntimeError: shapes do not match"


def test_the_largest_batch_is_the_last_that_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Workload.step

    def up_to_eight(self: Workload) -> Any:
        if self.case.batch_size > 8:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return step(self)

    monkeypatch.setattr(Workload, "step", up_to_eight)
    record = outcome(order(largest=True))
    assert record.failure is None
    assert record.case.batch_size == 8
    assert record.key == record.case.key
    assert record.cell == "tiny-bert train fp32 bmax t8"
    assert record.warnings[0].startswith("8 is the largest batch that was found: twice as many do")


def test_where_not_even_one_fits_the_case_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> Largest | None:
        return None

    monkeypatch.setattr(protocol, "largest_batch", none)
    record = outcome(order(largest=True))
    assert record.failure is not None
    assert record.failure.kind == "TrialError"
    assert "no batch fits" in record.failure.message
    assert record.warnings == ("asked for at the largest batch",)


def test_what_cannot_be_believed_is_warned_of() -> None:
    """Windows too few to judge, and a model that is faster than the machine."""
    windows, _ = protocol.time_windows(build(case(mode="infer"), CPU), 0.05, ClockWatch(CPU))
    few = protocol.warnings_of(windows[:3], "infer")
    assert any(said.startswith("short: 2 of 5 windows") for said in few)
    assert not any("short" in said for said in protocol.warnings_of([windows[0]] * 12, "infer"))
    assert efficiency.impossible(None) == efficiency.impossible(0.99) == ()
    assert "the utilisation is 232%" in efficiency.impossible(2.32)[0]


def test_a_step_longer_than_a_window_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times the seconds asked for, and no more, where there are not enough windows."""
    monkeypatch.setattr("mmbench.meters.clock.WINDOW_SECONDS", 0.2)
    workload = build(case(mode="infer"), CPU)
    windows, account = protocol.time_windows(workload, 0.1, ClockWatch(CPU))
    assert 1 <= len(windows) <= 3
    assert account.seconds < 2


@pytest.mark.gpu
@pytest.mark.parametrize("mode", ["train", "infer"])
def test_a_gpu_is_measured_with_its_own_memory(mode: Any) -> None:
    asked: SpeedCase = replace(order(dual_card()).case, mode=mode, precision="bf16")
    record = outcome(order(case=asked, device="cuda"))
    assert record.failure is None
    assert record.fingerprint.device == "cuda"
    peak = record.measurement("peak_cuda_bytes")
    assert peak is not None
    assert peak.value


def test_an_order_for_no_device_is_an_error() -> None:
    with pytest.raises(TrialError, match="no device"):
        list(run_order(order(device="cuda:99")))


def test_clocks_are_looked_at_at_every_edge_and_before_flops_and_peak(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []
    compute = efficiency.efficiency

    def look(self: ClockWatch) -> None:
        seen.append("look")

    def told(*arguments: Any) -> Any:
        seen.append("efficiency")
        return compute(*arguments)

    monkeypatch.setattr(ClockWatch, "look", look)
    monkeypatch.setattr(protocol, "efficiency", told)
    record = outcome(order())
    assert record.failure is None
    assert seen.count("look") >= FEW_WINDOWS
    assert seen.index("efficiency") == len(seen) - 1
