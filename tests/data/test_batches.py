"""Batches: each row once, the same order for the same seed, little padding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmbench.data.batches import (
    Batch,
    evaluation_batches,
    steps_per_epoch,
    to_device,
    training_batches,
)
from mmbench.data.prepared import FeatureRows, Inputs, Prepared, PreparedFacts


@dataclass
class Padded:
    """Rows that are `length` times their own number, padded with -1."""

    lengths: NDArray[np.int64]
    digest: str = "d"
    facts: PreparedFacts = PreparedFacts()  # noqa: RUF009 - frozen
    padded_to: int | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, indices: Sequence[int]) -> Inputs:
        rows = [torch.full((int(self.lengths[i]),), i) for i in indices]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-1)
        return {"ids": ids}


def rows_of(count: int, seed: int = 0) -> Padded:
    return Padded(np.random.default_rng(seed).integers(3, 120, count))


def epoch(prepared: Prepared, *, size: int = 32, **options: Any) -> list[list[Batch]]:
    given = {"micro_batch": None, "seed": 0, "epoch": 0, **options}
    targets = np.arange(len(prepared)) * 10
    return list(training_batches(prepared, targets, batch_size=size, **given))


def order(steps: list[list[Batch]]) -> list[list[int]]:
    return [[row for batch in step for row in batch.indices] for step in steps]


@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=300),
    size=st.integers(1, 40),
    micro=st.one_of(st.none(), st.integers(1, 40)),
)
def test_each_row_comes_once_and_steps_are_as_many_as_told(
    lengths: list[int], size: int, micro: int | None
) -> None:
    prepared = Padded(np.asarray(lengths, dtype=np.int64))
    steps = epoch(prepared, size=size, micro_batch=micro)
    assert len(steps) == steps_per_epoch(len(lengths), size)
    assert sorted(row for step in order(steps) for row in step) == list(range(len(lengths)))
    assert sorted(map(len, order(steps)), reverse=True)[:-1] == [size] * (len(steps) - 1)
    assert all(batch.samples <= (micro or size) for step in steps for batch in step)


def test_the_order_is_of_seed_and_epoch_alone() -> None:
    prepared = rows_of(500)
    first = order(epoch(prepared))
    assert order(epoch(prepared)) == first
    assert order(epoch(prepared, epoch=1)) != first
    assert order(epoch(prepared, seed=1)) != first
    assert order(epoch(prepared, seed=1)) != order(epoch(prepared, epoch=1))


def test_micro_batches_partition_the_same_effective_batches() -> None:
    prepared = rows_of(500)
    whole, cut = epoch(prepared), epoch(prepared, micro_batch=5)
    assert [sorted(rows) for rows in order(cut)] == [sorted(rows) for rows in order(whole)]
    for step in cut:
        assert [batch.samples for batch in step[:-1]] == [5] * (len(step) - 1)
        longest = [prepared.lengths[batch.indices].max() for batch in step]
        assert longest == sorted(longest)
        for batch in step:
            assert batch.inputs["ids"].shape[1] == prepared.lengths[batch.indices].max()
    assert sum(b.padded_tokens for s in cut for b in s) < sum(
        b.padded_tokens for s in whole for b in s
    )


def test_targets_inputs_and_counts_belong_to_the_rows() -> None:
    prepared = rows_of(100)
    for batch in (*epoch(prepared)[0], *evaluation_batches(prepared, None, batch_size=32)):
        ids = batch.inputs["ids"]
        assert ids[:, 0].tolist() == batch.indices
        assert batch.samples == len(batch.indices)
        assert batch.tokens == int((ids >= 0).sum())
        assert batch.padded_tokens == ids.numel()
        if batch.targets is not None:
            assert batch.targets.dtype == torch.int64
            assert batch.targets.tolist() == [10 * row for row in batch.indices]


def test_grouping_by_length_pads_less_than_a_plain_shuffle() -> None:
    prepared = rows_of(5000)
    batches = [batch for step in epoch(prepared) for batch in step]
    grouped = sum(b.tokens for b in batches) / sum(b.padded_tokens for b in batches)
    shuffled = np.random.default_rng(0).permutation(5000)[: 5000 // 32 * 32].reshape(-1, 32)
    lengths = prepared.lengths[shuffled]
    plain = lengths.sum() / (lengths.max(axis=1) * 32).sum()
    assert plain < 0.6
    assert grouped > 0.95


def test_rows_that_are_padded_to_a_fixed_length_are_counted_so() -> None:
    prepared = Padded(np.array([3, 5, 4]), padded_to=64)
    (batch,) = epoch(prepared)[0]
    assert (batch.tokens, batch.padded_tokens) == (12, 3 * 64)


def test_without_grouping_lengths_decide_nothing() -> None:
    """A contrastive loss compares the rows of a batch: these must be drawn at random."""
    ragged, even = rows_of(500), Padded(np.full(500, 7))
    assert order(epoch(ragged, by_length=False)) == order(epoch(even))
    assert order(epoch(ragged)) != order(epoch(even))
    for batch in (batch for step in epoch(ragged, by_length=False) for batch in step):
        assert batch.tokens == ragged.lengths[batch.indices].sum()


def test_the_smaller_batch_does_not_hold_the_longest_rows() -> None:
    prepared = rows_of(330)
    means = []
    for seed in range(20):
        (small,) = [rows for rows in order(epoch(prepared, seed=seed)) if len(rows) < 32]
        means.append(prepared.lengths[small].mean())
    assert abs(np.mean(means) - prepared.lengths.mean()) < 10


def test_rows_of_one_length_are_plainly_shuffled() -> None:
    prepared = Padded(np.full(100, 7))
    expected = np.random.default_rng((3, 2)).permutation(100)
    steps = order(epoch(prepared, seed=3, epoch=2))
    assert [row for step in steps for row in step] == expected.tolist()
    assert len(steps[-1]) == 100 % 32


def test_evaluation_takes_the_longest_batch_first_and_can_be_put_back_in_order() -> None:
    prepared = rows_of(100)
    batches = list(evaluation_batches(prepared, np.arange(100), batch_size=32))
    longest = [int(prepared.lengths[batch.indices].max()) for batch in batches]
    assert longest[0] == prepared.lengths.max()
    assert len(set(longest)) == len(longest)
    restored = np.empty(100, dtype=np.int64)
    for batch in batches:
        assert batch.targets is not None
        restored[batch.indices] = batch.targets.numpy()
    assert restored.tolist() == list(range(100))
    assert list(evaluation_batches(Padded(np.empty(0, np.int64)), None, batch_size=4)) == []


def test_features_are_rows_of_length_one() -> None:
    features = np.random.default_rng(0).standard_normal((10, 4)).astype(np.float16)
    features.flags.writeable = False  # as a memory-mapped cache gives them
    rows: Prepared = FeatureRows(features, "digest")
    (batch,) = evaluation_batches(rows, None, batch_size=16)
    assert batch.inputs["features"].dtype == torch.float32
    assert torch.equal(
        batch.inputs["features"], torch.from_numpy(features.astype(np.float32))[batch.indices]
    )
    assert batch.tokens == batch.padded_tokens == batch.samples == 10
    assert (rows.digest, len(rows)) == ("digest", 10)


def test_a_batch_stays_on_the_cpu_as_it_is() -> None:
    (batch,) = evaluation_batches(rows_of(4), None, batch_size=4)
    assert to_device(batch, torch.device("cpu")) is batch


def test_moving_a_batch_moves_all_its_tensors() -> None:
    (batch,) = evaluation_batches(rows_of(4), np.arange(4), batch_size=4)
    moved = to_device(batch, torch.device("meta"))
    assert moved.targets is not None
    assert {moved.inputs["ids"].device.type, moved.targets.device.type} == {"meta"}
    assert moved.indices == batch.indices


@pytest.mark.gpu
def test_a_batch_reaches_the_gpu_unchanged() -> None:
    (batch,) = evaluation_batches(rows_of(64), np.arange(64), batch_size=64)
    moved = to_device(batch, torch.device("cuda"))
    assert moved.targets is not None
    assert batch.targets is not None
    assert torch.equal(moved.inputs["ids"].cpu(), batch.inputs["ids"])
    assert torch.equal(moved.targets.cpu(), batch.targets)
