import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from muscope.backend.db import cells, metrics
from muscope.backend.db.metrics import Chunk
from muscope.backend.db.schema.tables import CellRow, MetricChunkRow, RunRow, RunSummaryRow
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric, Schedule
from tests.backend.db.stores import add_experiment, cell_row, change_cell, one_cell

pytestmark = pytest.mark.both_databases

SCHEDULE = Schedule(num_steps=12, measure_every=5, chunk_steps=4)
NUM_RUNS = 4
TAIL_FROM = 9
INF, NAN = float("inf"), float("nan")


def _chunk(first_step, values, metric=Metric.TRAIN_LOSS):
    return Chunk(
        metric, first_step, SCHEDULE.metric_steps(metric, first_step), np.asarray(values, np.float32)
    )


def _history(values, metric=Metric.TRAIN_LOSS):
    """Cut a run's whole history into the chunks of a cell whose runs all have it."""
    table = np.repeat(np.asarray(values, np.float32)[:, None], NUM_RUNS, axis=1)
    return [
        _chunk(first, table[first : first + SCHEDULE.chunk_steps], metric)
        for first in SCHEDULE.window_starts()
    ]


def _append(database, cell_id, *chunks):
    with database.write() as session:
        return metrics.append(session, metrics.rows_of(cell_id, chunks, tail_from=TAIL_FROM))


def _stored(database):
    with database.read() as session:
        chunks = {
            (row.cell_id, row.metric, row.first_step): row.values
            for row in session.scalars(select(MetricChunkRow))
        }
        summaries = {
            (row.cell_id, row.metric, row.position): {
                column.name: getattr(row, column.name) for column in RunSummaryRow.__table__.columns
            }
            for row in session.scalars(select(RunSummaryRow))
        }
    return chunks, summaries


def _summary(database, metric=Metric.TRAIN_LOSS, position=0):
    _, summaries = _stored(database)
    (found,) = [value for key, value in summaries.items() if key[1:] == (metric, position)]
    return found


def test_values_come_back_bit_for_bit(database):
    cell_id = one_cell(database)
    values = np.array([[1.5, NAN, INF, -0.0]] * 4, np.float32)

    _append(database, cell_id, _chunk(4, values))

    with database.read() as session:
        (row,) = metrics.read(session, cell_id, Metric.TRAIN_LOSS)
        assert (row.first_step, row.num_steps, row.num_runs) == (4, 4, 4)
        assert metrics.from_row(row).tobytes() == values.tobytes()


def test_appending_twice_is_harmless(database):
    cell_id = one_cell(database)
    chunks = _history(range(13))
    _append(database, cell_id, *chunks)
    before = _stored(database)

    reported = _append(database, cell_id, *chunks)

    assert reported == []
    assert _stored(database) == before


# A quarter of a small whole number: sums of these are exact in any order.
VALUES = st.lists(
    st.one_of(st.integers(-6, 6).map(lambda n: n / 4), st.sampled_from([NAN, INF, -INF])),
    min_size=13,
    max_size=13,
)


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(values=VALUES, order=st.lists(st.integers(0, 3), max_size=8), last=st.permutations(range(4)))
def test_any_order_and_repetition_of_windows_gives_the_same_summaries(database, values, order, last):
    with database.write() as session:
        for table in (MetricChunkRow, RunSummaryRow):
            session.execute(delete(table))
    (in_order, shuffled) = add_experiment(database)[1][:2]
    chunks = _history(values)

    for chunk in chunks:
        _append(database, in_order, chunk)
    for window in (*order, *last):
        assert _append(database, shuffled, chunks[window]) == []

    stored, summaries = _stored(database)
    for position in range(NUM_RUNS):
        first, second = (dict(summaries[cell, "train_loss", position]) for cell in (in_order, shuffled))
        first.pop("cell_id")
        second.pop("cell_id")
        assert first == second
    assert len(stored) == 8


def test_a_different_value_for_the_same_key_is_reported_and_the_first_stays(database):
    cell_id = one_cell(database)
    _append(database, cell_id, _chunk(0, np.ones((4, 4))))
    before = _stored(database)
    different = _chunk(0, np.ones((4, 4)) + 1e-6)

    reported = _append(database, cell_id, different, _chunk(4, np.ones((4, 4))))

    assert reported == [different]
    chunks, _ = _stored(database)
    assert chunks[cell_id, "train_loss", 0] == before[0][cell_id, "train_loss", 0]
    assert _summary(database)["num_values"] == 8


def test_the_same_nan_is_no_difference(database):
    cell_id = one_cell(database)
    chunk = _chunk(0, np.full((4, 4), NAN))
    _append(database, cell_id, chunk)

    assert _append(database, cell_id, chunk) == []


