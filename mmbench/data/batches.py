"""Batches of prepared rows: what the training loop and the evaluation loop walk over.

Rows of similar length share a batch, so that little is padded. The order is a function of seed
and epoch alone; the size of the micro-batches changes neither the steps nor their rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbench.data.prepared import Inputs, Prepared
from mmbench.data.ragged import Ragged

POOL_BATCHES = 50
"""Batches whose rows are sorted together: more pads less, and mixes lengths less."""

RowTargets = NDArray[Any] | Ragged | None
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """B rows. targets: [B, …], of unequal rows padded with `ragged.IGNORED`; None for rows to
    predict on, or whose targets are among the inputs. indices: their row numbers.

    tokens: real ones, by `Prepared.lengths`. padded_tokens: B × the longest row, what the model
    computes; tokens / padded_tokens is the padding efficiency.
    """

    inputs: Inputs
    targets: Tensor | None
    indices: list[int]
    samples: int
    tokens: int
    padded_tokens: int


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """Optimizer steps in which each row is seen once; the last batch may be smaller."""
    return -(-rows // batch_size)


def training_batches(
    prepared: Prepared,
    targets: RowTargets,
    *,
    batch_size: int,
    micro_batch: int | None,
    seed: int,
    epoch: int,
    by_length: bool = True,
) -> Iterator[list[Batch]]:
    """For each optimizer step the micro-batches of its effective batch, one if micro_batch is None.

    Micro-batches are cut from the batch sorted by length: each is padded to its own longest row.
    Without `by_length` the rows of a batch are drawn at random, whatever they are padded to.
    """
    lengths = np.asarray(prepared.lengths)
    mixed = lengths if by_length else np.ones_like(lengths)
    for rows in _epoch(mixed, batch_size, np.random.default_rng((seed, epoch))):
        if micro_batch is None or micro_batch >= len(rows):
            yield [_batch(prepared, lengths, targets, rows)]
        else:
            pieces = _pieces(rows[np.argsort(lengths[rows], kind="stable")], micro_batch)
            yield [_batch(prepared, lengths, targets, piece) for piece in pieces]


def evaluation_batches(
    prepared: Prepared, targets: RowTargets, *, batch_size: int
) -> Iterator[Batch]:
    """Every row once, in batches of similar length; the caller restores the order by `indices`.

    The longest batch comes first, so that a lack of memory shows at once; the others come mixed,
    always in the same way, so that any stretch of them is a fair sample of the whole.
    """
    lengths = np.asarray(prepared.lengths)
    pieces = _pieces(np.argsort(-lengths, kind="stable"), batch_size)
    mixed = np.random.default_rng(0).permutation(np.arange(1, max(1, len(pieces))))
    for rows in pieces[:1] + [pieces[i] for i in mixed]:
        yield _batch(prepared, lengths, targets, rows)


def to_device(batch: Batch, device: torch.device) -> Batch:
    """The batch's tensors on `device`; to a CUDA device through pinned memory, asynchronously."""
    if device.type == "cpu":
        return batch
    return replace(
        batch,
        inputs={name: _move(tensor, device) for name, tensor in batch.inputs.items()},
        targets=None if batch.targets is None else _move(batch.targets, device),
    )


def _epoch(lengths: Numbers, batch_size: int, generator: np.random.Generator) -> list[Numbers]:
    """The effective batches of an epoch, in order."""
    order = generator.permutation(len(lengths))
    if len(np.unique(lengths)) < 2:
        return _pieces(order, batch_size)
    # the rows of the smaller batch are drawn first: sorted, it would hold the longest ones
    whole = len(order) - len(order) % batch_size
    batches = [
        batch
        for pool in _pieces(order[:whole], POOL_BATCHES * batch_size)
        for batch in _pieces(pool[np.argsort(lengths[pool], kind="stable")], batch_size)
    ]
    if whole < len(order):
        batches.append(order[whole:])
    return [batches[i] for i in generator.permutation(len(batches))]


def _pieces(rows: Numbers, size: int) -> list[Numbers]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _batch(prepared: Prepared, lengths: Numbers, targets: RowTargets, rows: Numbers) -> Batch:
    indices: list[int] = rows.tolist()
    chosen = lengths[rows]
    return Batch(
        inputs=prepared.collate(indices),
        targets=_collated(targets, rows),
        indices=indices,
        samples=len(indices),
        tokens=int(chosen.sum()),
        padded_tokens=len(indices) * (prepared.padded_to or int(chosen.max())),
    )


def _collated(targets: RowTargets, rows: Numbers) -> Tensor | None:
    if targets is None:
        return None
    return torch.from_numpy(targets.padded(rows) if isinstance(targets, Ragged) else targets[rows])


def _move(tensor: Tensor, device: torch.device) -> Tensor:
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
