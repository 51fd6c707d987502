"""Figures of what a spec measures on request: what they read, and a clear refusal without it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.domain.spec.coordinates import Part
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import OptimizerSpec, ScheduleKind, ScheduleSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.errors import InvalidInput
from muscope.backend.figures.names import NEEDED, FigureName, figures_of
from muscope.backend.services.figures.cached_json import build_figure
from muscope.backend.services.figures.coordinates import coordinate_info
from muscope.backend.services.figures.density import density_info
from muscope.backend.services.figures.options import FigureOptions, SharpnessChoice
from muscope.backend.services.figures.shown_runs import shown_runs
from muscope.backend.services.figures.steps import Source, StepReader
from tests.backend.db.stores import add_experiment
from tests.backend.domain.specs import spec
from tests.backend.services.judged import evidence_of
from tests.backend.services.recorded import record, record_measures, value_of

MUP = Parametrization.MUP
SCHEDULED = OptimizerSpec(momentum=0.9, schedule=ScheduleSpec(kind=ScheduleKind.COSINE, warmup_fraction=0.3))
SPEC = spec(measures=tuple(Measure), optimizer=SCHEDULED)
STEPS = (0, 5, 10, 12)


@pytest.fixture
def experiment_id(database):
    """An experiment that measures everything and has recorded its narrow µP cell."""
    experiment_id, cell_ids = add_experiment(database, SPEC)
    record(database, cell_ids[0])
    record_measures(database, cell_ids[0])
    return experiment_id


def curve_of(context, experiment_id, source, **choice):
    """Return the only curve there is, at µP's LR 0.1."""
    options = FigureOptions(lr_index=0, **choice)
    with context.database.read() as session:
        shown = shown_runs(evidence_of(session, experiment_id), options)
        (curve,) = StepReader(shown, shown.cells, options).info(source).curves
    return curve


def density_of(context, experiment_id, **choice):
    options = FigureOptions(**{"lr_index": 0, **choice})
    with context.database.read() as session:
        shown = shown_runs(evidence_of(session, experiment_id), options)
        return density_info(shown, shown.cells, options)


def mean_of(metric: Metric, step: int) -> float:
    return sum(value_of(metric, 0.1, seed, 8, step) for seed in (0, 1)) / 2


def test_the_stability_ratio_takes_the_lr_of_the_step_and_the_optimizers_edge(context, experiment_id):
    curve = curve_of(context, experiment_id, Source(Metric.SHARPNESS, is_share_of_edge=True))

    # Warm-up over 4 of 12 steps, then half a cosine; the last step is judged by the one before it.
    factors = (1 / 4, (1 + math.cos(math.pi / 8)) / 2, *[(1 + math.cos(math.pi * t / 8)) / 2 for t in (6, 7)])
    kappa = 2 + 2 * 0.9
    expected = [
        0.1 * factor * mean_of(Metric.SHARPNESS, step) / kappa
        for step, factor in zip(STEPS, factors, strict=True)
    ]
    assert curve.mean.steps == STEPS
    assert curve.mean.values == pytest.approx(expected, rel=1e-6)


def test_eigenvalues_are_means_over_seeds_rank_by_rank(context, experiment_id):
    source = Source(Metric.HESSIAN_EIGENVALUES, is_mean_only=True, num_components=5)

    curve = curve_of(context, experiment_id, source)

    first = [mean_of(Metric.HESSIAN_EIGENVALUES, step) for step in STEPS]
    assert curve.mean.values == pytest.approx(first, rel=1e-6)
    assert [line.values for line in curve.others] == [
        pytest.approx([value / rank for value in first], rel=1e-6) for rank in (2, 3, 4, 5)
    ]
    assert curve.low == curve.high == curve.mean
    assert curve_of(context, experiment_id, source._replace(num_components=1)).others == ()


def test_the_band_of_the_trace_is_the_standard_error_of_the_mean(context, experiment_id):
    curve = curve_of(context, experiment_id, Source(Metric.HESSIAN_TRACE, Metric.HESSIAN_TRACE_ERROR))

    errors = [value_of(Metric.HESSIAN_TRACE_ERROR, 0.1, seed, 8, 5) for seed in (0, 1)]
    half = math.hypot(*errors) / 2
    linear = curve_of(
        context, experiment_id, Source(Metric.HESSIAN_TRACE, Metric.HESSIAN_TRACE_ERROR), y_scale="linear"
    )
    assert curve.mean.values[1] == pytest.approx(mean_of(Metric.HESSIAN_TRACE, 5), rel=1e-6)
    assert linear.high.values[1] - linear.mean.values[1] == pytest.approx(half, rel=1e-5)
    assert linear.mean.values[1] - linear.low.values[1] == pytest.approx(half, rel=1e-5)


