"""Figures of compute and time from stored values: flops by a formula of their own, seconds of the cells."""

from __future__ import annotations

import pytest

from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.cost.effort import Sized
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Size
from muscope.backend.figures.cost.loss_compute import Rate
from muscope.backend.figures.cost.predicted_seconds import PredictedInfo, TimedPart
from muscope.backend.services.figures.cost.compute import loss_compute_info
from muscope.backend.services.figures.cost.predicted import predicted_info
from muscope.backend.services.figures.options import FigureOptions
from muscope.backend.services.figures.shown_runs import shown_runs
from tests.backend.db.stores import add_experiment, change_cell
from tests.backend.services.judged import WIDE, evidence_of, finish

MUP, NTP = Parametrization.MUP, Parametrization.NTP


@pytest.fixture
def cell_ids(database):
    """Cells of a finished experiment, in the order of the grid."""
    _, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids:
        finish(database, cell_id)
    return cell_ids


def compute(context, experiment_id, **choices):
    with context.database.read() as session:
        options = FigureOptions(**choices)
        shown = shown_runs(evidence_of(session, experiment_id), options)
        return loss_compute_info(shown, shown.cells, options)[0]


def times(context, experiment_id):
    with context.database.read() as session:
        return predicted_info(evidence_of(session, experiment_id).cells)


def experiment_of(context, cell_id):
    with context.database.read() as session:
        return session.get_one(CellRow, cell_id).experiment_id


def test_a_training_step_is_three_passes_without_the_gradient_of_the_data():
    """Two matrix products a layer backward, one forward; each weight is a multiplication and an addition."""
    dims = DataDims(num_features=5, num_outputs=3)
    model = ResidualMLP()

    weights = 5 * 8 + 2 * 8 * 8 + 8 * 3
    assert Sized(model, dims, 8, 2).training_flops(10) == 10 * (3 * 2 * weights - 2 * 5 * 8)


@pytest.mark.slow
def test_every_size_is_shown_at_its_best_rate_and_at_the_reused_one(context, cell_ids):
    info = compute(context, experiment_of(context, cell_ids[0]))

    assert (info.parametrization, info.reused_lr) == (MUP, 2.0**-3)
    assert [(each.rate, each.curve.width, each.lr) for each in info.curves] == [
        (rate, width, 2.0**-3) for rate in Rate for width in WIDE.widths
    ]


@pytest.mark.slow
def test_the_best_rate_of_an_arm_that_does_not_transfer_moves_and_the_reused_one_stays(context, cell_ids):
    info = compute(context, experiment_of(context, cell_ids[0]), parametrization=(NTP,))

    assert [each.lr for each in info.of(Rate.BEST)] == [2.0**-3, 2.0**-4, 2.0**-5, 2.0**-6]
    assert {each.lr for each in info.of(Rate.REUSED)} == {2.0**-3}


@pytest.mark.slow
def test_curves_end_at_the_flops_of_the_whole_training_and_have_no_first_step(context, cell_ids):
    experiment_id = experiment_of(context, cell_ids[0])
    with context.database.read() as session:
        dims = evidence_of(session, experiment_id).shape.dims

    for each in compute(context, experiment_id).curves:
        per_step = Sized(WIDE.model, dims, each.curve.width, 2).training_flops(WIDE.batch_size)
        assert each.curve.mean.steps[0] > 0
        assert each.curve.mean.steps[-1] == round(per_step * WIDE.num_steps)


def test_before_the_base_has_ended_there_is_no_reused_rate(context, database):
    experiment_id, _ = add_experiment(database, WIDE)

    info = compute(context, experiment_id)

    assert (info.reused_lr, info.curves) == (None, ())


def test_times_are_the_stored_seconds_of_ended_cells_by_stage_arm_and_size(context, database):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    states = [
        {"state": CellState.COMPLETED, "predicted_seconds": 2.0, "spent_seconds": 3.0, "stage": 0},
        {"state": CellState.RUNNING, "spent_seconds": 1.0},
        {"state": CellState.CANCELLED, "spent_seconds": 1.0},
    ]
    for cell_id, changes in zip(cell_ids, states, strict=False):
        change_cell(database, cell_id, **changes)

    info = times(context, experiment_id)

    sizes = tuple(Size(width, 2) for width in WIDE.widths)
    assert info == PredictedInfo(
        (MUP, NTP), sizes, (TimedPart(MUP, sizes[0], 0, 2.0, 3.0, 1),), ((MUP, sizes[1]),),
        len(cell_ids) - 3, 1,
    )  # fmt: skip


def test_cells_without_a_stored_prediction_are_left_out(context, database):
    """Cells of an experiment that was brought along have none, and a mark at zero has no place."""
    experiment_id, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids:
        change_cell(database, cell_id, state=CellState.COMPLETED, predicted_seconds=0.0, spent_seconds=1.0)

    assert times(context, experiment_id).parts == ()
