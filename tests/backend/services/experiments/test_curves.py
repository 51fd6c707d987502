import math

import numpy as np
import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.services.experiments import curves
from muscope.backend.services.experiments.cells import get_cell, list_cells
from muscope.backend.services.marks import read_marks
from muscope.backend.services.runs.listing import list_runs
from tests.backend.db.stores import add_experiment, cell_row, change_cell
from tests.backend.domain.specs import SPEC
from tests.backend.services.recorded import DIVERGES_AT, record, record_components, value_of


@pytest.fixture
def cell_id(database):
    """Return a cell of 12 steps, measured every 5, in windows of 4, wholly recorded."""
    cell_id = add_experiment(database)[1][0]
    record(database, cell_id)
    return cell_id


def _read(context, cell_id, metric=Metric.TRAIN_LOSS, after=-1):
    return curves.read_curve(context, LOCAL_OWNER, cell_id, metric, after=after)


def test_a_curve_holds_every_value_unsampled(context, cell_id):
    curve = _read(context, cell_id)

    assert curve.steps == tuple(range(13))
    assert (curve.lrs, curve.seeds) == ((0.1, 0.1, 0.2, 0.2), (0, 1, 0, 1))
    runs = list(zip(curve.lrs, curve.seeds, strict=True))
    expected = [[value_of(Metric.TRAIN_LOSS, *run, 8, step) for run in runs] for step in range(13)]
    given = [[math.nan if value is None else value for value in row] for row in curve.values]
    np.testing.assert_array_equal(given, np.array(expected, np.float32))


def test_a_diverged_run_is_null_from_there_on_and_the_others_go_on(context, cell_id):
    values = _read(context, cell_id).values

    assert [row[3] is None for row in values] == [step >= DIVERGES_AT for step in range(13)]
    assert not any(value is None for row in values for value in row[:3])


@pytest.mark.parametrize("after", range(-1, 14))
@pytest.mark.parametrize("metric", [Metric.TRAIN_LOSS, Metric.SHARPNESS])
def test_after_a_step_comes_exactly_the_rest_wherever_the_windows_end(metric, after, context, cell_id):
    whole, rest = _read(context, cell_id, metric), _read(context, cell_id, metric, after)

    wanted = [(step, row) for step, row in zip(whole.steps, whole.values, strict=True) if step > after]
    assert list(zip(rest.steps, rest.values, strict=True)) == wanted


def test_measurements_have_the_steps_of_their_schedule(context, cell_id):
    assert _read(context, cell_id, Metric.SHARPNESS).steps == (0, 5, 10, 12)


def test_following_a_growing_curve_by_its_mark_gives_the_whole_curve(context, database):
    cell_id = add_experiment(database)[1][0]
    after, steps = -1, []

    for until in (3, 3, 7, 12):
        record(database, cell_id, until=until)
        curve = _read(context, cell_id, after=after)
        steps += curve.steps
        after = curve.committed_step

    assert steps == list(range(13))


def test_what_was_never_measured_is_an_empty_curve(context, database):
    cell_id = add_experiment(database)[1][0]

    curve = _read(context, cell_id)

    assert (curve.steps, curve.values, curve.committed_step, len(curve.run_ids)) == ((), (), -1, 4)


def test_infinity_is_null_too():
    assert curves._finite_or_none(math.inf) is None
    assert curves._finite_or_none(-math.inf) is None
    assert curves._finite_or_none(0.5) == 0.5


def test_marks_say_how_far_everything_is(context, database):
    experiment_id, cell_ids = add_experiment(database)
    record(database, cell_ids[2], until=7)
    change_cell(database, cell_ids[2], state="running", version=9)

    marks = read_marks(context, LOCAL_OWNER, experiment_id)

    by_id = {mark.cell_id: mark for mark in marks.cells}
    assert (marks.state, marks.version, len(by_id)) == ("queued", 0, 4)
    assert (by_id[cell_ids[2]].step, by_id[cell_ids[2]].state, by_id[cell_ids[2]].version) == (
        7,
        "running",
        9,
    )
    assert by_id[cell_ids[0]].step == -1


def test_cells_are_listed_in_grid_order_with_their_steps(context, database):
    experiment_id, cell_ids = add_experiment(database)

    views = list_cells(context, LOCAL_OWNER, experiment_id)

    assert [view.id for view in views] == cell_ids
    assert {(view.num_steps, view.chunk_steps, view.committed_step) for view in views} == {(12, 4, -1)}
    assert get_cell(context, LOCAL_OWNER, cell_ids[0]) == views[0]


def test_runs_are_listed_with_summaries_and_the_final_loss(context, database):
    experiment_id, cell_ids = add_experiment(database)
    record(database, cell_ids[0])
    change_cell(database, cell_ids[0], state="completed")

    runs = list_runs(context, LOCAL_OWNER, experiment_id).items

    assert len(runs) == SPEC.num_runs()
    first, *_ = (run for run in runs if run.cell_id == cell_ids[0])
    assert (first.lr, first.seed, first.state) == (0.1, 0, "completed")
    summary = first.summaries[Metric.TRAIN_LOSS]
    assert (summary.last_step, summary.num_values, summary.minimum_step) == (12, 13, 0)
    assert summary.tail_mean == pytest.approx(np.mean(_values(first, 11, 12)))
    assert [run.summaries for run in runs if run.cell_id == cell_ids[1]] == [{}] * 4
    assert cell_row(database, cell_ids[0]).committed_step == 12


def _values(run, *steps):
    return [value_of(Metric.TRAIN_LOSS, run.lr, run.seed, run.width, step) for step in steps]


def test_a_metric_of_several_components_has_them_innermost(context, cell_id, database):
    record_components(database, cell_id, Metric.NTK_EIGENVALUES)

    values = _read(context, cell_id, Metric.NTK_EIGENVALUES).values

    assert values == ((((0.0, 1.0, 2.0, 3.0, 4.0),) * 3 + ((None,) * 5,)),)
