"""Cells that a free worker may take when users share the workers."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from muscope.backend.db import claims
from muscope.backend.db.accounts import fair_claims
from muscope.backend.db.connection.upsert import insert_new
from muscope.backend.db.schema.tables import CellRow, ExperimentRow, PrincipalRow
from muscope.backend.domain.lifecycle import CellState, ExperimentState
from tests.backend.db.stores import LATER, NOW, add_experiment, change_cell

pytestmark = pytest.mark.both_databases


def _claim(database, cell_id):
    with database.write() as session:
        return claims.claim(session, cell_id, owner="tester", now=NOW)


def _owned_by(database, owner_id, *, created_at):
    """Return an experiment's cells after giving it to another owner, who has an account's principal."""
    experiment_id, cell_ids = add_experiment(database)
    with database.write() as session:
        insert_new(session, PrincipalRow, [{"id": owner_id, "name": owner_id}])
        row = session.get_one(ExperimentRow, experiment_id)
        row.owner_id, row.created_at = owner_id, created_at
    return cell_ids


def _candidates(database, rung_for, now=NOW):
    with database.read() as session:
        return list(fair_claims.candidates(session, rung_for, now=now))


def test_a_message_of_the_only_owner_is_for_the_cell_it_names(database):
    _, cell_ids = add_experiment(database)

    assert _candidates(database, cell_ids[1]) == [cell_ids[1]]


def test_a_message_of_one_who_has_a_worker_already_serves_the_owner_who_waits(database):
    thorough = _owned_by(database, "thorough", created_at=NOW)
    quick = _owned_by(database, "quick", created_at=NOW)
    _claim(database, thorough[0])

    first, second = _candidates(database, thorough[1], now=LATER)

    assert first in quick
    assert second == thorough[1]


def _claim_next(database, first, rung_for):
    with database.write() as session:
        return fair_claims.claim_next(session, first, rung_for, owner="tester", now=LATER)


def test_a_cell_that_another_worker_has_claimed_since_it_was_chosen_gives_way_to_the_next(database):
    thorough = _owned_by(database, "thorough", created_at=NOW)
    quick = _owned_by(database, "quick", created_at=NOW)
    _claim(database, thorough[0])
    with database.read() as session:
        chosen = fair_claims.likely(session, thorough[1], now=LATER)
    _claim(database, chosen)

    claimed = _claim_next(database, chosen, thorough[1])

    assert chosen in quick
    assert claimed is not None
    assert claimed.cell_id not in {chosen, thorough[0]}


def test_nothing_is_claimed_where_the_only_owners_cell_is_gone(database):
    _, cell_ids = add_experiment(database)
    _claim(database, cell_ids[0])

    assert _claim_next(database, cell_ids[0], cell_ids[0]) is None


def test_what_was_used_counts_from_the_moment_at_which_all_waited(database):
    thorough = _owned_by(database, "thorough", created_at=NOW)
    _claim(database, thorough[0])
    with database.read() as session:
        alone = fair_claims.used_so_far(session, now=LATER)
        beside_a_new_one = fair_claims.used_so_far(session, now=LATER, joining="quick")
    _owned_by(database, "quick", created_at=NOW + (LATER - NOW) / 2)
    with database.read() as session:
        together = fair_claims.used_so_far(session, now=LATER)

    assert alone == {}
    assert beside_a_new_one == {"thorough": 0.0}
    assert together == {"thorough": (LATER - NOW).total_seconds() / 2}


@pytest.mark.parametrize(("ended_after", "is_counted"), [(0.75, True), (0.25, False)])
def test_what_was_used_for_an_experiment_that_ended_counts_while_another_was_waiting(
    ended_after, is_counted, database
):
    span = timedelta(minutes=8)
    first = _owned_by(database, "one", created_at=NOW)
    _owned_by(database, "others", created_at=NOW)
    _owned_by(database, "one", created_at=NOW + span / 2)
    ended = NOW + span * ended_after
    change_cell(database, first[0], state=CellState.COMPLETED, started_at=NOW, finished_at=NOW + span / 8)
    with database.write() as session:
        row = session.scalars(select(ExperimentRow).join(CellRow).where(CellRow.id == first[0])).one()
        row.state, row.finished_at = ExperimentState.COMPLETED, ended

    with database.read() as session:
        used = fair_claims.used_so_far(session, now=NOW + span)

    expected = span.total_seconds() / 8 if is_counted else 0.0
    assert used.get("one", 0.0) == pytest.approx(expected, abs=0.001)


def test_cells_that_have_ended_count_from_the_same_moment(database):
    seconds = (LATER - NOW).total_seconds()
    long, quick = (_owned_by(database, name, created_at=NOW) for name in ("long", "quick"))
    for cell_id, begun, ended in (
        (long[0], -0.5, 0.5),  # began before both waited
        (long[1], 0.5, 0.75),
        (long[2], -0.75, -0.25),  # ended before
        (quick[0], 0.25, 1.0),
    ):
        change_cell(
            database,
            cell_id,
            state=CellState.COMPLETED,
            started_at=NOW + (LATER - NOW) * begun,
            finished_at=NOW + (LATER - NOW) * ended,
        )
    _claim(database, quick[1])  # still trains

    with database.read() as session:
        used = fair_claims.used_so_far(session, now=LATER)

    assert used == pytest.approx({"long": 0.75 * seconds, "quick": 1.75 * seconds}, abs=0.001)
