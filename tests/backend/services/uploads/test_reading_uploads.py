"""Reading an upload: progress, cancelling, privacy, expiry."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from uuid import uuid4

import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.errors import Conflict, NotFound
from muscope.backend.ingest import progress
from muscope.backend.ingest.manifest import IngestLimits, IngestOptions
from muscope.backend.services.conduct.rounds import PulseWatch, conduct_round
from muscope.backend.services.datasets import child_reader
from muscope.backend.services.datasets import store as datasets
from muscope.backend.services.uploads import files, store, usage
from muscope.backend.services.uploads.sweep import LEFTOVER_SECONDS, sweep_uploads
from tests.backend.services.uploads.uploading import (
    CSV,
    add,
    announced,
    blobs,
    upload_files,
    uploaded,
)


def test_one_reader_at_a_time_and_its_progress_is_told(context, monkeypatch):
    upload_id = uploaded(context)
    monkeypatch.setattr(files, "LOCK_SECONDS", 0.0)

    with store.reading(context, LOCAL_OWNER, upload_id) as (_, reported):
        assert store.get_upload(context, LOCAL_OWNER, upload_id).read_share is None
        reported.write_text("25 100\n")
        seen = store.get_upload(context, LOCAL_OWNER, upload_id)
        with (
            pytest.raises(Conflict, match=r"upload\.being_read"),
            store.reading(context, LOCAL_OWNER, upload_id),
        ):
            raise AssertionError

    assert (seen.state, seen.read_share) == ("reading", 0.25)
    assert store.get_upload(context, LOCAL_OWNER, upload_id).state == "received"


def test_reading_stops_when_the_upload_is_cancelled(context, monkeypatch):
    upload_id = uploaded(context)
    watch = child_reader._watch

    def cancel_first(child, limits, source):
        store.remove_upload(context, LOCAL_OWNER, upload_id)
        return watch(child, limits, source)

    monkeypatch.setattr(child_reader, "_watch", cancel_first)

    with pytest.raises((Conflict, NotFound), match=r"upload\.(removed|not_found)"):
        datasets.store_upload(context, LOCAL_OWNER, upload_id, "shop.csv", IngestOptions())

    assert (upload_files(context), blobs(context)) == ([], [])


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o377])
def test_files_are_their_owners_alone_whatever_the_umask(context, umask):
    before = os.umask(umask)
    try:
        upload_id = uploaded(context)
        upload_mode = stat.S_IMODE(files.upload_path(context, upload_id).stat().st_mode)
        datasets.store_upload(context, LOCAL_OWNER, upload_id, "shop.csv", IngestOptions())
        with datasets.scratch(context) as folder:
            scratch_mode = stat.S_IMODE(folder.stat().st_mode)
    finally:
        os.umask(before)

    settings = context.settings
    folders = [settings.upload_folder, settings.scratch_folder, settings.blob_folder]
    folders += [path for path in settings.blob_folder.iterdir() if path.is_dir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in settings.blob_folder.glob("??/*")} == {0o400}
    assert upload_mode == 0o600
    assert scratch_mode & 0o077 == 0


def test_an_upload_to_which_nothing_is_added_expires(context, clock):
    upload_id = announced(context)
    keep = timedelta(seconds=context.settings.upload_keep_seconds)
    clock.now += keep / 2
    add(context, upload_id, 0, CSV[:10])
    clock.now += keep / 2
    sweep_uploads(context)
    assert store.get_upload(context, LOCAL_OWNER, upload_id).received_bytes == 10

    clock.now += keep / 2
    with pytest.raises(NotFound):
        store.get_upload(context, LOCAL_OWNER, upload_id)
    conduct_round(context, PulseWatch(lease_seconds=30, monotonic=lambda: 0.0))

    assert upload_files(context) == []
    assert usage.get_usage(context, LOCAL_OWNER).used_bytes == 0


def test_an_upload_that_is_being_read_does_not_expire(context, clock):
    upload_id = uploaded(context)

    with store.reading(context, LOCAL_OWNER, upload_id):
        clock.now += timedelta(seconds=2 * context.settings.upload_keep_seconds)
        sweep_uploads(context)
        assert upload_id.hex in upload_files(context)

    sweep_uploads(context)
    assert upload_files(context) == []


def test_what_killed_requests_left_behind_goes_after_a_day(context, clock):
    upload_id = announced(context)
    settings = context.settings
    settings.scratch_folder.mkdir(exist_ok=True)
    old, new = clock.now.timestamp() - LEFTOVER_SECONDS - 1, clock.now.timestamp()
    left = [settings.upload_folder / uuid4().hex, settings.scratch_folder / "tmpold"]
    fresh = [settings.upload_folder / uuid4().hex, settings.scratch_folder / "tmpnew"]
    for time, paths in ((old, left), (new, fresh)):
        paths[0].touch()
        paths[1].mkdir()
        (paths[1] / "upload").touch()
        for path in paths:
            os.utime(path, (time, time))
    os.utime(files.upload_path(context, upload_id), (old, old))

    sweep_uploads(context)

    assert [path.exists() for path in (*left, *fresh)] == [False, False, True, True]
    assert files.upload_path(context, upload_id).exists()


def test_the_child_reports_how_far_it_is(tmp_path, monkeypatch):
    path = tmp_path / "progress"
    monkeypatch.setattr(progress._Target, "descriptor", None)
    progress.report_progress(1, 2)  # nobody listens: nothing happens
    progress.write_progress_to(path)
    assert progress.read_progress(path) is None

    progress.report_progress(10, 100)
    assert progress.read_progress(path) == (10, 100)
    progress.report_progress(11, 100)  # too soon after the first
    assert progress.read_progress(path) == (10, 100)
    progress.report_progress(100, 100)

    assert progress.read_progress(path) == (100, 100)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_child_opens_the_file_of_its_progress_for_its_owner_only(tmp_path):
    source, reported = tmp_path / "upload", tmp_path / "progress"
    source.write_bytes(CSV)
    before = os.umask(0o000)
    try:
        child_reader.read_file(source, tmp_path / "arrays", progress=reported)
    finally:
        os.umask(before)

    assert {stat.S_IMODE(path.stat().st_mode) for path in (reported, tmp_path / "arrays")} == {0o600}


def test_a_large_file_may_be_read_for_longer_with_the_same_memory():
    small, large = IngestLimits.for_size(1000), IngestLimits.for_size(10**9)

    assert large.wall_seconds > 1000 > small.wall_seconds
    assert large.cpu_seconds > 1000 > small.cpu_seconds
    assert large.memory_bytes == small.memory_bytes
