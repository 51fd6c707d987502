"""Blobs that no row names: removed when they are old, whatever happens meanwhile, and never others."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from muscope.backend.arrays import write_arrays
from muscope.backend.db.retention.blobs import BLOB_COLUMNS
from muscope.backend.db.schema.base import Base
from muscope.backend.db.schema.model_table import WorkerModelRow
from muscope.backend.db.schema.tables import LOCAL_OWNER, CheckpointRow
from muscope.backend.errors import Unavailable
from muscope.backend.ingest.manifest import Manifest
from muscope.backend.services.datasets.store import store_read
from muscope.backend.services.retention.unused_blobs import (
    SECONDS_BETWEEN_PARTS,
    UNUSED_FOR,
    UnusedBlobs,
    delete_unused,
)
from muscope.backend.storage.blobs.folder import STARTS, Blob
from tests.backend.db.stores import NOW, PROFILE, add_dataset, add_worker
from tests.backend.domain.specs import SHAPE
from tests.crashes import CrashingBlobs, Failpoints, Killed

# Columns of sha256 that name no blob.
OTHERS = {
    "experiment.spec_sha256",
    "experiment.model_sha256",
    "idempotency_key.body_sha256",
    "verdict.thresholds_sha256",
    "verdict.spec_sha256",
    "calibration.device_sha256",
    "worker_model.sha256",
    "login_session.secret_sha256",
    "sign_in_link.secret_sha256",
    "audit_entry.sha256",
    "api_token.secret_sha256",
    "provider_login.secret_sha256",
    "sweep.source_sha256",
}
LATER = UNUSED_FOR + timedelta(hours=1)


@pytest.fixture
def put(context, tmp_path):
    """Store bytes as a blob; returns its address."""

    def store(content: bytes = b"content") -> str:
        path = tmp_path / uuid4().hex
        path.write_bytes(content)
        blob: Blob = context.blobs.put(path)
        return blob.sha256

    return store


@pytest.fixture
def pass_over(context, clock):
    """Look at every part, a time after now; returns the number of blobs that went."""

    def look(after: timedelta = LATER, **changes) -> int:
        clock.now = datetime.now(UTC) + after
        return sum(delete_unused(replace(context, **changes), start) for start in STARTS)

    return look


def keep(path, content=b"content"):
    path.write_bytes(content)
    return path


@pytest.mark.both_databases
def test_only_old_blobs_without_a_row_go(context, put, pass_over, database, caplog):
    caplog.set_level(logging.INFO)
    orphan = put(b"orphan")
    arrays, source, of_model, of_cell = (put(each) for each in (b"arrays", b"source", b"model", b"cell"))
    add_dataset(database, arrays_sha256=arrays, source_sha256=source)
    add_worker(database, "host:1")
    with database.write() as session:
        session.add(
            WorkerModelRow(
                worker="host:1", network="own", sha256="f" * 64, arrays_sha256=of_model, announced_at=NOW
            )
        )
        session.add(CheckpointRow(cell_id=uuid4(), sha256=of_cell, step=1, is_complete=False))

    assert pass_over(timedelta(hours=23)) == 0
    assert pass_over() == 1

    assert [context.blobs.exists(each) for each in (orphan, arrays, source, of_model, of_cell)] == [
        False,
        True,
        True,
        True,
        True,
    ]
    assert f"removed the blob {orphan} of 6 bytes, which nothing refers to" in caplog.text


def test_every_column_of_a_sha256_names_a_blob_or_is_known_not_to():
    named = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("sha256")
    }
    assert {f"{each.class_.__tablename__}.{each.key}" for each in BLOB_COLUMNS} == named - OTHERS


def test_a_dataset_whose_process_died_before_its_commit_leaves_blobs_that_go_later(
    context, pass_over, tmp_path
):
    crashing = replace(context, blobs=CrashingBlobs(context.blobs, Failpoints(at=3)))
    write_arrays(tmp_path / "arrays", {}, {})
    source = keep(tmp_path / "source")
    manifest = Manifest(shape=SHAPE, profile=PROFILE)
    with pytest.raises(Killed):
        store_read(crashing, LOCAL_OWNER, "toys", manifest, tmp_path / "arrays", source)
    left = [each for start in STARTS for each in context.blobs.addresses(start)]

    assert len(left) == 2
    assert (pass_over(timedelta(0)), pass_over(), pass_over()) == (0, 2, 0)
    assert not any(map(context.blobs.exists, left))


def test_a_blob_that_is_put_again_is_young_again(context, put, pass_over):
    sha256 = put()
    path = context.blobs.path(sha256)
    set_age(path, 2 * UNUSED_FOR)
    put()
    assert pass_over(timedelta(0)) == 0
    set_age(path, 2 * UNUSED_FOR)
    assert pass_over(timedelta(0)) == 1


def test_a_row_committed_between_the_search_and_the_turn_keeps_its_blob(context, put, pass_over, database):
    sha256 = put()

    class CommittedFirst(CrashingBlobs):
        @contextmanager
        def in_turn(self) -> Iterator[None]:
            add_dataset(database, arrays_sha256=sha256)
            with context.blobs.in_turn():
                yield

    assert pass_over(blobs=CommittedFirst(context.blobs, Failpoints())) == 0
    assert context.blobs.exists(sha256)


def test_a_blob_put_again_while_it_is_removed_is_held(context, put, pass_over, monkeypatch):
    sha256 = put()
    set_age(context.blobs.path(sha256), 2 * UNUSED_FOR)
    path_type = type(context.blobs.path(sha256))
    rename = path_type.rename

    def put_first(path, target):
        monkeypatch.setattr(path_type, "rename", rename)
        put()
        return rename(path, target)

    monkeypatch.setattr(path_type, "rename", put_first)
    assert pass_over(timedelta(0)) == 0
    assert context.blobs.path(sha256).read_bytes() == b"content"


def test_a_file_cut_off_on_its_way_in_goes_after_a_day(context, clock):
    young, old = (context.settings.blob_folder / f"incoming-{age}" for age in ("young", "old"))
    young.parent.mkdir()
    set_age(keep(young), timedelta(hours=23))
    set_age(keep(old), timedelta(hours=25))
    clock.now = datetime.now(UTC)
    UnusedBlobs(monotonic=lambda: 0.0).run_if_due(context)
    assert (young.exists(), old.exists()) == (True, False)


def set_age(path, age):
    moment = (datetime.now(UTC) - age).timestamp()
    os.utime(path, (moment, moment))


class Seen:
    """Blobs that note which parts are listed, and are away when told."""

    def __init__(self, blobs):
        self._blobs = blobs
        self.parts: list[str] = []
        self.is_away = False

    def __getattr__(self, name):
        return getattr(self._blobs, name)

    def addresses(self, start):
        if self.is_away:
            raise Unavailable("blobs.unreachable", place="bucket", reason="gone")
        self.parts.append(start)
        return []


def test_the_conductor_lists_one_part_at_a_time_and_each_once_a_day(context):
    ticks, blobs = [0.0], Seen(context.blobs)
    seeing = replace(context, blobs=blobs)
    timer = UnusedBlobs(monotonic=lambda: ticks[0], first=254)

    def rounds(count):
        return sum(_tick(timer, seeing, ticks) for _ in range(count))

    assert rounds(3) == 3
    assert blobs.parts == ["fe", "ff", "00"]
    assert rounds(300) == 253
    assert sorted(blobs.parts) == sorted(STARTS)
    ticks[0] = 86_400.0
    assert rounds(1) == 1


def test_a_part_that_cannot_be_listed_is_listed_later(context):
    ticks, blobs = [0.0], Seen(context.blobs)
    seeing = replace(context, blobs=blobs)
    timer = UnusedBlobs(monotonic=lambda: ticks[0])
    blobs.is_away = True
    _tick(timer, seeing, ticks)
    blobs.is_away = False
    _tick(timer, seeing, ticks)
    assert blobs.parts == ["00"]


def _tick(timer, context, ticks):
    ran = timer.run_if_due(context)
    assert not timer.run_if_due(context)
    ticks[0] += SECONDS_BETWEEN_PARTS
    return ran
