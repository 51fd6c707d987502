import os
import subprocess
import sys

import pytest

from muscope.backend.db import claims
from muscope.backend.db.claims import ClaimLost
from muscope.backend.db.machines import holders
from muscope.backend.db.machines.holders import give_back_of_ended, holder_has_ended, this_process
from muscope.backend.db.machines.pulses import pulses
from muscope.backend.domain.holders import Holder
from tests.backend.db.stores import NOW, add_experiment, cell_row, take

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process started")


def _give_back(database, *, ended):
    with database.read() as session:
        running = pulses(session)
    return give_back_of_ended(database, running, now=NOW, has_ended=lambda owner: owner in ended)


def test_a_cell_of_an_ended_holder_waits_for_nobody(database):
    _, (dead, living, *_) = add_experiment(database)
    take(database, dead, owner="a:1")
    take(database, living, owner="b:2")

    given_back = _give_back(database, ended={"a:1"})

    row = cell_row(database, dead)
    assert [(pulse.cell_id, state) for pulse, state in given_back] == [(dead, "queued")]
    assert (row.state, row.owner, row.error_class, row.failures) == ("queued", None, "lost", 1)
    assert (row.not_before, row.dispatched_at) == (NOW, None)
    assert cell_row(database, living).state == "running"


def test_an_orphan_of_an_ended_holder_can_write_no_more(database):
    _, (cell_id, *_) = add_experiment(database)
    claim = take(database, cell_id, owner="a:1")
    _give_back(database, ended={"a:1"})

    with pytest.raises(ClaimLost), database.write() as session:
        claims.advance_step(session, claim, step=9)


def test_a_cell_is_given_back_once_by_two_who_look(database):
    _, (cell_id, *_) = add_experiment(database)
    take(database, cell_id, owner="a:1")
    with database.read() as session:
        running = pulses(session)

    both = [give_back_of_ended(database, running, now=NOW, has_ended=lambda _: True) for _ in range(2)]

    assert [len(each) for each in both] == [1, 0]
    assert cell_row(database, cell_id).failures == 1


def test_a_cell_whose_holders_all_end_without_a_step_is_given_up(database):
    _, (cell_id, *_) = add_experiment(database)
    for number in range(3):
        take(database, cell_id, owner=f"a:{number}")
        _give_back(database, ended={f"a:{number}"})

    assert cell_row(database, cell_id).state == "failed"


@on_linux
def test_this_process_is_known_to_run():
    assert this_process().machine
    assert not holder_has_ended(str(this_process()))


@on_linux
def test_a_killed_process_has_ended_even_before_its_parent_collects_it():
    child = subprocess.Popen((sys.executable, "-c", "input()"), stdin=subprocess.PIPE)
    start = holders.start_of(child.pid)
    assert start is not None
    holder = str(Holder("here", child.pid, start, holders.this_machine()))
    before = holder_has_ended(holder)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    uncollected = holder_has_ended(holder)
    child.communicate()

    assert (before, uncollected, holder_has_ended(holder)) == (False, True, True)


@on_linux
def test_another_process_with_the_same_id_is_not_the_holder():
    me = this_process()

    assert holder_has_ended(str(Holder(me.host, me.pid, me.started - 1, me.machine)))


@pytest.mark.parametrize("owner", [None, "", "host:1"], ids=["nobody", "no name", "an earlier version's"])
def test_a_holder_that_says_nothing_of_itself_is_left_to_its_lease(owner):
    assert not holder_has_ended(owner)
