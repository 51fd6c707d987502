"""One request reads every window once, and nothing of another request."""

from collections import Counter

import numpy as np
import pytest

from muscope.backend.db import metrics as metric_rows
from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.services.verdicts.judging import judge_scenario
from tests.backend.db.stores import add_experiment
from tests.backend.services.judged import WIDE, evidence_of, finish
from tests.backend.services.recorded import record, value_of

LOSS = Metric.TRAIN_LOSS


@pytest.fixture
def reads(monkeypatch):
    """Count every window that leaves the database."""
    counted: Counter[tuple[object, ...]] = Counter()
    read = metric_rows.windows

    def counting(*arguments):
        for window in read(*arguments):
            counted[window[:3]] += 1
            yield window

    monkeypatch.setattr(metric_rows, "windows", counting)
    return counted


def test_judging_reads_every_window_at_most_once_whatever_looks_at_it(database, reads):
    """Both arms, the trailing means at four horizons and whole curves share what was read."""
    long = WIDE.model_copy(update={"num_steps": 64})
    experiment_id, cell_ids = add_experiment(database, long)
    for cell_id in cell_ids[:4]:
        finish(database, cell_id)

    with database.read() as session:
        evidence = evidence_of(session, experiment_id)
        verdicts = [judge_scenario(evidence, each) for each in WIDE.judged_scenarios]

    assert verdicts[0].outlook is not None
    assert verdicts[0].outlook.horizon.trends
    assert set(reads.values()) == {1}


def test_values_of_a_range_are_those_of_its_steps_however_it_was_read_before(database, reads):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    record(database, cell_ids[0])

    with database.read() as session:
        evidence = evidence_of(session, experiment_id)
        cell = session.get_one(CellRow, cell_ids[0])
        schedule = WIDE.schedule(cell.chunk_steps)
        runs = evidence.runs_of(cell.id)
        for first, last in ((9, 12), (2, 3), (0, 12), (5, 6)):
            steps, values = evidence.values(cell, LOSS, schedule, from_step=first, to_step=last)

            expected = [
                [value_of(LOSS, run.lr, run.seed, cell.width, step) for run in runs]
                for step in range(first, last + 1)
            ]
            assert steps.tolist() == list(range(first, last + 1))
            np.testing.assert_array_equal(values, np.array(expected, np.float32))

    assert set(reads.values()) == {1}


def test_a_metric_without_values_is_empty(database):
    experiment_id, cell_ids = add_experiment(database, WIDE)

    with database.read() as session:
        evidence = evidence_of(session, experiment_id)
        cell = session.get_one(CellRow, cell_ids[0])
        steps, values = evidence.values(cell, LOSS, WIDE.schedule(cell.chunk_steps), to_step=12)

    assert steps.tolist() == []
    assert values.shape == (0, cell.num_runs)


def test_more_cells_and_windows_than_one_statement_may_name_are_read_in_parts(database, monkeypatch):
    monkeypatch.setattr(metric_rows, "_MOST_NAMED", 2)
    _, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids:
        finish(database, cell_id)

    with database.read() as session:
        found = list(metric_rows.windows(session, cell_ids, [LOSS], [0, 4, 8, 12]))

    assert Counter(window.cell_id for window in found) == dict.fromkeys(cell_ids, 4)