def test_a_summary_by_hand(database):
    cell_id = one_cell(database)

    _append(database, cell_id, *_history([9, 8, 7, 3, 5, 4, 3, 6, 5, 8, 4, 2.5, 7]))

    assert _summary(database) == {
        "cell_id": cell_id,
        "metric": "train_loss",
        "position": 0,
        "last_step": 12,
        "last": 7.0,
        "minimum": 2.5,
        "minimum_step": 11,
        "num_values": 13,
        "num_non_finite": 0,
        "tail_sum": 8 + 4 + 2.5 + 7,
        "tail_count": 4,
    }


def test_the_first_of_equal_minima_counts(database):
    _append(database, one_cell(database), *_history([5, 1, 5, 1, 5, 1, 5, 5, 5, 5, 1, 5, 5]))

    assert _summary(database)["minimum_step"] == 1


def test_what_is_not_finite_is_counted_and_never_summarised(database):
    _append(database, one_cell(database), *_history([4, 2, -INF, 9, 9, 9, 9, 9, 9, 3, 5, INF, NAN]))

    summary = _summary(database)
    assert (summary["last"], summary["minimum"], summary["minimum_step"]) == (None, 2, 1)
    assert (summary["num_values"], summary["num_non_finite"]) == (13, 3)
    assert (summary["tail_sum"], summary["tail_count"]) == (8, 2)


def test_a_run_that_was_never_finite_has_no_minimum(database):
    _append(database, one_cell(database), *_history([NAN] * 13))

    summary = _summary(database)
    assert (summary["minimum"], summary["minimum_step"], summary["last"]) == (None, None, None)
    assert (summary["num_non_finite"], summary["tail_count"], summary["tail_sum"]) == (13, 0, 0)


def test_every_run_has_its_own_summary(database):
    values = np.array([[4, 1, NAN, 2]] * 3 + [[3, 5, NAN, 1]], np.float32)
    _append(database, one_cell(database), _chunk(0, values))

    minima = [_summary(database, position=position)["minimum"] for position in range(NUM_RUNS)]
    assert minima == [3, 1, None, 1]


@pytest.mark.parametrize("metric", Metric)
def test_only_metrics_that_are_shown_in_lists_are_summarised(metric, database):
    cell_id = one_cell(database)
    num_steps = len(SCHEDULE.metric_steps(metric, 0))

    _append(database, cell_id, _chunk(0, np.ones((num_steps, NUM_RUNS)), metric))

    chunks, summaries = _stored(database)
    assert len(chunks) == 1
    assert len(summaries) == (NUM_RUNS if METRIC_INFO[metric].is_summarised else 0)


def test_reading_from_a_window_gives_it_and_the_later_ones_in_order(database):
    cell_id = one_cell(database)
    first, second, third, last = _history(range(13))
    _append(database, cell_id, third, last, second, first)

    with database.read() as session:
        rows = metrics.read(session, cell_id, Metric.TRAIN_LOSS, from_step=4)
        assert [row.first_step for row in rows] == [4, 8, 12]


def test_divergence_is_marked_on_the_runs_of_the_cell_alone(database):
    first, second = add_experiment(database)[1][:2]

    with database.write() as session:
        metrics.mark_diverged(session, first, {1: 7, 3: 0})

    with database.read() as session:
        assert [run.diverged_at for run in cells.runs_of(session, first)] == [None, 7, None, 0]
        assert {run.diverged_at for run in cells.runs_of(session, second)} == {None}


def test_the_alarm_is_raised_on_a_cell(database):
    cell_id = one_cell(database)

    with database.write() as session:
        metrics.mark_nondeterminism(session, cell_id)

    assert cell_row(database, cell_id).has_nondeterminism
    with database.read() as session:
        flags = session.scalars(select(CellRow.has_nondeterminism)).all()
    assert sum(flags) == 1


def test_other_values_from_another_environment_are_no_alarm(database):
    cell_id = one_cell(database)
    change_cell(database, cell_id, is_mixed_environment=True)

    with database.write() as session:
        metrics.mark_nondeterminism(session, cell_id)

    assert not cell_row(database, cell_id).has_nondeterminism


def test_the_summaries_of_an_experiment_are_its_own(database):
    experiment_id, cell_ids = add_experiment(database)
    _append(database, cell_ids[0], *_history(range(13)))
    _append(database, one_cell(database), *_history(range(13)))

    with database.read() as session:
        found = metrics.summaries_of_experiment(session, experiment_id)
        assert {(row.cell_id, row.position) for row in found} == {(cell_ids[0], i) for i in range(4)}
        assert math.isclose(found[0].tail_sum, 9 + 10 + 11 + 12)
        assert session.scalar(select(RunRow.id).limit(1)) is not None


def test_values_of_several_components_come_back_in_their_shape(database):
    cell_id = one_cell(database)
    values = np.arange(NUM_RUNS * 5, dtype=np.float32).reshape(1, NUM_RUNS, 5)

    _append(database, cell_id, _chunk(4, values, Metric.NTK_EIGENVALUES))

    with database.read() as session:
        (row,) = metrics.read(session, cell_id, Metric.NTK_EIGENVALUES)
        assert (row.num_runs, row.num_components) == (NUM_RUNS, 5)
        assert (metrics.from_row(row) == values).all()
