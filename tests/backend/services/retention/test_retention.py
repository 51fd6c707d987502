"""Deletion of what is older than the operator keeps it, on a real database with a clock of the test."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from muscope.backend.accounts.roles import Role
from muscope.backend.db import tags
from muscope.backend.db.schema.account_tables import AuditRow, UserRow
from muscope.backend.db.schema.tables import (
    LOCAL_OWNER,
    CellRow,
    DatasetRow,
    ExperimentRow,
    UploadRow,
)
from muscope.backend.domain.lifecycle import CellState, ExperimentState
from muscope.backend.services.accounts.audit import COMMAND_LINE, list_entries, record
from muscope.backend.services.experiments.store import delete_experiment
from muscope.backend.services.retention import applying
from muscope.backend.services.retention.applying import delete_expired
from muscope.backend.services.retention.daily import DailyRetention
from muscope.backend.services.retention.finding import Rule, find_expired
from muscope.backend.services.uploads.store import open_upload
from tests.backend.db.stores import NOW, add_dataset, add_experiment

DAY = timedelta(days=1)
OLD = NOW - 31 * DAY
RULE = Rule(before=NOW - 30 * DAY)


def ended(database, at=OLD):
    """Store an experiment that ended at a moment, with a dataset stored then; return both ids."""
    experiment_id, _ = add_experiment(database)
    with database.write() as session:
        session.execute(
            update(ExperimentRow)
            .where(ExperimentRow.id == experiment_id)
            .values(state=ExperimentState.COMPLETED, finished_at=at, created_at=at)
        )
        session.execute(
            update(CellRow).where(CellRow.experiment_id == experiment_id).values(state=CellState.COMPLETED)
        )
        dataset_id = session.get_one(ExperimentRow, experiment_id).dataset_id
        session.execute(update(DatasetRow).where(DatasetRow.id == dataset_id).values(created_at=at))
    return experiment_id, dataset_id


def left(database, table):
    with database.read() as session:
        return set(session.scalars(select(table.id)))


def tag(database, experiment_id, name):
    with database.write() as session:
        tags.add(session, [experiment_id], [name])


def add_user(database, name, role, principal=LOCAL_OWNER):
    with database.write() as session:
        session.add(
            UserRow(id=uuid4(), name=name, principal_id=principal, role=role, created_at=NOW, is_active=True)
        )


def entries(context):
    return [(each.action, each.subject) for each in list_entries(context, before=None, limit=100).entries]


def test_what_ended_long_ago_goes_with_its_data_and_what_is_newer_stays(context, database):
    old_experiment, old_dataset = ended(database)
    new_experiment, new_dataset = ended(database, at=NOW - 29 * DAY)
    deleted = delete_expired(context, COMMAND_LINE, RULE)
    assert deleted == {"experiments": 1, "datasets": 1, "sweeps": 0, "uploads": 0, "audit_entries": 0}
    assert left(database, ExperimentRow) == {new_experiment}
    assert left(database, DatasetRow) == {new_dataset}
    assert entries(context) == [
        ("retention.datasets", str(old_dataset)),
        ("retention.experiments", str(old_experiment)),
    ]


def test_looking_deletes_nothing(database):
    ended(database)
    with database.read() as session:
        assert find_expired(session, RULE).counts["experiments"] == 1
    assert len(left(database, ExperimentRow)) == 1


def test_what_runs_is_never_old(context, database):
    experiment_id, _ = add_experiment(database)
    with database.write() as session:
        session.execute(update(ExperimentRow).values(created_at=OLD))
        session.execute(update(DatasetRow).values(created_at=OLD))
    assert sum(delete_expired(context, COMMAND_LINE, RULE).values()) == 0
    assert left(database, ExperimentRow) == {experiment_id}


def test_cells_that_still_stop_keep_their_experiment(context, database):
    experiment_id, _ = ended(database)
    with database.write() as session:
        session.execute(update(CellRow).values(state=CellState.RUNNING))
    assert delete_expired(context, COMMAND_LINE, RULE)["experiments"] == 0
    assert left(database, ExperimentRow) == {experiment_id}


def test_the_tag_keep_protects_an_experiment_and_its_data(context, database):
    kept, dataset_id = ended(database)
    ended(database)
    tag(database, kept, "Keep")
    assert delete_expired(context, COMMAND_LINE, RULE)["experiments"] == 1
    assert (left(database, ExperimentRow), left(database, DatasetRow)) == ({kept}, {dataset_id})


def test_a_tag_given_at_the_last_moment_counts(context, database, monkeypatch):
    kept, _ = ended(database)

    def tag_first(*arguments, **others):
        tag(database, kept, "keep")
        delete_experiment(*arguments, **others)

    monkeypatch.setattr(applying, "delete_experiment", tag_first)
    assert delete_expired(context, COMMAND_LINE, RULE)["experiments"] == 0
    assert left(database, ExperimentRow) == {kept}


def test_what_viewers_are_shown_goes_only_on_demand(context, database):
    add_user(database, "boss", Role.ADMIN)
    ended(database)
    with database.read() as session:
        assert find_expired(session, RULE).num_shown == 0
    add_user(database, "reader", Role.VIEWER)
    with database.read() as session:
        # The dataset is used by the experiment that stays.
        assert find_expired(session, RULE).num_shown == 1
    assert delete_expired(context, COMMAND_LINE, RULE)["experiments"] == 0
    with_shown = replace(RULE, with_shown=True)
    assert delete_expired(context, COMMAND_LINE, with_shown)["experiments"] == 1


def test_data_that_a_newer_experiment_uses_stays(context, database):
    _, dataset_id = ended(database)
    newer, _ = ended(database, at=NOW - DAY)
    with database.write() as session:
        session.execute(update(ExperimentRow).where(ExperimentRow.id == newer).values(dataset_id=dataset_id))
        session.execute(update(DatasetRow).values(created_at=OLD))
    delete_expired(context, COMMAND_LINE, RULE)
    assert left(database, ExperimentRow) == {newer}
    assert left(database, DatasetRow) == {dataset_id}


def test_an_old_dataset_that_nothing_uses_and_an_old_upload_go_with_their_files(context, database, tmp_path):
    source = tmp_path / "arrays"
    source.write_bytes(b"confidential")
    blob = context.blobs.put(source)
    add_dataset(database, created_at=OLD, arrays_sha256=blob.sha256)
    upload = open_upload(context, LOCAL_OWNER, "half.csv", 10)
    with database.write() as session:
        session.execute(update(UploadRow).values(created_at=OLD))
    deleted = delete_expired(context, COMMAND_LINE, RULE)
    assert (deleted["datasets"], deleted["uploads"]) == (1, 1)
    assert not context.blobs.exists(blob.sha256)
    assert not (context.settings.upload_folder / upload.id.hex).exists()


def note(context, clock, action, at):
    clock.now = at
    with context.database.write() as session:
        record(context, session, COMMAND_LINE, action, "something")


def test_old_entries_of_the_audit_log_go_and_the_chain_of_the_rest_still_holds(context, clock, database):
    for number in range(3):
        note(context, clock, f"old.{number}", OLD + number * timedelta(hours=1))
    note(context, clock, "new", NOW - DAY)
    clock.now = NOW
    assert delete_expired(context, COMMAND_LINE, RULE)["audit_entries"] == 3
    page = list_entries(context, before=None, limit=10)
    assert [each.action for each in page.entries] == ["retention.audit_entries", "new"]
    assert page.is_unbroken
    with database.write() as session:
        session.delete(session.scalars(select(AuditRow).order_by(AuditRow.id)).first())
    assert not list_entries(context, before=None, limit=10).is_unbroken


def test_entries_about_removed_entries_make_no_further_ones(context, clock):
    note(context, clock, "old", OLD)
    clock.now = NOW
    assert delete_expired(context, COMMAND_LINE, RULE)["audit_entries"] == 1
    clock.now = NOW + 40 * DAY
    assert delete_expired(context, COMMAND_LINE, Rule(before=clock.now - 30 * DAY))["audit_entries"] == 0
    assert list_entries(context, before=None, limit=10).is_unbroken


class Ticks:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def timer(context, clock):
    """A day of 24 looks, one an hour by both clocks; returns how often something was deleted."""
    ticks = Ticks()
    daily = DailyRetention(monotonic=ticks)

    def hours(count, *, days=30, jump=timedelta(0)):
        used = replace(context, settings=context.settings.model_copy(update={"keep_days": days}))
        clock.now += jump
        ran = []
        for _ in range(count):
            clock.now += timedelta(hours=1)
            ticks.now += 3600.0
            ran.append(daily.run_if_due(used))
        return ran

    return hours


def test_the_conductor_deletes_once_a_day_after_an_hour_of_agreeing_clocks(timer, database):
    ended(database)
    assert timer(1) == [False]
    assert timer(25) == [True, *[False] * 23, True]
    assert left(database, ExperimentRow) == set()


def test_without_the_setting_everything_is_kept(timer, database):
    experiment_id, _ = ended(database)
    assert not any(timer(50, days=None))
    assert left(database, ExperimentRow) == {experiment_id}


def test_a_clock_that_jumped_ahead_makes_nothing_old(timer, database):
    experiment_id, _ = ended(database, at=NOW - DAY)
    assert timer(1) == [False]
    assert timer(1, jump=3650 * DAY) == [False]
    assert timer(1, jump=-3650 * DAY) == [False]
    assert timer(1) == [True]
    assert left(database, ExperimentRow) == {experiment_id}
