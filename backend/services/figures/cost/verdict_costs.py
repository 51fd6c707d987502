"""Contents of the figures of the cost of reuse: the verdicts' own numbers, none computed anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from muscope.backend.analysis.verdict.overall import deciding_scenario
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.experiment import base_size, sizes_under
from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import OF_TRAINING, Axis, Size
from muscope.backend.domain.verdict.verdict import (
    ArmVerdict,
    Estimate,
    Interval,
    LossStatistics,
    SizeStatistics,
    Verdict,
)
from muscope.backend.figures.cost.cost_axis import Unknown
from muscope.backend.figures.cost.cost_size import CostLine, CostPoint, CostSizeInfo, FarCost
from muscope.backend.figures.cost.scenario_costs import ScenarioCost, ScenarioCostsInfo
from muscope.backend.report.words.say import Words
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.figures.options import deciding_metric
from muscope.backend.services.figures.shown_runs import ShownRuns

VerdictOf = Callable[[Scenario], Verdict]


def cost_size_info(shown: ShownRuns, verdict: Verdict) -> CostSizeInfo:
    """Return the cost of every size of the judged arm and its control, on every loss they are judged on."""
    unit = shown.spec.cost_unit
    arms = [verdict.arm, *([] if verdict.control is None else [verdict.control])]
    lines = tuple(
        line for arm in arms if arm.parametrization in shown.arms for line in _lines(arm, verdict, shown)
    )
    axes = tuple(axis for axis in Axis if any(line.axis is axis for line in lines)) or (Axis.WIDTH,)
    first = deciding_metric(shown.spec)
    losses = sorted({line.loss for line in lines} or {first}, key=lambda loss: (loss != first, loss))
    sizes = {size for size in sizes_under(shown.spec, shown.scenario) if size.width in shown.widths}
    drawn = {point.size for line in lines for point in line.points}
    base = base_size(shown.spec)
    unknown = None if lines else _unknown(shown.evidence)
    planned = sizes if axes != (Axis.WIDTH,) else {size for size in sizes if size.depth == base.depth}
    return CostSizeInfo(
        tuple(losses), axes, base, tuple(sorted(planned | drawn | {base})), unit, lines,
        verdict.is_interim, unknown,
    )  # fmt: skip


def _lines(arm: ArmVerdict, verdict: Verdict, shown: ShownRuns) -> Iterator[CostLine]:
    unit, widths, base = shown.spec.cost_unit, shown.widths, base_size(shown.spec)
    for axis in Axis:
        on_axis = [size for size in arm.sizes if size.axis is axis and size.width in widths]
        for loss in dict.fromkeys(each.loss for size in on_axis for each in size.losses):
            pairs = [(size, each) for size in on_axis for each in size.losses if each.loss is loss]
            points = tuple(point for pair in pairs if (point := _point(*pair, verdict, unit)) is not None)
            if points:
                is_judged = arm is verdict.arm
                far = _far(verdict, axis, loss, base) if is_judged else None
                # A step up has one size, so that its cost stands at the width of that size.
                drawn = Axis.WIDTH if axis in OF_TRAINING else axis
                yield CostLine(arm.parametrization, loss, drawn, tuple(sorted(points)), far)


def _point(size: SizeStatistics, loss: LossStatistics, verdict: Verdict, unit: CostUnit) -> CostPoint | None:
    cost = loss.cost_in(unit)
    if cost.value is None:
        return None
    low, high, level = _ends(cost.interval)
    limit = loss.limit_in(unit, verdict.thresholds)
    return CostPoint(Size(size.width, size.depth), cost.value, low, high, level, limit)


def _ends(interval: Interval | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if interval is None else (interval.low, interval.high, interval.level)


def _far(verdict: Verdict, axis: Axis, loss: Metric, base: Size) -> FarCost | None:
    """Return what the verdict expects beyond the largest size, on the axis and loss that decide."""
    beyond, deciding = verdict.beyond, verdict.deciding
    if beyond is None or deciding is None or beyond.cost.value is None or deciding.loss is not loss:
        return None
    sizes = [size for size in verdict.arm.sizes if size.axis is axis]
    if not any((size.width, size.depth) == (deciding.width, deciding.depth) for size in sizes):
        return None
    largest = max(size.width * size.depth for size in sizes) / (base.width * base.depth)
    low, high, level = _ends(beyond.cost.interval)
    return FarCost(largest * 2.0**beyond.doublings, beyond.cost.value, low, high, level)


def _unknown(evidence: ExperimentEvidence) -> Unknown:
    spec = evidence.spec
    if len(spec.widths) * len(spec.depths) < 2:
        return Unknown.ONE_SIZE
    is_open = evidence.experiment.state in OPEN_EXPERIMENT_STATES
    return Unknown.WAITING if is_open else Unknown.NONE


def scenario_costs_info(
    evidence: ExperimentEvidence, verdict_of: VerdictOf, language: str
) -> ScenarioCostsInfo:
    """Return the cost and the answer of every scenario, in the order of the plan."""
    spec = evidence.spec
    words = Words(language, of_rank=spec.model.has_ranks)
    verdicts = {scenario: verdict_of(scenario) for scenario in spec.judged_scenarios}
    deciding = deciding_scenario({name: verdict.outcome for name, verdict in verdicts.items()})
    task = evidence.shape.task
    rows = tuple(
        _row(verdict, words, task, spec.cost_unit)._replace(decides=name == deciding)
        for name, verdict in verdicts.items()
    )
    is_known = any(row.cost is not None for row in rows)
    is_interim = any(verdict.is_interim for verdict in verdicts.values())
    unknown = None if is_known else _unknown(evidence)
    return ScenarioCostsInfo(rows, spec.cost_unit, is_interim, unknown)


def _row(verdict: Verdict, words: Words, task: Task, unit: CostUnit) -> ScenarioCost:
    """Return one scenario; a verdict of earlier rules names no deciding cost, so its largest size speaks."""
    row = ScenarioCost(words.scenario(verdict.scenario, task), verdict.outcome)
    sizes, deciding = verdict.arm.sizes, verdict.deciding
    if deciding is not None:
        is_it = (deciding.width, deciding.depth)
        axis = next((each.axis for each in sizes if (each.width, each.depth) == is_it), Axis.WIDTH)
        return _with(row, Size(*is_it), axis, deciding.cost, deciding.limit)
    known = [each for each in sizes if each.losses]
    largest = max(known, key=lambda each: each.width * each.depth, default=None)
    if largest is None:
        return row
    loss = largest.losses[0]
    limit = loss.limit_in(unit, verdict.thresholds)
    return _with(row, Size(largest.width, largest.depth), largest.axis, loss.cost_in(unit), limit)


def _with(row: ScenarioCost, size: Size, axis: Axis, cost: Estimate, limit: float) -> ScenarioCost:
    row = row._replace(size=size, axis=axis)
    if cost.value is None:
        return row
    low, high, level = _ends(cost.interval)
    return row._replace(cost=cost.value, low=low, high=high, level=level, limit=limit)
