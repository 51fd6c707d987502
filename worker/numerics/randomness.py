"""Counter-based random streams: every draw is keyed by what it is for, never by where a run sits in a stack.

Belongs here: keys, initial normals, batch order, random directions. No stream depends on the LR or on the
parametrization, so that arms and LRs of one seed share their randomness (common random numbers).

Legend: P parameters, B batch.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Purpose(StrEnum):
    """Purposes of streams; two purposes never share a number."""

    INIT = "init"
    BATCH_ORDER = "batch_order"
    DIRECTION = "direction"
    SHARPNESS_BATCH = "sharpness_batch"
    PROBE = "probe"
    SCENARIO = "scenario"


def stream(purpose: Purpose, *key: int | str) -> np.random.Generator:
    """Return the generator of one purpose and key: Philox with a 128-bit BLAKE2 hash of both as its key.

    Reference: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
    """
    text = "/".join([purpose, *(str(part) for part in key)])
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))


def initial_normals(spec_seed: int, seed: int, name: str, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return the standard normals of tensor `name`, the same for every parametrization and LR.

    Returns:
        [n_in, n_out] float64, to be scaled by the tensor's init std.
    """
    return stream(Purpose.INIT, spec_seed, seed, name, *shape).standard_normal(shape)


def direction(spec_seed: int, seed: int, step: int, size: int, *of: str | int) -> NDArray[np.float32]:
    """Return [P] float32 entries uniform on [-1, 1): the random part of the start vector `of` some measure.

    Normals would do no better and take three times as long.
    """
    generator = stream(Purpose.DIRECTION, spec_seed, seed, step, *of)
    return 2.0 * generator.random(size, dtype=np.float32) - 1.0


def signs(spec_seed: int, seed: int, step: int, num_probes: int, size: int) -> NDArray[np.float32]:
    """Return [num_probes, P] entries of ±1: Rademacher probes of a matrix known by its products."""
    bits = stream(Purpose.PROBE, spec_seed, seed, step).integers(0, 2, (num_probes, size), dtype=np.int8)
    return (2 * bits - 1).astype(np.float32)


def sharpness_indices(spec_seed: int, num_train: int, size: int) -> NDArray[np.int64]:
    """Return the training samples sharpness is measured on: one choice for all runs of an experiment."""
    chosen = stream(Purpose.SHARPNESS_BATCH, spec_seed).permutation(num_train)[:size]
    return np.sort(chosen)


class BatchOrder:
    """Samples of every step: per (seed, epoch) one permutation, cut into batches, remainder dropped."""

    def __init__(self, spec_seed: int, num_train: int, batch_size: int) -> None:
        self._spec_seed = spec_seed
        self._num_train = num_train
        self._batch_size = batch_size
        self._current: dict[int, tuple[int, NDArray[np.int64]]] = {}

    def indices(self, seed: int, step: int) -> NDArray[np.int64]:
        """Return the [B] sample indices of `step`; epoch = step // (num_train // batch_size)."""
        epoch, batch = divmod(step, self._num_train // self._batch_size)
        first = batch * self._batch_size
        return self._permutation(seed, epoch)[first : first + self._batch_size]

    def _permutation(self, seed: int, epoch: int) -> NDArray[np.int64]:
        cached_epoch, order = self._current.get(seed, (-1, np.empty(0, np.int64)))
        if cached_epoch != epoch:
            order = stream(Purpose.BATCH_ORDER, self._spec_seed, seed, epoch).permutation(self._num_train)
            self._current[seed] = (epoch, order)
        return order
