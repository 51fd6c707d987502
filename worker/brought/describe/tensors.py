"""Tensors of a brought network: role, shape, and the powers of the width that its author gave them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from muscope.backend.domain.spec.families.brought import BroughtTensor
from muscope.worker.brought.describe.text import vocabulary_axes
from muscope.worker.brought.parametrize import initial_sizes
from muscope.worker.brought.prepare import Prepared, forward_powers

_SEEDS = 3
# Authors draw by powers of the width that are halves; what is as near to one as noise allows is one.
_STEP, _NOISE = 0.5, 0.2


def tensors_of(prepared: Prepared) -> tuple[BroughtTensor, ...]:
    """Return the tensors in the order of the network's parameters."""
    sizes = {
        width: [initial_sizes(prepared.brought.build(width, seed)) for seed in range(_SEEDS)]
        for width in prepared.widths
    }
    forward = forward_powers(prepared)
    vocabulary = int(prepared.passes[0].output.shape[-1])
    axes = vocabulary_axes(prepared.brought, prepared.widths[0], vocabulary)
    found = []
    for row in prepared.rows:
        rms = np.array([[of_seed[row.name] for of_seed in sizes[width]] for width in prepared.widths])
        power = _power(prepared.widths, rms)
        found.append(
            BroughtTensor(
                name=row.name,
                role=row.role,
                shape=row.shapes[0],
                growing=row.growing,
                inputs=row.summed,
                std=_size_at_first(prepared.widths, rms, power),
                init_power=power,
                forward_power=round(_snapped(forward[row.name]), 3),
                vocabulary=axes.get(row.name, ()),
            )
        )
    return tuple(found)


def _power(widths: tuple[int, ...], rms: NDArray[Any]) -> float:
    """Return the power of the width in initial sizes [W, S]; 0 for a tensor that starts at zero."""
    if (rms <= 0).any():
        return 0.0
    log_size = np.log2(rms).mean(axis=1)
    return round(_snapped(float(np.polyfit(np.log2(widths), log_size, 1)[0])), 3)


def _snapped(power: float) -> float:
    nearest = round(power / _STEP) * _STEP
    return nearest if abs(power - nearest) < _NOISE else power


def _size_at_first(widths: tuple[int, ...], rms: NDArray[Any], power: float) -> float:
    """Return the size at the first width, from all of them: narrow tensors have few entries to tell it."""
    if (rms <= 0).any():
        return 0.0
    log_size = np.log2(rms) - power * np.log2(np.array(widths) / widths[0])[:, None]
    return float(2.0 ** log_size.mean())
