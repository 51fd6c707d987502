"""Audits beyond the slopes of one tensor: attention, the scheduler, constants, factors, the recipe."""

from __future__ import annotations

import math
import statistics

from muscope.backend.analysis.model_check.powers import exact_power
from muscope.backend.analysis.model_check.tensors import NEAR, TOLERANCE, TensorPowers
from muscope.backend.domain.brought.finding import Finding, Severity
from muscope.backend.domain.brought.measured import MeasuredModel, TensorRow
from muscope.backend.domain.spec.tensor_role import TensorRole

_MATRICES = (TensorRole.HIDDEN, TensorRole.BOTTLENECK)
_LEAST_MATRICES = 3
_LEAST_DIMS_OF_CONVOLUTIONS = 3
# log2: most distance of a constant from √(fan-in/fan-out), and least distance of that from 1.
_SAME, _OTHER = 0.2, 0.35


def audit_model(model: MeasuredModel, tensors: list[TensorPowers]) -> list[Finding]:
    """Return the findings of every audit."""
    found = [*_attention(model), *_scheduler(model, tensors), *_fan_out(tensors), *_factors(model)]
    found += [
        Finding(
            code="recipe_disagrees",
            severity=Severity.WRONG,
            tensors=(name,),
            detail=f"{given} ≠ {inferred}",
        )
        for name, given, inferred in model.conflicts
    ]
    if not model.is_known_optimizer:
        found.append(Finding(code="optimizer_unknown", severity=Severity.ASKED, detail=model.optimizer_name))
    return found


def _attention(model: MeasuredModel) -> list[Finding]:
    """Judge the factor of q·k: 1/d where the size d of a head grows, constant where it does not."""
    found = []
    for site in model.attention:
        expected = -exact_power(model.widths, site.head_dim)
        measured = exact_power(model.widths, site.scale)
        if abs(measured - expected) > TOLERANCE:
            found.append(
                Finding(
                    code="attention_scale",
                    severity=Severity.WRONG,
                    tensors=site.tensors,
                    place=site.place,
                    measured=measured,
                    expected=expected,
                )
            )
    return found


def _scheduler(model: MeasuredModel, tensors: list[TensorPowers]) -> list[Finding]:
    """Find tensors whose LR has another power of the width after some event of the scheduler."""
    found = []
    for tensor in tensors:
        before = exact_power(model.widths, tensor.measures.group_lr)
        for event, lrs in enumerate(tensor.measures.scheduled_lr, start=1):
            after = exact_power(model.widths, lrs)
            if math.isfinite(before) and math.isfinite(after) and abs(after - before) > NEAR:
                found.append(
                    Finding(
                        code="scheduler_regroups",
                        severity=Severity.WRONG,
                        tensors=(tensor.row.name,),
                        measured=after,
                        expected=before,
                        detail=str(event),
                    )
                )
                break
    return found


def _fan_out(tensors: list[TensorPowers]) -> list[Finding]:
    """Find matrices whose constant, against the others', is that of an init by fan-out.

    No slope shows it: fan-in and fan-out grow alike. A convolution of the data counts among the others, for
    a network draws its convolutions by one rule; it is not judged, since an input may be of any size.
    """
    gains = {}
    for tensor in tensors:
        row, sizes = tensor.row, [of_seed[0] for of_seed in tensor.measures.initial_rms]
        if (
            (row.role in _MATRICES or _is_input_convolution(row))
            and row.fan_in
            and row.fan_out
            and all(sizes)
        ):
            gains[row.name] = math.log2(statistics.fmean(s or 0.0 for s in sizes) * math.sqrt(row.fan_in))
    if len(gains) < _LEAST_MATRICES:
        return []
    usual = statistics.median(gains.values())
    ratios = {
        tensor.row.name: 0.5 * math.log2(tensor.row.fan_in / tensor.row.fan_out)
        for tensor in tensors
        if tensor.row.name in gains and tensor.row.role in _MATRICES
    }
    return [
        Finding(code="fan_out", severity=Severity.WARNING, tensors=(name,))
        for name, ratio in ratios.items()
        if abs(ratio) > _OTHER and abs(gains[name] - usual - ratio) < _SAME
    ]


def _is_input_convolution(row: TensorRow) -> bool:
    return row.role is TensorRole.INPUT and len(row.shapes[0]) >= _LEAST_DIMS_OF_CONVOLUTIONS


def _factors(model: MeasuredModel) -> list[Finding]:
    """Ask about a factor that changes with the width and acts on several tensors at once."""
    found = []
    for site in model.factors:
        power = exact_power(model.widths, site.factor)
        if site.tensor is None and math.isfinite(power) and abs(power) > TOLERANCE:
            found.append(
                Finding(code="factor_unplaced", severity=Severity.ASKED, place=site.place, measured=power)
            )
    return found
