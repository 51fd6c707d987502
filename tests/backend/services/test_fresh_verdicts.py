"""While an experiment runs: judged once for every state of the evidence, never older than what is stored."""

from datetime import timedelta

import numpy as np
import pytest

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import claims, metrics
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db.metrics import Chunk
from muscope.backend.db.schema.tables import LOCAL_OWNER, CellRow
from muscope.backend.domain.lifecycle import CellState, ExperimentState, FailureClass
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.services.verdicts import judging
from muscope.backend.services.verdicts.judging import get_verdict, get_verdicts
from tests.backend.db.stores import LATER, NOW, add_experiment, take
from tests.backend.services.judged import INITIAL, WIDE, finish, judge_now

pytestmark = pytest.mark.slow

EVERY = (Metric.TRAIN_LOSS, Metric.VAL_LOSS, Metric.SHARPNESS)


class Running:
    """An experiment whose base is done and whose next cell a worker has claimed."""

    def __init__(self, database):
        self.database = database
        self.id, (*done, self.cell_id, self.queued_id) = add_experiment(
            database, WIDE.model_copy(update={"arms": WIDE.arms[:1]})
        )
        for cell_id in done:
            finish(database, cell_id)
        self.claim = take(database, self.cell_id)

    def store_window(self, first=0, value=INITIAL, diverged=None):
        """Store a window as the worker's recorder does, in one transaction."""
        with self.database.write() as session:
            cell = session.get_one(CellRow, self.cell_id)
            schedule = WIDE.schedule(cell.chunk_steps)
            claims.advance_step(session, self.claim, step=schedule.window_steps(first)[-1])
            for metric in EVERY:
                steps = schedule.metric_steps(metric, first)
                values = np.full((len(steps), cell.num_runs), value, np.float32)
                if steps:
                    chunk = Chunk(metric, first, steps, values)
                    metrics.append(
                        session, metrics.rows_of(self.cell_id, [chunk], tail_from=schedule.num_steps)
                    )
            metrics.mark_diverged(session, self.cell_id, diverged or {})

    def complete(self):
        for first in range(0, WIDE.num_steps + 1, 4):
            self.store_window(first, 0.1)
        with self.database.write() as session:
            claims.finish(session, self.claim, CellState.COMPLETED, now=LATER)

    def fail(self):
        with self.database.write() as session:
            claims.fail(session, self.claim, FailureClass.CODE, "broken", now=LATER, retry_delay=timedelta(0))

    def skip(self):
        with self.database.write() as session:
            cell_rows.skip(session, [self.queued_id], now=LATER)

    def cancel(self):
        with self.database.write() as session:
            experiment_rows.want_cancelled(session, self.id)
            cell_rows.cancel(session, self.id, now=LATER)

    def end(self):
        with self.database.write() as session:
            experiment_rows.end(session, self.id, ExperimentState.CANCELLED, now=NOW)


@pytest.fixture
def running(database):
    return Running(database)


@pytest.fixture
def judgements(monkeypatch):
    """List the experiments that are judged, in order."""
    judged = []
    judge = judging.judge_scenario

    def noting(evidence, *arguments, **options):
        judged.append(evidence.experiment.id)
        return judge(evidence, *arguments, **options)

    monkeypatch.setattr(judging, "judge_scenario", noting)
    return judged


def test_what_nothing_was_stored_since_is_judged_once_whoever_asks(context, running, judgements):
    first = get_verdict(context, LOCAL_OWNER, running.id)

    assert get_verdict(context, LOCAL_OWNER, running.id) == first
    assert get_verdicts(context, LOCAL_OWNER, running.id).verdicts == (first,)
    assert judgements == [running.id]


@pytest.mark.parametrize(
    "happens",
    [
        Running.store_window,
        lambda running: running.store_window(diverged={0: 2}),
        Running.complete,
        Running.fail,
        Running.skip,
        Running.cancel,
        Running.end,
    ],
    ids=["window", "divergence", "completed", "failed", "skipped", "cancelled", "ended"],
)
def test_whatever_changes_the_evidence_is_in_the_next_answer(context, running, judgements, happens):
    get_verdict(context, LOCAL_OWNER, running.id)

    happens(running)

    answer = get_verdict(context, LOCAL_OWNER, running.id)
    assert len(judgements) == 2
    assert answer == judge_now(context, running.id)


def test_a_divergence_of_a_moment_ago_decides(context, running):
    before = get_verdict(context, LOCAL_OWNER, running.id)
    with running.database.read() as session:
        runs = cell_rows.planned_runs(session, running.cell_id)
    running.store_window(diverged={index: 2 for index, run in enumerate(runs) if run.lr >= 2.0**-3})

    after = get_verdict(context, LOCAL_OWNER, running.id)

    assert before.arm.sizes[1].divergence_rate is None
    assert after.arm.sizes[1].divergence_rate == 1.0


def test_two_experiments_in_the_same_state_have_each_their_own_answer(context, database, running):
    other = Running(database)
    other.store_window(diverged={0: 2})
    running.store_window()

    answers = [get_verdict(context, LOCAL_OWNER, each.id) for each in (running, other)]

    assert answers == [judge_now(context, each.id) for each in (running, other)]
