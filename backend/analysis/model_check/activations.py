"""Activations: how their size at the start and their change depend on width, in the order of the pass.

Flat is not right: an output starts like width^-½ or at 0 and everything before it is flat. Judged only where
nothing else was found, as a net below the tensors' own powers; what is named is the first part that is off,
since later ones inherit it.
"""

from __future__ import annotations

import numpy as np

from muscope.backend.analysis.model_check.powers import Power, holm, power_of
from muscope.backend.domain.brought.finding import Finding, Severity
from muscope.backend.domain.brought.measured import ActivationMeasures, BySeed, MeasuredModel
from muscope.backend.domain.spec.tensor_role import TensorRole

LEVEL = 0.05
# Correct finite networks change a little less with width: measured -0.02 to -0.12, outputs to -0.25.
_START_TOLERANCE, _ABOVE, _BELOW = 0.3, 0.3, 0.7
_OUTPUTS = (TensorRole.OUTPUT, TensorRole.TIED, TensorRole.FIXED)


def judge_activations(model: MeasuredModel) -> list[Finding]:
    """Return the first part whose size at the start, or whose first change, is off; none if all are right."""
    roles = {row.name: row.role for row in model.rows}
    pooled = _pooled_error(model)
    p_values, powers = [], []
    for part in model.activations:
        is_output = roles[part.tensor] in _OUTPUTS
        start = power_of(model.widths, part.initial, pooled)
        change = power_of(model.widths, part.first_change, pooled)
        p_values.append(start.p_beyond(0.0, _START_TOLERANCE, only_above=is_output))
        p_values.append(_p_of_change(change, is_output=is_output))
        powers += [start, change]
    for index, is_off in enumerate(holm(p_values, LEVEL)):
        if is_off:
            return [_finding(model.activations[index // 2], powers[index], is_start=index % 2 == 0)]
    return []


def _p_of_change(change: Power, *, is_output: bool) -> float:
    above = change.p_beyond(0.0, _ABOVE, only_above=True)
    if is_output:
        return above
    return min(above, Power(-change.value, change.error).p_beyond(0.0, _BELOW, only_above=True))


def _pooled_error(model: MeasuredModel) -> float:
    """Return the root mean square over all parts of one seed's error of a power."""
    errors = []
    for part in model.activations:
        for values in (part.initial, part.first_change):
            power = power_of(model.widths, values)
            if power.is_known:
                errors.append(power.error * _num_seeds(values) ** 0.5)
    return float(np.sqrt(np.mean(np.square(errors)))) if errors else 0.0


def _num_seeds(values: BySeed) -> int:
    return len(values)


def _finding(part: ActivationMeasures, power: Power, *, is_start: bool) -> Finding:
    return Finding(
        code="activation_start" if is_start else "activation_change",
        severity=Severity.WRONG,
        tensors=(part.tensor,),
        measured=power.value,
        expected=0.0,
    )
