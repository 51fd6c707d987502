"""One tensor: its powers of the width, and whether they are what its role needs.

Init and LR are judged together with the constant in front of the tensor, since only their products matter
(`muscope.backend.domain.brought.roles`). A tensor that is off in both by what one constant would mend has the
wrong constant. One whose role is unknown, or that is in no group, is not judged further.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from muscope.backend.analysis.model_check.powers import (
    UNKNOWN,
    Power,
    entries_error,
    exact_power,
    power_of,
)
from muscope.backend.domain.brought.finding import Finding, Severity
from muscope.backend.domain.brought.measured import MeasuredModel, TensorMeasures, TensorRow
from muscope.backend.domain.brought.roles import VECTORS, Powers, needed_powers
from muscope.backend.domain.spec.optimizer import OptimizerKind, UpdateFamily
from muscope.backend.domain.spec.tensor_role import TensorRole

TOLERANCE = 0.2
NEAR = 0.15  # between powers that name the same mistake
EPSILON_SHARE = 0.1
# Roles whose sizes nothing is asked of.
NO_RULE = (TensorRole.FIXED, TensorRole.UNKNOWN)


class TensorPowers(NamedTuple):
    """Measured and needed powers of one tensor."""

    row: TensorRow
    measures: TensorMeasures
    forward: float
    init: Power
    lr: Power
    decay: Power  # of LR times weight decay
    needed: Powers


def tensor_powers(model: MeasuredModel, row: TensorRow, measures: TensorMeasures) -> TensorPowers:
    """Return the powers of one tensor."""
    widths = model.widths
    forward = exact_power(widths, measures.multiplier) if measures.multiplier else 0.0
    known = entries_error(widths, [math.prod(shape) for shape in row.shapes])
    lr = power_of(widths, measures.step_lr)
    if not lr.is_known:
        lr = _exact(exact_power(widths, measures.group_lr))
    return TensorPowers(
        row,
        measures,
        forward,
        power_of(widths, measures.initial_rms, known),
        lr,
        _decay_power(model, measures),
        needed_powers(row.role, measures.optimizer or model.optimizer, forward, is_matrix=row.is_matrix),
    )


def _exact(value: float) -> Power:
    return Power(value, 0.0) if math.isfinite(value) else UNKNOWN


def _decay_power(model: MeasuredModel, measures: TensorMeasures) -> Power:
    """Return the power of LR times decay, by which a step shrinks a weight; unknown without decay."""
    if (measures.optimizer or model.optimizer).kind is OptimizerKind.ADAM:
        return UNKNOWN  # its decay is part of the gradient, whose size Adam takes away
    pairs = zip(measures.group_lr, measures.group_decay, strict=True)
    products = tuple(None if lr is None or decay is None else lr * decay for lr, decay in pairs)
    return _exact(exact_power(model.widths, products))


def init_p(tensor: TensorPowers) -> float:
    """Return the p value of a right initial size; a bias may vanish, it may not grow."""
    if tensor.row.role in NO_RULE:
        return 1.0
    return tensor.init.p_beyond(tensor.needed.init, TOLERANCE, only_above=tensor.row.role is TensorRole.BIAS)


def findings_of(model: MeasuredModel, tensor: TensorPowers, *, is_init_wrong: bool) -> list[Finding]:
    """Return what is wrong with one tensor."""
    row, measures = tensor.row, tensor.measures
    if row.role is TensorRole.UNKNOWN:
        return [_finding(f"question_{row.question or 'not_said'}", Severity.ASKED, tensor)]
    if not measures.is_trained:
        return [_finding("frozen", Severity.WARNING, tensor)]
    if min(measures.num_groups) != 1 or max(measures.num_groups) != 1:
        code = "in_no_group" if min(measures.num_groups) == 0 else "in_two_groups"
        return [_finding(code, Severity.WRONG, tensor)]
    if row.role in NO_RULE:
        return []
    return [
        *_size_findings(model, tensor, is_init_wrong=is_init_wrong),
        *_tied_findings(model, tensor),
        *_decay_findings(tensor),
    ]


def _size_findings(model: MeasuredModel, tensor: TensorPowers, *, is_init_wrong: bool) -> list[Finding]:
    """Return findings of init, LR, ε and the constant in front."""
    optimizer = tensor.measures.optimizer or model.optimizer
    per_power = 2.0 if optimizer.family is UpdateFamily.SGD else 1.0
    init_off = tensor.init.value - tensor.needed.init
    lr_off = tensor.lr.value - tensor.needed.lr
    if _epsilon_share(tensor) > EPSILON_SHARE:
        share = f"{_epsilon_share(tensor):.2g}"
        return [_finding("epsilon", Severity.WRONG, tensor).model_copy(update={"detail": share})]
    is_lr_wrong = tensor.lr.is_known and abs(lr_off) > TOLERANCE
    if is_init_wrong and is_lr_wrong and abs(lr_off - per_power * init_off) < NEAR:
        wanted = tensor.forward - init_off
        return [
            _finding(
                _multiplier_code(tensor.forward),
                Severity.WRONG,
                tensor,
                measured=tensor.forward,
                expected=wanted,
            )
        ]
    found = []
    if is_init_wrong:
        found.append(_power_finding("init", tensor, tensor.init.value, tensor.needed.init))
    if is_lr_wrong:
        found.append(_power_finding("lr", tensor, tensor.lr.value, tensor.needed.lr))
    return found


def _epsilon_share(tensor: TensorPowers) -> float:
    """Return ε over the median gradient at the largest width, least over the seeds."""
    return min((of_seed[-1] or 0.0 for of_seed in tensor.measures.epsilon_share), default=0.0)


def _multiplier_code(forward: float) -> str:
    if abs(forward) < NEAR:
        return "multiplier_missing"
    return "multiplier_sqrt" if abs(abs(forward) - 0.5) < NEAR else "multiplier_other"


def _power_finding(kind: str, tensor: TensorPowers, measured: float, expected: float) -> Finding:
    """Name the mistake by the pair of powers."""
    if abs(measured) < NEAR:
        code = f"{kind}_constant"
    elif abs(expected) < NEAR:
        code = f"{kind}_scaled"
    elif measured > expected:
        code = f"{kind}_falls_too_little"
    else:
        code = f"{kind}_falls_too_much"
    return _finding(code, Severity.WRONG, tensor, measured=measured, expected=expected)


def _tied_findings(model: MeasuredModel, tensor: TensorPowers) -> list[Finding]:
    """Return whether a tied output has its factor 1/m, for it cannot have an init and LR of its own."""
    if tensor.row.role is not TensorRole.TIED:
        return []
    power = exact_power(model.widths, tensor.measures.output_multiplier)
    if abs(power + 1) <= TOLERANCE:
        return []
    return [_finding("tied_multiplier", Severity.WRONG, tensor, measured=power, expected=-1.0)]


def _decay_findings(tensor: TensorPowers) -> list[Finding]:
    has_decay = any(decay for decay in tensor.measures.group_decay)
    if not has_decay:
        return []
    if tensor.row.role in VECTORS:
        return [_finding("decay_on_vector", Severity.WARNING, tensor)]
    needed = tensor.needed
    is_lr_right = tensor.lr.is_known and abs(tensor.lr.value - needed.lr) <= TOLERANCE
    if not tensor.decay.is_known or needed.decay is None or not is_lr_right:
        return []
    expected = needed.lr + needed.decay
    if abs(tensor.decay.value - expected) <= TOLERANCE:
        return []
    return [_finding("decay_power", Severity.WRONG, tensor, measured=tensor.decay.value, expected=expected)]


def _finding(
    code: str,
    severity: Severity,
    tensor: TensorPowers,
    *,
    measured: float | None = None,
    expected: float | None = None,
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        tensors=(tensor.row.name,),
        measured=measured,
        expected=expected,
        detail=tensor.row.role.value,
    )
