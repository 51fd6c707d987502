"""A node takes cells once its training child has computed a known result."""

from __future__ import annotations

import multiprocessing
from datetime import timedelta

import pytest

from muscope.backend.errors import MuscopeError, StorageFull, from_stored
from muscope.backend.settings import Settings
from muscope.worker.messages import Event, Reply
from muscope.worker.node import fitness
from muscope.worker.node.training_process import TrainingProcess

UNFIT = Reply(event=Event.UNFIT, detail="losses of the test cell: 2 (known: 1)")


class StartingChild(TrainingProcess):
    """Says what a child says when it starts; None is a while of silence, which takes a minute."""

    def __init__(self, *replies: Reply | None) -> None:
        super().__init__()
        self.script = list(replies)
        self.seconds = 0.0
        self.num_kills = 0
        self.died: int | None = None

    def start(self) -> None:
        """Start nothing."""

    def _next_reply(self, wait_seconds: float) -> Reply | None:
        reply = self.script.pop(0) if self.script else None
        self.seconds += 0.0 if reply else 300 * wait_seconds
        return reply

    @property
    def exit_code(self) -> int | None:
        return self.died

    def kill(self) -> None:
        self.num_kills += 1


@pytest.fixture(autouse=True)
def new_node(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_reason", "_passing"):
        monkeypatch.setattr(fitness, name, multiprocessing.Array("c", fitness.LONGEST_REASON))


def is_fit(child: StartingChild, *, is_stopping: bool = False) -> bool:
    return fitness.is_fit(child, monotonic=lambda: child.seconds, is_stopping=lambda: is_stopping)


def test_a_child_is_waited_for_and_not_asked_twice():
    child = StartingChild(None, None, Reply(event=Event.READY))

    assert is_fit(child)
    assert is_fit(child)
    assert child.script == []
    assert fitness.fault() is None


def test_a_wrong_result_makes_every_process_of_the_node_unfit():
    child, healthy = StartingChild(UNFIT), StartingChild(Reply(event=Event.READY))

    assert not is_fit(child)
    assert fitness.fault() == UNFIT.detail
    assert child.num_kills == 1
    assert not is_fit(healthy)
    assert healthy.script != []


def test_a_child_that_dies_or_hangs_is_started_anew_and_judges_nothing():
    hanging, dying = StartingChild(), StartingChild()
    dying.died = -9

    for child in (hanging, dying):
        assert not is_fit(child)
        assert child.num_kills == 1
    assert fitness.fault() is None
    assert hanging.seconds > fitness.START_SECONDS > dying.seconds


def test_a_node_that_stops_waits_for_nothing():
    child = StartingChild()

    assert not is_fit(child, is_stopping=True)
    assert child.seconds == 0.0


def test_a_long_reason_is_cut_and_still_readable():
    fitness.declare_unfit("値" * 400)

    found = fitness.fault()
    assert found is not None
    assert set(found) == {"値"}


class TestHost:
    """A machine whose disk or clock is wrong takes no cells until that has passed."""

    SETTINGS = Settings()

    def fault(
        self, *, ahead: timedelta = timedelta(0), disk: MuscopeError | None = None
    ) -> MuscopeError | None:
        return fitness.fault_of_host("cpu@a", self.SETTINGS, ahead=ahead, disk=lambda _: disk)

    def test_nothing_is_wrong_within_five_minutes(self):
        assert self.fault(ahead=timedelta(minutes=5)) is None
        assert self.fault(ahead=timedelta(minutes=-5)) is None

    def test_a_clock_that_is_off_is_named_with_its_seconds(self):
        found = self.fault(ahead=timedelta(minutes=-6))
        assert found is not None
        assert (found.code, found.params) == ("worker.clock", {"names": "cpu@a", "seconds": -360})

    def test_a_full_disk_is_named_and_passes(self):
        found = self.fault(disk=StorageFull("storage.no_room_to_start", free_mib=1, needed_mib=64))
        assert found is not None
        assert found.code == "worker.no_room"
        fitness.note_passing(found)
        stored = from_stored(fitness.fault() or "")
        assert stored is not None
        assert stored.params["names"] == "cpu@a"
        child = StartingChild(Reply(event=Event.READY))
        assert not is_fit(child)
        fitness.note_passing(None)
        assert is_fit(child)

    def test_the_finding_of_the_test_cell_stays(self):
        fitness.declare_unfit(UNFIT.detail)
        fitness.note_passing(None)
        assert fitness.fault() == UNFIT.detail
