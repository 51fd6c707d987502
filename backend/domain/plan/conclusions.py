"""Conclusions a plan allows once it has run, as catalogue keys `conclusion.<code>`."""

from __future__ import annotations

from collections.abc import Iterator

from muscope.backend.domain.spec.experiment import ExperimentSpec, axes_of, base_size
from muscope.backend.domain.spec.scenario import ScenarioKind
from muscope.backend.domain.spec.size import Axis
from muscope.backend.domain.verdict.verdict import Reason


def conclusions(spec: ExperimentSpec) -> tuple[Reason, ...]:
    """Return the conclusions the plan allows, the most important first."""
    return tuple(_conclusions(spec))


def _conclusions(spec: ExperimentSpec) -> Iterator[Reason]:
    limits, seeds = spec.thresholds, len(spec.seeds)
    base, target = base_size(spec).width, max(spec.widths)
    lrs = min(len(arm.lrs) for arm in spec.arms)
    is_short = len(spec.widths) < limits.min_widths or target < limits.min_width_span * base
    if seeds < limits.min_seeds or is_short or lrs < limits.min_lrs:
        yield Reason(code="cannot_confirm")
    elif seeds < limits.full_seeds:
        yield Reason(code="provisional", params={"seeds": seeds})
    else:
        yield Reason(code="answer", params={"seeds": seeds})
    if spec.settle is not None:
        yield Reason(code="settles", params={"seeds": spec.settle.max_seeds, "factor": spec.settle.max_work})
    code = "ranks" if spec.model.has_ranks else "sizes"
    yield Reason(code=code, params={"base": base, "target": target, "factor": round(target / base, 2)})
    if Axis.DEPTH in axes_of(spec):
        yield Reason(code="depths", params={"base": min(spec.depths), "target": max(spec.depths)})
    if len(spec.judged_scenarios) > 1:
        yield Reason(code="conditions", params={"count": len(spec.judged_scenarios)})
    horizons = [each.number for each in spec.scenarios if each.kind is ScenarioKind.HORIZON]
    if horizons:
        yield Reason(code="longer", params={"factor": int(max(horizons))})
