"""A cell, its supervisor's context, and a child that plays a script instead of training."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import update

from muscope.backend.db import cells, claims
from muscope.backend.db.claims import Claim
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.lifecycle import CellState, FailureClass
from muscope.backend.errors import Unavailable
from muscope.backend.settings import Settings
from muscope.worker.messages import Event, Reply, Request
from muscope.worker.node.supervisor import Ending, SupervisorContext, supervise
from muscope.worker.node.training_process import TrainingProcess
from tests.backend.db.stores import NOW, add_experiment, cell_row, take
from tests.backend.services.fakes import FakeNotices

SETTINGS = Settings(
    heartbeat_seconds=5, heartbeat_give_up_seconds=20, cancel_grace_seconds=10, stall_seconds=300
)
BORED_AFTER = 5000


class Seconds:
    """A monotonic clock that only listening to the child moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class FakeChild(TrainingProcess):
    """Plays a script: replies are said, functions are called, None is a while of silence."""

    def __init__(self, clock: Seconds, script: list[Reply | Callable[[], object] | None]) -> None:
        self._clock = clock
        self._script = list(script)
        self._looks = 0
        self.asked: list[Request] = []
        self.own_code: str | None = None
        self.num_kills = 0
        self.died: tuple[FailureClass, str] | None = None
        self.exits_with = -9
        self._is_ready = True

    def send(self, request: Request, *, own_code: str | None = None) -> None:
        self.asked.append(request)
        self.own_code = own_code

    def receive(self, *, wait_seconds: float) -> Reply | None:
        self._looks += 1
        assert self._looks < BORED_AFTER, "the supervisor never ends"
        self._clock.now += wait_seconds
        step = self._script.pop(0) if self._script else None
        if step is None or isinstance(step, Reply):
            return step
        step()
        return None

    @property
    def exit_code(self) -> int | None:
        return None if self.died is None else self.exits_with

    def failure(self) -> tuple[FailureClass, str]:
        assert self.died is not None
        return self.died

    def kill(self) -> None:
        self.num_kills += 1


class Stage:
    """One cell, its supervisor's context, and a child that plays a script."""

    VERSION = "ab" * 32

    def __init__(self, database) -> None:
        self.held: frozenset[str] = frozenset()
        self.database = database
        self.experiment_id, (self.cell_id, *_) = add_experiment(database)
        self.clock = Seconds()
        self.notices = FakeNotices()
        self.is_stopping = False
        self.clock_set_by = timedelta()  # what the wall clock was moved by, which no monotonic clock feels
        self.child = FakeChild(self.clock, [])

    def play(self, *script: Reply | Callable[[], object] | None, database=None) -> Ending:
        self.child = FakeChild(self.clock, list(script))
        context = SupervisorContext(
            settings=SETTINGS,
            database=database or self.database,
            notices=self.notices,
            owner="host:1",
            now=lambda: NOW + timedelta(seconds=self.clock.now) + self.clock_set_by,
            monotonic=self.clock,
            is_stopping=lambda: self.is_stopping,
            held=lambda: self.held,
        )
        return supervise(self.cell_id, self.child, context)

    def reply(self, event: Event, **fields) -> Reply:
        return Reply(event=event, cell_id=self.cell_id, **fields)

    def window(self, step: int) -> Reply:
        return self.reply(Event.WINDOW, step=step)

    @property
    def row(self):
        return cell_row(self.database, self.cell_id)

    @property
    def claim(self) -> Claim:
        return Claim(self.cell_id, self.row.fence)

    def write(self, function, *args, **kwargs):
        with self.database.write() as session:
            return function(session, *args, **kwargs)

    def bring_own_model(self) -> None:
        """Make the experiment one of a brought model, which this node holds."""
        values = {"model_sha256": self.VERSION}
        statement = update(ExperimentRow).where(ExperimentRow.id == self.experiment_id).values(**values)
        self.write(lambda session: session.execute(statement))
        self.held = frozenset({self.VERSION})

    def finish(self) -> None:
        self.write(claims.finish, self.claim, CellState.COMPLETED, now=NOW)

    def cancel(self) -> None:
        self.write(cells.cancel, self.experiment_id, now=NOW)

    def take_over(self) -> None:
        self.write(claims.release, self.claim, now=NOW)
        take(self.database, self.cell_id, owner="other")

    def stop(self) -> None:
        self.is_stopping = True

    def die(self) -> None:
        self.child.died = (FailureClass.OOM, "killed by SIGKILL: out of memory")


class OutageAfterClaim:
    """A database that goes away after its first transaction until `is_back`; a try takes `seconds`."""

    def __init__(self, database, clock: Seconds, *, seconds: float = 0.0) -> None:
        self._database = database
        self._clock = clock
        self._seconds = seconds
        self.num_tries = 0
        self.is_back = False

    def read(self):
        return self._database.read()

    def write(self):
        self.num_tries += 1
        if self.num_tries == 1 or self.is_back:
            return self._database.write()
        self._clock.now += self._seconds
        raise Unavailable("database.unavailable", detail="gone")
