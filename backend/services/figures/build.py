"""Construction of figures: reads one consistent state, computes with `analysis`, draws with `figures`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.spec.metrics import NUM_EIGENVALUES, Metric
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.backend.figures.coordinate_check import coordinate_figure
from muscope.backend.figures.cost.cost_size import cost_size_figure
from muscope.backend.figures.cost.loss_compute import loss_compute_figure
from muscope.backend.figures.cost.predicted_seconds import predicted_seconds_figure
from muscope.backend.figures.cost.scenario_costs import scenario_costs_figure
from muscope.backend.figures.cost.tables import (
    cost_size_table,
    loss_compute_table,
    predicted_table,
    scenario_costs_table,
)
from muscope.backend.figures.density import density_figure
from muscope.backend.figures.encode import to_json
from muscope.backend.figures.layout import axis_names
from muscope.backend.figures.lr_loss import lr_loss_figure
from muscope.backend.figures.names import Band, FigureName, Sampling
from muscope.backend.figures.optimum_size import optimum_size_figure
from muscope.backend.figures.run_grid import run_grid_figure
from muscope.backend.figures.sharpness_spread import sharpness_spread_figure
from muscope.backend.figures.steps.loss import loss_figure
from muscope.backend.figures.steps.sharpness import raw_sharpness_figure, sharpness_figure
from muscope.backend.figures.steps.spectrum import spectrum_figure
from muscope.backend.figures.steps.stability import stability_figure
from muscope.backend.figures.steps.step_curves import Column, StepInfo
from muscope.backend.figures.steps.step_pairs import curvature_split_figure, ntk_hessian_figure
from muscope.backend.figures.steps.trace import trace_figure
from muscope.backend.figures.tables import (
    FigureTable,
    coordinate_table,
    density_table,
    lr_loss_table,
    optimum_table,
    step_table,
)
from muscope.backend.figures.theme import Style, YScale
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.figures.coordinates import coordinate_info
from muscope.backend.services.figures.cost.compute import loss_compute_info
from muscope.backend.services.figures.cost.predicted import predicted_info
from muscope.backend.services.figures.cost.verdict_costs import cost_size_info, scenario_costs_info
from muscope.backend.services.figures.density import density_info
from muscope.backend.services.figures.options import FigureOptions, SharpnessChoice
from muscope.backend.services.figures.shown_rate import at_rate_with_values, sizes_by_rate
from muscope.backend.services.figures.shown_runs import ShownRuns, shown_runs
from muscope.backend.services.figures.sizes import optimum_info, spread_info
from muscope.backend.services.figures.steps import Count, Source, StepReader
from muscope.backend.services.verdicts.judging import shown_verdict


class Asked(NamedTuple):
    """Request for a figure: the runs and the options."""

    context: Context
    shown: ShownRuns
    cells: Sequence[CellRow]
    options: FigureOptions
    style: Style
    is_brief: bool = False

    def read(self, *sources: Source) -> tuple[StepInfo, Count]:
        """Return curves over steps, one row per source, and the number of their points."""
        reader = StepReader(self.at_rate_of(sources[0].metric), self.cells, self.options)
        return reader.info(*sources), reader.count

    def verdict_of(self, scenario: Scenario) -> Verdict:
        """Return the verdict that the card of a scenario shows."""
        return shown_verdict(self.context, self.shown.evidence, scenario)

    def at_rate_of(self, metric: Metric) -> ShownRuns:
        """Return the runs at the chosen LR, else at one at which the metric has values of most sizes."""
        return at_rate_with_values(self.shown, self.cells, metric)


class Drawn(NamedTuple):
    """Figure with its meta data; without columns it shows all LRs."""

    figure: Any
    num_points: Count
    num_hidden: int
    columns: Sequence[Column] = ()
    step: int | None = None
    lrs_with_values: Sequence[int] = ()
    table: Callable[[], FigureTable] = FigureTable.empty


def figure_json(
    context: Context, evidence: ExperimentEvidence, name: FigureName, language: str, options: FigureOptions
) -> bytes:
    """Return `{"figure": …, "meta": …}` of the stored values."""
    asked = _asked(context, evidence, language, options)
    shown, cells, style = asked.shown, asked.cells, asked.style
    drawn = KINDS[name].draw(asked)
    points = drawn.num_points
    meta = {
        "title": drawn.figure.layout.title.text,
        "description": style.say(f"{name}.description"),
        "lr": {column.parametrization: column.lr for column in drawn.columns},
        "lr_index": shown.lr_index if drawn.columns else None,
        "lrs_with_values": drawn.lrs_with_values,
        "step": drawn.step,
        "n_raw": points.raw,
        "n_returned": points.returned,
        "method": Sampling.ALL if points.raw == points.returned else Sampling.FIRST_MIN_MAX_LAST,
        "n_hidden": drawn.num_hidden,
        "band": KINDS[name].band,
        "committed": _committed(cells),
    }
    return to_json(drawn.figure, meta)


def figure_table(
    context: Context,
    evidence: ExperimentEvidence,
    name: FigureName,
    language: str,
    options: FigureOptions,
    *,
    is_brief: bool,
) -> tuple[str, FigureTable]:
    """Return the title of a figure and the numbers that it draws."""
    drawn = KINDS[name].draw(_asked(context, evidence, language, options)._replace(is_brief=is_brief))
    return drawn.figure.layout.title.text, drawn.table()


def _asked(context: Context, evidence: ExperimentEvidence, language: str, options: FigureOptions) -> Asked:
    shown = shown_runs(evidence, options)
    cells = [cell for cell in shown.cells if cell.parametrization in shown.arms]
    of_rank = evidence.spec.model.has_ranks
    style = Style(language, options.mode, options.y_scale, options.x_scale, of_rank=of_rank)
    return Asked(context, shown, cells, options, style)


def _committed(cells: Sequence[CellRow]) -> dict[str, dict[int, int]]:
    committed: dict[str, dict[int, int]] = {}
    for cell in cells:
        of_arm = committed.setdefault(cell.parametrization, {})
        of_arm[cell.width] = min(cell.committed_step, of_arm.get(cell.width, cell.committed_step))
    return committed


def _lr_loss(asked: Asked) -> Drawn:
    info = asked.shown.info(asked.style.y_scale)
    num_points = sum(len(curve.points) for curve in info.curves)
    figure, count = lr_loss_figure(info, asked.style), Count(num_points, num_points)
    return Drawn(figure, count, info.num_hidden, table=lambda: lr_loss_table(info, asked.style))


def _run_grid(asked: Asked) -> Drawn:
    info = asked.shown.info(YScale.LINEAR)  # a grid has no axis of losses that could hide one
    num_points = sum(len(curve.points) for curve in info.curves)
    figure, count = run_grid_figure(info, asked.style), Count(num_points, num_points)
    return Drawn(figure, count, 0, table=lambda: lr_loss_table(info, asked.style))


def _loss(asked: Asked) -> Drawn:
    metric, loss = asked.shown.metric, asked.shown.spec.loss
    return _over_steps(lambda info, style: loss_figure(info, metric, loss, style), Source(metric))(asked)


def _sharpness(asked: Asked) -> Drawn:
    if asked.options.sharpness is SharpnessChoice.RAW:
        return _over_steps(raw_sharpness_figure, Source(Metric.RAW_SHARPNESS))(asked)
    return _over_steps(sharpness_figure, Source(Metric.SHARPNESS))(asked)


def _density(asked: Asked) -> Drawn:
    info = density_info(asked.at_rate_of(Metric.HESSIAN_DENSITY), asked.cells, asked.options)
    num_bins = sum(len(curve.shares) for curve in info.curves)
    figure = density_figure(info, asked.style)
    return Drawn(
        figure, Count(num_bins, num_bins), 0, info.columns, info.step,
        table=lambda: density_table(info, asked.style),
    )  # fmt: skip


def _coordinates(asked: Asked) -> Drawn:
    info = coordinate_info(asked.shown, asked.cells)
    num_points = sum(len(line.means) for line in info.lines)
    figure, count = coordinate_figure(info, asked.style), Count(num_points, num_points)
    return Drawn(figure, count, 0, info.columns, table=lambda: coordinate_table(info, asked.style))


def _optimum_size(asked: Asked) -> Drawn:
    info = optimum_info(asked.shown)
    num_points = sum(len(line.points) for line in info.lines)
    figure, count = optimum_size_figure(info, asked.style), Count(num_points, num_points)
    return Drawn(figure, count, 0, table=lambda: optimum_table(info, asked.style))


def _cost_size(asked: Asked) -> Drawn:
    info = cost_size_info(asked.shown, asked.verdict_of(asked.shown.scenario))
    num_points = sum(len(line.points) for line in info.lines)
    figure, count = cost_size_figure(info, asked.style), Count(num_points, num_points)
    return Drawn(figure, count, 0, table=lambda: cost_size_table(info, asked.style))


def _loss_compute(asked: Asked) -> Drawn:
    info, count = loss_compute_info(asked.shown, asked.cells, asked.options)
    figure = loss_compute_figure(info, asked.style)
    return Drawn(
        figure, count, 0, table=lambda: loss_compute_table(info, asked.style, is_brief=asked.is_brief)
    )


def _predicted_seconds(asked: Asked) -> Drawn:
    info = predicted_info(asked.shown.evidence.cells)
    figure, count = predicted_seconds_figure(info, asked.style), Count(len(info.parts), len(info.parts))
    return Drawn(figure, count, 0, table=lambda: predicted_table(info, asked.style))


def _scenario_costs(asked: Asked) -> Drawn:
    info = scenario_costs_info(asked.shown.evidence, asked.verdict_of, asked.style.language)
    count = Count(len(info.scenarios), len(info.scenarios))
    figure = scenario_costs_figure(info, asked.style)
    return Drawn(figure, count, 0, table=lambda: scenario_costs_table(info, asked.style))


def _sharpness_spread(asked: Asked) -> Drawn:
    info = spread_info(asked.shown, asked.options)
    num_points = sum(len(curve.mean.values) for curve in info.steps.curves)
    figure = sharpness_spread_figure(info, asked.style)
    extent = "depth" if info.is_depth else "width"
    axes = [asked.style.say("axis.sharpness_spread")]
    return Drawn(
        figure, Count(num_points, num_points), 0, info.steps.columns,
        table=lambda: step_table(
            info.steps, axes, asked.style, is_brief=asked.is_brief, extent=extent
        ),
    )  # fmt: skip


def _over_steps(draw: Callable[[StepInfo, Style], Any], *sources: Source) -> Callable[[Asked], Drawn]:
    """Return the builder of a figure over steps: one row per source."""

    def drawer(asked: Asked) -> Drawn:
        info, count = asked.read(*sources)
        counts = sizes_by_rate(asked.shown, asked.cells, sources[0].metric)
        filled = [index for index, number in enumerate(counts) if number]
        figure = draw(info, asked.style)
        axes = [figure.layout[_y_axis(row, info)].title.text for row in range(len(sources))]
        return Drawn(
            figure, count, info.num_hidden, info.columns, lrs_with_values=filled,
            table=lambda: step_table(info, axes, asked.style, is_brief=asked.is_brief),
        )  # fmt: skip

    return drawer


def _y_axis(row: int, info: StepInfo) -> str:
    """Return the layout's name of the vertical axis of a row's first panel."""
    return f"yaxis{axis_names(row * len(info.columns))[1][1:]}"


def _mean(metric: Metric) -> Source:
    return Source(metric, is_mean_only=True)


class FigureKind(NamedTuple):
    """Reader and drawer of a figure, and the kind of its shaded area."""

    draw: Callable[[Asked], Drawn]
    band: Band = Band.MIN_MAX


# The measure that a figure needs stands in `figures.names`, which loads no Plotly.
KINDS: dict[FigureName, FigureKind] = {
    FigureName.LR_LOSS: FigureKind(_lr_loss),
    FigureName.RUN_GRID: FigureKind(_run_grid, Band.NONE),
    FigureName.SHARPNESS: FigureKind(_sharpness),
    FigureName.LOSS: FigureKind(_loss),
    FigureName.STABILITY: FigureKind(
        _over_steps(stability_figure, Source(Metric.SHARPNESS, is_share_of_edge=True))
    ),
    FigureName.NTK_HESSIAN: FigureKind(
        _over_steps(ntk_hessian_figure, _mean(Metric.NTK_EIGENVALUES), _mean(Metric.SHARPNESS)), Band.NONE
    ),
    FigureName.SPECTRUM: FigureKind(
        _over_steps(
            spectrum_figure,
            Source(Metric.HESSIAN_EIGENVALUES, is_mean_only=True, num_components=NUM_EIGENVALUES),
        ),
        Band.NONE,
    ),
    FigureName.CURVATURE_SPLIT: FigureKind(
        _over_steps(
            curvature_split_figure, _mean(Metric.GAUSS_NEWTON_SHARPNESS), _mean(Metric.RESIDUAL_SHARPNESS)
        ),
        Band.NONE,
    ),
    FigureName.TRACE: FigureKind(
        _over_steps(trace_figure, Source(Metric.HESSIAN_TRACE, Metric.HESSIAN_TRACE_ERROR)),
        Band.STANDARD_ERROR,
    ),
    FigureName.DENSITY: FigureKind(_density, Band.NONE),
    FigureName.COORDINATE_CHECK: FigureKind(_coordinates, Band.NONE),
    FigureName.OPTIMUM_SIZE: FigureKind(_optimum_size, Band.INTERVAL),
    FigureName.COST_SIZE: FigureKind(_cost_size, Band.INTERVAL),
    FigureName.LOSS_COMPUTE: FigureKind(_loss_compute),
    FigureName.PREDICTED_SECONDS: FigureKind(_predicted_seconds, Band.NONE),
    FigureName.SCENARIO_COSTS: FigureKind(_scenario_costs, Band.INTERVAL),
    FigureName.SHARPNESS_SPREAD: FigureKind(_sharpness_spread),
}
