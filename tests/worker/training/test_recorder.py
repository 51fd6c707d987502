import numpy as np
import pytest
from sqlalchemy import select

from muscope.backend.db import cells, claims, metrics
from muscope.backend.db.claims import ClaimLost
from muscope.backend.db.schema.tables import MetricChunkRow
from muscope.backend.domain.spec.families.residual_mlp import INPUT, OUTPUT
from muscope.backend.domain.spec.metrics import Metric, Schedule
from muscope.backend.errors import Unavailable
from muscope.backend.events import ProgressNotice
from muscope.worker.numerics.program import Window
from muscope.worker.training.recorder import RETRY_SECONDS, Recorder
from tests.backend.db.stores import NOW, add_experiment, cell_row, take
from tests.backend.services.fakes import FakeNotices

SCHEDULE = Schedule(num_steps=12, measure_every=5, chunk_steps=4)
TENSORS = [
    {
        "name": name, "role": name, "num_rows": rows, "num_columns": columns, "forward_mult": forward,
        "init_std": 0.25, "lr_mult": 2.0, "branch_mult": None, "epsilon": 1e-9, "weight_decay": None,
    }
    for name, rows, columns, forward in ((INPUT, 5, 8, 1.0), (OUTPUT, 8, 3, 0.5))
]  # fmt: skip


class FlakyDatabase:
    """A database that is away for the first tries."""

    def __init__(self, database, outages):
        self._database = database
        self.outages = outages

    def write(self):
        if self.outages:
            self.outages -= 1
            raise Unavailable("database.unavailable", detail="gone")
        return self._database.write()


@pytest.fixture
def claim(database):
    return take(database, add_experiment(database)[1][0])


def _recorder(database, claim, notices=None, sleep=None):
    return Recorder(
        database,
        notices or FakeNotices(),
        claim,
        about=ProgressNotice(claim.cell_id, claim.cell_id),
        schedule=SCHEDULE,
        tail_steps=2,
        now=lambda: NOW,
        sleep=sleep or _never,
    )


def _never(_seconds):
    raise AssertionError("slept although the database was there")


def _window(first_step=0, value=1.0, diverged_at=(None, None, None, 2)):
    steps = SCHEDULE.window_steps(first_step)
    values = {
        metric: np.full((len(SCHEDULE.metric_steps(metric, first_step)), 4), value, np.float32)
        for metric in (Metric.TRAIN_LOSS, Metric.VAL_LOSS)
        if SCHEDULE.metric_steps(metric, first_step)
    }
    return Window(steps[0], steps[-1], values, list(diverged_at))


def _chunks(database):
    with database.read() as session:
        return {(row.metric, row.first_step): row.values for row in session.scalars(select(MetricChunkRow))}


def test_a_window_is_committed_with_its_step_and_announced(database, claim):
    notices = FakeNotices()

    _recorder(database, claim, notices).append(_window())

    assert cell_row(database, claim.cell_id).committed_step == 3
    assert set(_chunks(database)) == {("train_loss", 0), ("val_loss", 0)}
    with database.read() as session:
        runs = cells.runs_of(session, claim.cell_id)
        assert [run.diverged_at for run in runs] == [None, None, None, 2]
    assert notices.published == [ProgressNotice(claim.cell_id, claim.cell_id)]


def test_a_window_of_a_lost_claim_leaves_nothing(database, claim):
    with database.write() as session:
        claims.release(session, claim, now=NOW)
    take(database, claim.cell_id)

    with pytest.raises(ClaimLost):
        _recorder(database, claim).append(_window())

    assert (_chunks(database), cell_row(database, claim.cell_id).committed_step) == ({}, -1)


def test_the_first_note_of_a_lost_claim_leaves_nothing(database, claim):
    with database.write() as session:
        claims.release(session, claim, now=NOW)

    with pytest.raises(ClaimLost):
        _recorder(database, claim).begin({"torch": "other"}, [])

    assert cell_row(database, claim.cell_id).environment is None


def test_a_window_of_a_deleted_cell_is_a_lost_claim(database, claim):
    with database.write() as session:
        session.delete(cells.get(session, claim.cell_id))

    for write in (lambda: _recorder(database, claim).begin({}, []), _recorder(database, claim).finish):
        with pytest.raises(ClaimLost):
            write()


def test_windows_that_come_again_with_the_same_values_are_no_alarm(database, claim):
    recorder = _recorder(database, claim)
    for first in (0, 4, 0, 4, 8):
        recorder.append(_window(first))

    row = cell_row(database, claim.cell_id)
    assert (row.has_nondeterminism, row.committed_step) == (False, 11)


def test_another_value_for_the_same_step_raises_the_alarm_and_the_first_stays(database, claim, caplog):
    recorder = _recorder(database, claim)
    recorder.append(_window())
    before = _chunks(database)

    recorder.append(_window(value=1.0000001))

    assert cell_row(database, claim.cell_id).has_nondeterminism
    assert _chunks(database) == before
    assert "train_loss at step 0 was recomputed differently" in caplog.text


def test_another_value_from_another_environment_marks_the_cell_as_mixed_only(database, claim):
    recorder = _recorder(database, claim)
    recorder.begin({"torch": "2.13"}, [])
    recorder.append(_window())
    recorder.begin({"torch": "2.14"}, [])

    recorder.append(_window(value=2.0))

    row = cell_row(database, claim.cell_id)
    assert (row.is_mixed_environment, row.has_nondeterminism) == (True, False)


def test_it_waits_while_the_database_is_away_and_then_writes(database, claim):
    slept: list[float] = []

    _recorder(FlakyDatabase(database, outages=3), claim, sleep=slept.append).append(_window())

    assert slept == [RETRY_SECONDS] * 3
    assert cell_row(database, claim.cell_id).committed_step == 3


def test_the_beginning_records_environment_and_constants(database, claim):
    recorder = _recorder(database, claim)

    for _ in range(2):
        recorder.begin({"torch": "2.13"}, TENSORS)

    assert cell_row(database, claim.cell_id).environment == {"torch": "2.13"}
    with database.read() as session:
        rows = {row.name: row for row in cells.tensors_of(session, claim.cell_id)}
    assert set(rows) == {INPUT, OUTPUT}
    out = rows[OUTPUT]
    assert (out.role, out.num_rows, out.num_columns) == ("output", 8, 3)
    assert (out.forward_mult, out.init_std, out.lr_mult) == (0.5, 0.25, 2.0)
    assert (out.branch_mult, out.epsilon, out.weight_decay) == (None, 1e-9, None)


def test_a_cell_is_finished_once(database, claim):
    recorder = _recorder(database, claim)

    recorder.finish()

    assert cell_row(database, claim.cell_id).state == "completed"
    with pytest.raises(ClaimLost):
        recorder.finish()


def test_the_final_loss_is_taken_over_the_tail(database, claim):
    recorder = _recorder(database, claim)
    for first, value in zip(SCHEDULE.window_starts(), (8.0, 8.0, 4.0, 2.0), strict=True):
        recorder.append(_window(first, value))

    with database.read() as session:
        experiment_id = cell_row(database, claim.cell_id).experiment_id
        rows = metrics.summaries_of_experiment(session, experiment_id)
        tails = {(row.tail_sum, row.tail_count) for row in rows if row.metric == "train_loss"}
    assert tails == {(4.0 + 2.0, 2)}
