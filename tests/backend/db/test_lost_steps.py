"""A server that crashed has kept less than it had confirmed: the writer is told, and nothing leaves a gap."""

import pytest

from muscope.backend.db import claims
from muscope.backend.db.claims import ClaimLost
from muscope.backend.domain.lifecycle import CellState
from tests.backend.db.stores import NOW, cell_row, change_cell, one_cell, take

pytestmark = pytest.mark.both_databases

WRITES = {
    "advance": lambda session, claim: claims.advance_step(session, claim, step=11, after=7),
    "finish": lambda session, claim: claims.finish(session, claim, CellState.COMPLETED, now=NOW, after=7),
}


@pytest.fixture
def claim(database):
    """Return the claim of a cell whose server has kept the steps to 3 of the 7 that it had confirmed."""
    claim = take(database, one_cell(database))
    with database.write() as session:
        claims.advance_step(session, claim, step=7)
    change_cell(database, claim.cell_id, committed_step=3)
    return claim


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_write_after_lost_steps_is_refused_and_changes_nothing(database, claim, write):
    with pytest.raises(ClaimLost), database.write() as session:
        write(session, claim)

    row = cell_row(database, claim.cell_id)
    assert (row.state, row.committed_step) == ("running", 3)


def test_steps_after_those_that_were_kept_are_stored(database, claim):
    with database.write() as session:
        claims.advance_step(session, claim, step=7, after=3)

    assert cell_row(database, claim.cell_id).committed_step == 7
