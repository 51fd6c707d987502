"""Workers, and the state of what they depend on, as a user sees them."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version

import pytest
from sqlalchemy import update

from muscope.backend.db import migrate
from muscope.backend.db.machines import workers as worker_rows
from muscope.backend.db.schema.tables import LOCAL_OWNER, ExperimentRow, PrincipalRow, WorkerRow
from muscope.backend.errors import Unavailable, as_stored
from muscope.backend.services.status import get_status
from muscope.backend.services.workers import fresh_workers, list_workers, notes_of_workers
from tests.backend.db.stores import NOW, add_experiment, add_worker, change_cell, one_cell, take

THIS = version("muscope")


def workers_of(context, **wishes):
    return list_workers(context, LOCAL_OWNER, **wishes)


def rename(database, experiment_id, **fields):
    with database.write() as session:
        row = session.get_one(ExperimentRow, experiment_id)
        for name, value in fields.items():
            setattr(row, name, value)


@pytest.mark.parametrize(
    ("seconds", "usual", "with_lost"),
    [(60, [("cpu@a", False)], [("cpu@a", False)]), (61, [], [("cpu@a", True)]), (86_401, [], [])],
)
def test_a_worker_that_fell_silent_is_lost_for_a_day(context, database, clock, seconds, usual, with_lost):
    add_worker(database, "cpu@a", now=NOW)
    clock.now = NOW + timedelta(seconds=seconds)

    shown = [
        [(each.name, each.is_lost) for each in workers_of(context, with_lost=wish)] for wish in (False, True)
    ]

    assert shown == [usual, with_lost]


def test_living_workers_come_before_lost_ones(context, database, clock):
    add_worker(database, "cpu@a", now=NOW)
    clock.now = NOW + timedelta(hours=1)
    add_worker(database, "cpu@b", now=clock.now)

    assert [each.host for each in workers_of(context, with_lost=True)] == ["b", "a"]


@pytest.mark.parametrize(("runs", "is_other"), [(THIS, False), ("0.0.1", True), (None, True)])
def test_a_worker_of_another_version_is_marked(context, database, runs, is_other):
    add_worker(database, version=runs)

    (worker,) = workers_of(context)

    assert (worker.version, worker.is_other_version) == (runs, is_other)


def test_a_worker_trains_the_cells_that_its_host_holds(context, database):
    add_worker(database, "cpu@a.example")
    add_worker(database, "cpu@b")
    experiment_id, cells = add_experiment(database)
    for place, cell_id in enumerate(cells[:3]):
        take(database, cell_id, owner=f"{'b' if place == 2 else 'a.example'}:{place}")

    found = {
        each.host: [(one.experiment_id, one.num_cells) for one in each.trains] for each in workers_of(context)
    }

    assert found == {"a.example": [(experiment_id, 2)], "b": [(experiment_id, 1)]}


def test_nodes_of_one_host_are_told_apart_by_their_device(context, database):
    add_worker(database, "cpu@a")
    add_worker(database, "cuda-0@a", device="cuda")
    cell_id = one_cell(database)
    take(database, cell_id, owner="a:1")
    change_cell(database, cell_id, environment={"device": "cuda"})

    assert {each.name: len(each.trains) for each in workers_of(context)} == {"cpu@a": 0, "cuda-0@a": 1}


def test_experiments_of_others_have_no_name(context, database):
    add_worker(database, "cpu@a")
    experiment_id, (cell_id, *_) = add_experiment(database)
    take(database, cell_id, owner="a:1")
    with database.write() as session:
        session.add(PrincipalRow(id="another", name="another"))
    rename(database, experiment_id, owner_id="another")

    (worker,) = workers_of(context)
    (waiting,) = get_status(context, LOCAL_OWNER, "en").queue

    assert [(each.experiment_id, each.name) for each in worker.trains] == [(None, None)]
    assert (waiting.id, waiting.name, waiting.is_running) == (None, None, True)


def test_the_queue_tells_who_is_ahead_and_when_the_others_start(context, database):
    add_worker(database)
    for place, name in enumerate(("first", "second")):
        experiment_id, cells = add_experiment(database)
        rename(database, experiment_id, name=name, created_at=NOW + timedelta(seconds=place))
        for cell_id in cells:
            change_cell(
                database, cell_id, dispatched_at=NOW + timedelta(seconds=place), predicted_seconds=100
            )
        if name == "first":
            take(database, cells[0])

    status = get_status(context, LOCAL_OWNER, "en")

    assert [(each.name, each.is_running) for each in status.queue] == [("first", True), ("second", False)]
    assert status.num_open == 2
    assert status.queue[0].expected_start is None
    assert status.queue[1].expected_start is not None
    assert status.queue[1].expected_start > NOW


def test_without_a_worker_no_start_is_promised(context, database):
    add_experiment(database)

    (waiting,) = get_status(context, LOCAL_OWNER, "en").queue

    assert (waiting.is_running, waiting.expected_start) == (False, None)


def test_everything_is_ready_and_the_disk_has_room(context):
    status = get_status(context, LOCAL_OWNER, "en")

    assert (status.is_ready, status.version) == (True, THIS)
    assert [(check.name, check.is_ok) for check in status.checks] == [
        ("disk", True),
        ("database", True),
        ("broker", True),
    ]
    assert status.disk is not None
    assert 0 < status.disk.free_bytes <= status.disk.total_bytes


@pytest.mark.parametrize(("language", "words"), [("en", "broker"), ("ja", "ブローカー")])
def test_a_broker_that_is_away_is_told_in_words(context, notices, language, words):
    notices.is_away = True

    status = get_status(context, LOCAL_OWNER, language)

    (fault,) = [check for check in status.checks if not check.is_ok]
    assert (status.is_ready, fault.name, fault.code) == (False, "broker", "system.broker_away")
    assert words in (fault.message or "")


@pytest.mark.parametrize(("language", "words"), [("en", "takes no cells"), ("ja", "引き受けていません")])
def test_a_worker_that_computes_wrongly_is_told_and_is_no_capacity(context, database, language, words):
    add_worker(database, "cpu@good", now=NOW)
    add_worker(database, "cpu@bad", now=NOW)
    with database.write() as session:
        worker_rows.touch(session, "cpu@bad", now=NOW, fault="train_loss 2 != 1")

    status = get_status(context, LOCAL_OWNER, language)

    (fault,) = [check for check in status.checks if not check.is_ok]
    assert (fault.name, fault.code) == ("workers", "worker.unfit")
    for told in (words, "cpu@bad", "train_loss 2 != 1"):
        assert told in (fault.message or "")
    assert {each.host: each.fault for each in workers_of(context)} == {
        "good": None,
        "bad": "train_loss 2 != 1",
    }
    with database.read() as session:
        assert [row.name for row in fresh_workers(context, session)] == ["cpu@good"]


@pytest.mark.parametrize(("language", "words"), [("en", "clock differs"), ("ja", "時計が")])
def test_every_unfit_worker_and_every_other_version_is_named(context, database, language, words):
    for name in ("cpu@bad", "cpu@late", "cpu@old"):
        add_worker(database, name, now=NOW)
    late = Unavailable("worker.clock", names="cpu@late", seconds=-400)
    with database.write() as session:
        worker_rows.touch(session, "cpu@bad", now=NOW, fault="train_loss 2 != 1")
        worker_rows.touch(session, "cpu@late", now=NOW, fault=as_stored(late))
        session.execute(update(WorkerRow).values(version=THIS))
        session.execute(update(WorkerRow).where(WorkerRow.name == "cpu@old").values(version="0.0.1"))

    notes = notes_of_workers(context)

    assert [(note.code, note.params["names"]) for note in notes] == [
        ("worker.unfit", "cpu@bad"),
        ("worker.clock", "cpu@late"),
        ("worker.other_version", "cpu@old"),
    ]
    faults = {each.name: each.fault or "" for each in list_workers(context, LOCAL_OWNER, language=language)}
    assert words in faults["cpu@late"]
    assert faults["cpu@old"] == ""
    told = [each for each in get_status(context, LOCAL_OWNER, language).checks if not each.is_ok]
    assert [each.code for each in told] == ["worker.unfit", "worker.clock"]


def test_a_worker_that_was_started_again_is_trusted_again(context, database):
    add_worker(database, "cpu@a", now=NOW)
    with database.write() as session:
        worker_rows.touch(session, "cpu@a", now=NOW, fault="train_loss 2 != 1")
    add_worker(database, "cpu@a", now=NOW)

    assert all(check.is_ok for check in get_status(context, LOCAL_OWNER, "en").checks)


def test_a_database_of_another_version_is_told(context, database):
    migrate.downgrade(database, "0011")

    status = get_status(context, LOCAL_OWNER, "en")

    faults = {check.name: check.code for check in status.checks if not check.is_ok}
    assert faults == {"database": "system.other_schema"}


def test_the_command_that_starts_a_worker_names_the_folder_of_the_data(context, tmp_path):
    folder = tmp_path / "our data"
    settings = context.settings.model_copy(update={"data": folder})

    command = get_status(replace(context, settings=settings), LOCAL_OWNER, "en").start_command

    variable, *words = shlex.split(command)
    assert (variable, words) == (f"MUSCOPE_DATA={folder}", ["muscope", "worker"])


def test_the_command_never_holds_the_password_of_a_database(context):
    settings = context.settings.model_copy(update={"database_url": "postgresql://us:secret@there/muscope"})

    status = get_status(replace(context, settings=settings), LOCAL_OWNER, "en")

    assert status.start_command == "muscope worker"
