import math

import numpy as np
import pytest

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import metrics as metric_rows
from muscope.backend.db.metrics import Chunk
from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.coordinates import NUM_CHANGES
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.services.evidence.sweep_loader import measurement_steps
from muscope.backend.services.evidence.sweeps import load_sweeps
from tests.backend.db.stores import add_experiment
from tests.backend.domain.specs import SHAPE, SPEC, spec
from tests.backend.services.judged import DIVERGES_AT, INITIAL, LRS, WIDE, evidence_of, final_loss, finish
from tests.backend.services.recorded import record, record_measures, value_of

MUP = Parametrization.MUP


@pytest.fixture
def loaded(database):
    """Load an experiment's sweeps; the session stays open for their curves."""
    sessions = []

    def load(experiment_id):
        reading = database.read()
        session = reading.__enter__()
        sessions.append(reading)
        return load_sweeps(evidence_of(session, experiment_id), Scenario.AS_GIVEN)

    yield load
    for reading in sessions:
        reading.__exit__(None, None, None)


def test_every_run_finds_its_place_whatever_the_order_of_the_plan(database, loaded):
    experiment_id, cell_ids = add_experiment(database, WIDE, max_runs_per_cell={8: 4})
    for cell_id in cell_ids:
        finish(database, cell_id)

    (sweep,) = loaded(experiment_id)[MUP]

    assert sweep.lrs == tuple(sorted(LRS))
    assert [LRS[index] for index in sweep.lr_indices] == sorted(LRS)
    assert sweep.is_measured.all()
    with database.read() as session:
        cell = session.get_one(CellRow, cell_ids[-1])
    for w, width in enumerate(sweep.widths):
        for e, lr in enumerate(sweep.lrs):
            for s, seed in enumerate(WIDE.seeds):
                cell.width, cell.parametrization = width, MUP.value
                expected = final_loss(cell, PlannedRun(e, lr, seed))
                lowest = {Metric.TRAIN_LOSS: expected, Metric.VAL_LOSS: min(INITIAL, expected)}
                for loss, final in lowest.items():
                    assert sweep.losses[loss].final[w, e, s] == pytest.approx(final, rel=1e-6)
                    assert sweep.losses[loss].initial[w, e, s] == INITIAL


def test_the_final_loss_is_the_mean_over_the_tail(database, loaded):
    long_tail = spec(**WIDE.model_dump() | {"tail_fraction": 1.0})
    experiment_id, cell_ids = add_experiment(database, long_tail)
    finish(database, cell_ids[0])

    (sweep,) = loaded(experiment_id)[MUP]

    assert (sweep.tail_steps, sweep.num_steps) == (12, 12)
    curve = sweep.train_curves(0, 3)
    assert curve.shape == (13, 3)
    assert sweep.losses[Metric.TRAIN_LOSS].final[0, 3] == pytest.approx(curve[1:].mean(axis=0))


def test_what_has_not_run_is_missing_and_what_diverged_is_not(database, loaded):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    finish(database, cell_ids[0], diverges=lambda _, run: run.lr == 1.0 and run.seed == 7)

    (sweep,) = loaded(experiment_id)[MUP]

    assert sweep.is_measured[0].all()
    assert not sweep.is_measured[1:].any()
    assert sweep.diverged_at[0, 6].tolist() == [-1, DIVERGES_AT, -1]
    assert math.isnan(sweep.losses[Metric.TRAIN_LOSS].final[0, 6, 1])
    assert sweep.judged(Metric.TRAIN_LOSS)[0, 6, 1] >= INITIAL
    assert np.isnan(sweep.sharpness[0, 6, 1]).tolist() == [False, True, True, True]
    assert sweep.train_curves(1, 0).size == 0


def test_a_sweep_until_a_step_is_that_of_the_curves_up_to_there(database, loaded):
    """The trailing mean and the lowest validation up to step 7 of a rising curve, by its closed form."""
    half_tail = spec(**WIDE.model_dump() | {"tail_fraction": 0.5})
    experiment_id, cell_ids = add_experiment(database, half_tail)
    record(database, cell_ids[0])

    (whole,) = loaded(experiment_id)[MUP]
    early = whole.until(7)

    def expected(metric, step, e=2, s=1):
        return value_of(metric, whole.lrs[e], WIDE.seeds[s], 8, step)

    assert (early.num_steps, early.tail_steps) == (7, 4)
    assert early.losses[Metric.TRAIN_LOSS].final[0, 2, 1] == pytest.approx(expected("train_loss", 5.5))
    assert early.losses[Metric.VAL_LOSS].final[0, 2, 1] == pytest.approx(expected("val_loss", 0))
    assert early.measurement_steps.tolist() == [0, 5]
    assert early.train_curves(0, 2)[:, 1] == pytest.approx([expected("train_loss", t) for t in range(8)])
    assert early.is_measured[0].all()
    assert not early.is_measured[1:].any()


