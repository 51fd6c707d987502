import numpy as np
import pytest
from sqlalchemy import func, select

from muscope.backend.db import cells, experiments, metrics
from muscope.backend.db.lists import experiments as lists
from muscope.backend.db.lists.experiments import Sought
from muscope.backend.db.metrics import Chunk
from muscope.backend.db.schema.tables import (
    LOCAL_OWNER,
    CellRow,
    CellTensorRow,
    ExperimentRow,
    IdempotencyKeyRow,
    MetricChunkRow,
    RunRow,
    RunSummaryRow,
)
from muscope.backend.domain.lifecycle import ExperimentState, StopReason
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.errors import Conflict
from tests.backend.db.stores import LATER, NOW, add_experiment, change_cell

pytestmark = pytest.mark.both_databases

OWNED = (CellRow, CellTensorRow, RunRow, MetricChunkRow, RunSummaryRow, IdempotencyKeyRow)


def _counts(database):
    with database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) for table in OWNED]


def _fill(database, experiment_id, cell_id, key):
    tensor = dict.fromkeys(("forward_mult", "init_std", "lr_mult"), 1.0)
    sizes = dict.fromkeys(("num_rows", "num_columns"), 1)
    with database.write() as session:
        chunk = Chunk(Metric.TRAIN_LOSS, 0, range(4), np.ones((4, 4), np.float32))
        metrics.append(session, metrics.rows_of(cell_id, [chunk], tail_from=9))
        cells.record_tensors(session, cell_id, [{"name": "in", "role": "input", **tensor, **sizes}])
        experiments.add_key(session, LOCAL_OWNER, key, body_sha256="b", experiment_id=experiment_id, now=NOW)


def test_deleting_an_experiment_takes_everything_of_it_and_nothing_else(database):
    kept_id, kept_cells = add_experiment(database)
    _fill(database, kept_id, kept_cells[0], "kept")
    before = _counts(database)
    gone_id, gone_cells = add_experiment(database)
    _fill(database, gone_id, gone_cells[0], "gone")
    assert _counts(database) == [2 * count for count in before]

    with database.write() as session:
        experiments.remove(session, gone_id)

    assert _counts(database) == before
    assert min(before) > 0


def test_a_key_is_remembered_and_taken_only_once(database):
    experiment_id, _ = add_experiment(database)

    def add(session):
        experiments.add_key(session, LOCAL_OWNER, "k", body_sha256="b", experiment_id=experiment_id, now=NOW)

    with database.write() as session:
        add(session)

    with pytest.raises(Conflict, match=r"experiment\.key_in_use"), database.write() as session:
        add(session)

    with database.read() as session:
        known = experiments.find_key(session, LOCAL_OWNER, "k")
        assert known is not None
        assert (known.experiment_id, known.body_sha256) == (experiment_id, "b")
        assert experiments.find_key(session, LOCAL_OWNER, "other") is None


def test_an_experiment_is_listed_as_unfinished_until_it_is_closed_whatever_its_cells_are(database):
    experiment_id, cell_ids = add_experiment(database)
    other_id, _ = add_experiment(database)
    for cell_id, state in zip(cell_ids, ("completed", "failed", "cancelled", "skipped"), strict=True):
        change_cell(database, cell_id, state=state)
    with database.read() as session:
        assert set(experiments.unfinished(session)) == {experiment_id, other_id}

    with database.write() as session:
        reason = StopReason.SETTLED
        experiments.end(session, experiment_id, ExperimentState.COMPLETED, now=NOW, stop_reason=reason)

    with database.read() as session:
        assert experiments.unfinished(session) == [other_id]
        assert session.get_one(ExperimentRow, experiment_id).stop_reason == "settled"


def test_an_experiment_ends_once(database):
    experiment_id, _ = add_experiment(database)

    for state, now in ((ExperimentState.COMPLETED, NOW), (ExperimentState.FAILED, LATER)):
        with database.write() as session:
            experiments.end(session, experiment_id, state, now=now)
            experiments.want_cancelled(session, experiment_id)

    with database.read() as session:
        row = session.get_one(ExperimentRow, experiment_id)
        assert (row.state, row.finished_at, row.desired_state, row.version) == ("completed", NOW, "run", 1)
        assert experiments.lock_open(session, experiment_id) is None


def test_another_owner_sees_nothing(database):
    experiment_id, _ = add_experiment(database)

    with database.read() as session:
        assert experiments.get(session, "somebody", experiment_id) is None
        assert lists.count(session, "somebody", Sought()) == 0
        assert experiments.get(session, LOCAL_OWNER, experiment_id) is not None


def test_cells_are_counted_by_state(database):
    experiment_id, cell_ids = add_experiment(database)
    other_id, _ = add_experiment(database)
    change_cell(database, cell_ids[0], state="running")

    with database.read() as session:
        counts = experiments.cell_counts(session, [experiment_id, other_id])

    assert counts == {experiment_id: {"running": 1, "queued": 3}, other_id: {"queued": 4}}
