"""Roles of a brought model's tensors, and the powers of the width multiplier m that each role needs.

The powers come from the one table of `muscope.backend.domain.spec.parametrization`. A model may multiply a
tensor by m^a in its forward pass where the table has another power A: what it then needs follows from the
symmetry of abc parametrizations (Yang & Hu 2021, arXiv 2011.14522),

    init  b + (A - a),     LR under Adam  c + (A - a),     LR under SGD  c + 2 (A - a),

and where a step is relative to the weights c, for their size takes the rest.

So a readout with the multiplier 1/m keeps its init and LR under Adam, and one without takes 1/m of both.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from muscope.backend.domain.spec.optimizer import OptimizerSpec, UpdateFamily
from muscope.backend.domain.spec.parametrization import (
    Parametrization,
    Role,
    TensorScaling,
    lr_ratio,
    tensor_scaling,
    weight_decay_mult,
)
from muscope.backend.domain.spec.tensor_role import ROWS, TensorRole

_MULT = 4.0  # any m > 1; the square root of this one is exact


VECTORS = frozenset({TensorRole.NORM, TensorRole.BIAS})


class Powers(NamedTuple):
    """Powers of m in a tensor's initial std, LR and weight decay; `decay` is None where there is none."""

    init: float
    lr: float
    decay: float | None


def needed_powers(
    role: TensorRole, optimizer: OptimizerSpec, forward: float = 0.0, *, is_matrix: bool = True
) -> Powers:
    """Return what a tensor of `role` needs when the forward pass multiplies it by m^`forward`.

    A role without a rule (`FIXED`, `UNKNOWN`) stays as it is at every width. A hidden tensor that is no
    matrix is AdamW's under Muon.
    """
    if role not in ROWS:
        return Powers(0.0, 0.0, 0.0)
    start, learning = (_constants(row, optimizer, is_matrix=is_matrix) for row in ROWS[role])
    per_power = 2.0 if optimizer.family is UpdateFamily.SGD else 1.0
    lr = _power(learning.lr_mult) + per_power * (_power(learning.forward_mult) - forward)
    init = _power(start.init_std) + _power(start.forward_mult) - forward
    if optimizer.family is UpdateFamily.RELATIVE:
        lr += _power(learning.init_std) - init
    decay = weight_decay_mult(optimizer.weight_decay_rule, ROWS[role].learning, _MULT**lr)
    return Powers(init, lr, math.log(decay, _MULT) if decay > 0 else None)


def _constants(role: Role, optimizer: OptimizerSpec, *, is_matrix: bool) -> TensorScaling:
    """Return the constants of a row at m = `_MULT`, without the ratio of LRs that holds at every width."""
    scaling = tensor_scaling(
        Parametrization.MUP,
        role,
        base_init_std=1.0,
        width_mult=_MULT,
        optimizer=optimizer,
        is_matrix=is_matrix,
    )
    ratio = lr_ratio(optimizer, is_orthogonalised=scaling.is_orthogonalised)
    return scaling._replace(lr_mult=scaling.lr_mult / ratio)


def _power(constant: float) -> float:
    return math.log(constant, _MULT)