def test_a_divergence_still_to_come_has_not_happened_yet(database, loaded):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    finish(database, cell_ids[0], diverges=lambda _, run: run.lr == 1.0)

    (whole,) = loaded(experiment_id)[MUP]

    assert (whole.until(DIVERGES_AT - 1).diverged_at == -1).all()
    assert (whole.until(DIVERGES_AT).diverged_at[0, 6] == DIVERGES_AT).all()
    assert whole.reached[0].tolist() == [[12] * 3] * 7
    assert (whole.reached[1:] == -1).all()


@pytest.mark.parametrize(("num_steps", "steps"), [(12, [0, 5, 10, 12]), (10, [0, 5, 10])])
def test_every_run_is_measured_at_its_last_step(num_steps, steps):
    assert measurement_steps(SPEC.model_copy(update={"num_steps": num_steps})).tolist() == steps


def test_a_coordinate_check_finds_its_places_and_is_absent_where_it_was_not_asked_for(database, loaded):
    asked = spec(**WIDE.model_dump() | {"measures": (Measure.COORDINATE_CHECK,)})
    experiment_id, cell_ids = add_experiment(database, asked)
    record_measures(database, cell_ids[0])
    with database.read() as session:
        cell = session.get_one(CellRow, cell_ids[0])
        arm, width = cell.parametrization, cell.width

    (sweep,) = loaded(experiment_id)[arm]

    index = sweep.widths.index(width)
    for e, lr in enumerate(sweep.lrs):
        for s, seed in enumerate(asked.seeds):
            first = value_of(Metric.COORDINATE_CHANGE, lr, seed, width, 0)
            expected = [first / (k + 1) for k in range(NUM_CHANGES)]
            assert sweep.coordinate_changes[index, e, s] == pytest.approx(expected, rel=1e-6)
    assert np.isfinite(sweep.initial_activations[index]).all()
    assert np.isnan(np.delete(sweep.initial_activations, index, axis=0)).all()
    plain_id, _ = add_experiment(database, WIDE)
    assert loaded(plain_id)[arm][0].coordinate_changes is None


def test_the_field_metric_of_the_task_is_read_at_the_last_step(database, loaded):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    with database.write() as session:
        cell = session.get_one(CellRow, cell_ids[0])
        schedule = WIDE.schedule(cell.chunk_steps)
        runs = cell_rows.planned_runs(session, cell_ids[0])
        for first in schedule.window_starts():
            steps = schedule.metric_steps(Metric.VAL_ACCURACY, first)
            values = np.array([[step / 100 + run.seed / 1000 for run in runs] for step in steps], np.float32)
            if steps:
                chunk = Chunk(Metric.VAL_ACCURACY, first, steps, values)
                rows = metric_rows.rows_of(cell_ids[0], [chunk], tail_from=schedule.num_steps)
                metric_rows.append(session, rows)
        arm = cell.parametrization

    (sweep,) = loaded(experiment_id)[arm]

    assert sweep.field is not None
    assert sweep.field.metric is Metric.VAL_ACCURACY
    assert sweep.field.final[0, 0] == pytest.approx(
        [WIDE.num_steps / 100 + seed / 1000 for seed in WIDE.seeds]
    )
    assert np.isnan(sweep.field.final[1:]).all()
    other = next(name for name in loaded(experiment_id) if name is not arm)
    assert loaded(experiment_id)[other][0].field is None


@pytest.mark.parametrize(("num_train", "expected"), [(10_000, True), (60, False)])
def test_a_sweep_knows_whether_an_example_is_seen_about_once(database, loaded, num_train, expected):
    shape = SHAPE.model_copy(update={"num_train": num_train})
    experiment_id, cell_ids = add_experiment(database, WIDE, shape=shape)
    finish(database, cell_ids[0])

    assert loaded(experiment_id)[MUP][0].is_seen_once is expected