@pytest.mark.parametrize(
    ("wanted", "step"), [(None, 12), (12, 12), (11, 10), (10, 10), (4, 0), (0, 0), (99, 12)]
)
def test_the_density_is_of_the_last_measurement_up_to_the_chosen_step(context, experiment_id, wanted, step):
    info = density_of(context, experiment_id, step=wanted)

    (curve,) = info.curves
    first = mean_of(Metric.HESSIAN_DENSITY, step)
    assert info.step == step
    assert curve.shares == pytest.approx(first / np.arange(1, 65), rel=1e-6)
    assert (curve.num_seeds, info.edges) == (2, SPEC.density_grid.edges())


def test_the_density_of_a_diverged_seed_is_left_out(context, experiment_id):
    (curve,) = density_of(context, experiment_id, lr_index=1).curves

    assert curve.num_seeds == 1
    assert curve.shares[0] == pytest.approx(value_of(Metric.HESSIAN_DENSITY, 0.2, 0, 8, 12), rel=1e-6)


def test_the_density_without_a_choice_is_at_a_step_that_every_started_width_has(context, database):
    other, cell_ids = add_experiment(database, SPEC)
    for cell_id, until in zip(cell_ids, (12, 7), strict=False):
        record(database, cell_id, until=until)
        record_measures(database, cell_id)

    info = density_of(context, other)

    assert info.step == 5
    assert [curve.width for curve in info.curves] == [8, 16]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", NEEDED)
def test_a_measured_figure_is_drawn(context, experiment_id, name, language):
    view = build_figure(context, LOCAL_OWNER, experiment_id, name, language, FigureOptions())

    content = json.loads(view.json_bytes())
    assert any(x is not None for trace in content["figure"]["data"] for x in trace["x"])
    assert content["meta"]["title"] == content["figure"]["layout"]["title"]["text"]
    assert (content["meta"]["step"] == 12) is (name is FigureName.DENSITY)
    below = {"ntp": 0.05} if name is FigureName.COORDINATE_CHECK else {}  # as far below as the grid goes
    assert content["meta"]["lr"] == {"mup": 0.1, "ntp": 0.1} | below


def test_the_raw_sharpness_is_another_choice_of_the_sharpness_figure(context, experiment_id):
    options = FigureOptions(sharpness=SharpnessChoice.RAW)

    view = build_figure(context, LOCAL_OWNER, experiment_id, FigureName.SHARPNESS, "en", options)

    layout = json.loads(view.json_bytes())["figure"]["layout"]
    assert layout["title"]["text"] == "Raw sharpness during training"
    assert "shapes" not in layout  # the edge of stability is no edge of it


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *((name, FigureOptions()) for name in NEEDED),
        (FigureName.SHARPNESS, FigureOptions(sharpness=SharpnessChoice.RAW)),
    ],
)
def test_what_was_not_measured_is_refused_by_name(context, database, name, options):
    experiment_id, _ = add_experiment(database)

    with pytest.raises(InvalidInput, match=r"figure\.not_measured"):
        build_figure(context, LOCAL_OWNER, experiment_id, name, "en", options)


def test_an_experiment_has_the_figures_of_what_it_measures():
    always = (
        FigureName.LR_LOSS,
        FigureName.SHARPNESS,
        FigureName.LOSS,
        FigureName.OPTIMUM_SIZE,
        FigureName.COST_SIZE,
        FigureName.LOSS_COMPUTE,
        FigureName.PREDICTED_SECONDS,
        FigureName.RUN_GRID,
        FigureName.SHARPNESS_SPREAD,
        FigureName.STABILITY,
    )

    assert figures_of(()) == always
    assert figures_of((Measure.RAW_SHARPNESS,)) == always
    assert figures_of((Measure.NTK,)) == (*always, FigureName.NTK_HESSIAN)
    assert figures_of((), num_scenarios=2) == (*always[:5], FigureName.SCENARIO_COSTS, *always[5:])
    assert figures_of(tuple(Measure), num_scenarios=2) == tuple(FigureName)


def test_a_coordinate_check_shows_each_part_over_widths_and_what_theory_expects(context, experiment_id):
    with context.database.read() as session:
        shown = shown_runs(evidence_of(session, experiment_id), FigureOptions(lr_index=0))
        info = coordinate_info(shown, shown.cells)

    lines = {(line.part, line.num_updates): line for line in info.lines}
    first = mean_of(Metric.COORDINATE_CHANGE, 0)
    assert set(lines) == {(part, num_updates) for part in Part for num_updates in (1, 3)}
    for index, part in enumerate(Part):
        assert lines[part, 1].means == pytest.approx([first / (3 * index + 1)], rel=1e-6)
        assert lines[part, 3].means == pytest.approx([first / (3 * index + 3)], rel=1e-6)
    assert {line.widths for line in info.lines} == {(8,)}
    assert lines[Part.HIDDEN, 3].expected_slope == 0.0
    assert info.columns[0].lr == 0.1
