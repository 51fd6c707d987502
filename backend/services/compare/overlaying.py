"""Contents of the figures of compared experiments: the judged arm at its smallest and largest size."""

from __future__ import annotations

from collections.abc import Sequence

from muscope.backend.domain.spec.experiment import chosen_arm
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.figures.compare.names import CompareFigure
from muscope.backend.figures.compare.overlay import OverlayCurve, OverlayInfo
from muscope.backend.figures.theme import YScale
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.figures.options import FigureOptions, deciding_metric
from muscope.backend.services.figures.shown_rate import at_rate_with_values
from muscope.backend.services.figures.shown_runs import ShownRuns, shown_runs
from muscope.backend.services.figures.steps import Source, StepReader


def overlay_info(all_evidence: Sequence[ExperimentEvidence], name: CompareFigure) -> OverlayInfo:
    """Return the curves of every experiment, at the LR it reuses, on the loss it is judged on."""
    specs = [evidence.spec for evidence in all_evidence]
    losses = dict.fromkeys((deciding_metric(spec), spec.loss) for spec in specs)
    curves = [
        curve
        for number, evidence in enumerate(all_evidence)
        for curve in _ends(_curves(evidence, name, number))
    ]
    return OverlayInfo(
        name,
        tuple(curves),
        tuple(losses),
        len({spec.dataset_sha256 for spec in specs}) == 1,
        max(spec.num_steps for spec in specs),
        frozenset(number for number, spec in enumerate(specs) if spec.model.has_ranks),
    )


def _curves(evidence: ExperimentEvidence, name: CompareFigure, number: int) -> list[OverlayCurve]:
    """Return the curves of all widths with values, small to large."""
    options = FigureOptions(parametrization=(chosen_arm(evidence.spec),), y_scale=YScale.LINEAR)
    shown = shown_runs(evidence, options)
    if name is CompareFigure.LR_LOSS:
        return _over_lrs(shown, number)
    metric = shown.metric if name is CompareFigure.LOSS else Metric.SHARPNESS
    cells = [cell for cell in shown.cells if cell.parametrization in shown.arms]
    reader = StepReader(at_rate_with_values(shown, cells, metric), cells, options)
    found = reader.info(Source(metric, is_mean_only=True)).curves
    return [OverlayCurve(number, each.width, False, each.mean.steps, each.mean.values) for each in found]


def _over_lrs(shown: ShownRuns, number: int) -> list[OverlayCurve]:
    return [
        OverlayCurve(
            number,
            curve.width,
            False,
            tuple(point.lr for point in curve.points),
            tuple(point.mean for point in curve.points),
            None if curve.optimum is None else (curve.optimum.lr, curve.optimum.loss),
        )
        for curve in shown.info(YScale.LINEAR).curves
    ]


def _ends(curves: Sequence[OverlayCurve]) -> list[OverlayCurve]:
    """Return the smallest size, marked as the base, and the largest one."""
    if not curves:
        return []
    ordered = sorted(curves, key=lambda curve: curve.width)
    largest = [ordered[-1]] if len(ordered) > 1 else []
    return [ordered[0]._replace(is_base=True), *largest]
