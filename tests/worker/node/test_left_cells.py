import sys

import pytest

from muscope.backend.db.machines.holders import this_process
from muscope.backend.domain.holders import Holder
from muscope.worker.node import left_cells
from tests.backend.db.stores import NOW, add_experiment, cell_row, take
from tests.backend.services.fakes import FakeNotices


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process started")
def test_a_node_gives_back_what_an_ended_process_held_and_has_the_conductor_ring(database):
    _, (left, kept, *_) = add_experiment(database)
    me = this_process()
    take(database, left, owner=str(Holder(me.host, me.pid, me.started - 1, me.machine)))
    take(database, kept, owner=str(me))
    notices = FakeNotices()

    left_cells.look(database, notices, now=NOW)

    assert [cell_row(database, each).state for each in (left, kept)] == ["queued", "running"]
    assert [notice.cell_id for notice in notices.published] == [left]
