"""Uploads in pieces: what is on the disk, what counts, who may read it, and when it goes."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections import namedtuple
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER, PrincipalRow
from muscope.backend.errors import Conflict, NotFound, StorageFull
from muscope.backend.ingest import progress
from muscope.backend.ingest.manifest import IngestLimits, IngestOptions
from muscope.backend.services.conduct.rounds import PulseWatch, conduct_round
from muscope.backend.services.datasets import child_reader
from muscope.backend.services.datasets import store as datasets
from muscope.backend.services.uploads import files, store, usage
from muscope.backend.services.uploads.sweep import LEFTOVER_SECONDS, sweep_uploads
from muscope.backend.services.uploads.writing import begin_piece

CSV = b"size,weight,kind\n" + b"".join(b"%d,%d,%c\n" % (i, i * 7 % 11, b"abc"[i % 3]) for i in range(60))
SIZE = len(CSV)
OTHER = "other"


@pytest.fixture
def context(context):
    with context.database.write() as session:
        session.add(PrincipalRow(id=OTHER, name=OTHER))
    return context


def announced(context, size=SIZE, owner=LOCAL_OWNER) -> UUID:
    return store.open_upload(context, owner, "shop.csv", size).id


def add(context, upload_id, offset, block, owner=LOCAL_OWNER):
    piece = begin_piece(context, owner, upload_id, offset, announced=len(block))
    piece.take(block)
    piece.finish()


def uploaded(context, content=CSV, owner=LOCAL_OWNER) -> UUID:
    upload_id = announced(context, len(content), owner)
    add(context, upload_id, 0, content, owner)
    return upload_id


def stored(context, content=CSV, owner=LOCAL_OWNER):
    upload_id = uploaded(context, content, owner)
    return datasets.store_upload(context, owner, upload_id, "shop.csv", IngestOptions()).dataset


def upload_files(context):
    folder = context.settings.upload_folder
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def blobs(context):
    return sorted(path.parent.name + path.name for path in context.settings.blob_folder.glob("??/*"))


def with_settings(context, **changes):
    return replace(context, settings=context.settings.model_copy(update=changes))


def full_disk(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_bytes_that_were_written_but_not_counted_are_cut_off(context):
    upload_id = announced(context)
    add(context, upload_id, 0, CSV[:100])
    with files.upload_path(context, upload_id).open("ab") as file:
        file.write(b"of a process that was killed")

    add(context, upload_id, 100, CSV[100:])

    assert files.upload_path(context, upload_id).read_bytes() == CSV


def test_a_file_with_bytes_missing_is_filled_from_what_counts(context):
    upload_id = announced(context)
    add(context, upload_id, 0, CSV[:100])

    with pytest.raises(Conflict, match=r"upload\.offset"):
        begin_piece(context, LOCAL_OWNER, upload_id, 99, announced=None)


def test_the_older_request_ends_when_a_newer_one_has_taken_over(context):
    upload_id = announced(context)
    older = begin_piece(context, LOCAL_OWNER, upload_id, 0, announced=None)
    older.take(CSV[:10])
    newer = begin_piece(context, LOCAL_OWNER, upload_id, 10, announced=None)

    with pytest.raises(Conflict, match=r"upload\.overtaken"):
        older.take(b"late")
    newer.take(CSV[10:])

    assert files.upload_path(context, upload_id).read_bytes() == CSV


def test_a_disk_that_fills_up_refuses_and_keeps_nothing(context, monkeypatch):
    upload_id = announced(context)
    add(context, upload_id, 0, CSV[:100])
    piece = begin_piece(context, LOCAL_OWNER, upload_id, 100, announced=None)
    monkeypatch.setattr(os, "pwrite", full_disk)

    with pytest.raises(StorageFull, match=r"storage\.full"):
        piece.take(CSV[100:])

    assert upload_files(context) == []
    assert store.list_uploads(context, LOCAL_OWNER) == []
    assert usage.get_usage(context, LOCAL_OWNER).used_bytes == 0


def test_a_full_disk_is_found_before_a_byte_is_taken(context, monkeypatch):
    disk = namedtuple("disk", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: disk(10**9, 10**9 - 3000, 3000))

    with pytest.raises(StorageFull, match=r"storage\.full"):
        announced(context, 2000)

    announced(context, 1000)


def test_a_full_disk_at_the_end_leaves_the_upload_and_nothing_else(context, monkeypatch):
    upload_id = uploaded(context)
    put = context.blobs.put
    monkeypatch.setattr(
        context.blobs, "put", lambda path: put(path) if path.name == datasets.ARRAYS else full_disk()
    )

    with pytest.raises(OSError, match="No space"):
        datasets.store_upload(context, LOCAL_OWNER, upload_id, "shop.csv", IngestOptions())

    assert blobs(context) == []
    assert list(context.settings.scratch_folder.iterdir()) == []
    assert store.get_upload(context, LOCAL_OWNER, upload_id).state == "received"


def test_a_user_over_the_quota_is_told_what_is_used_and_what_is_largest(context):
    dataset = stored(context)
    used = dataset.source_bytes + dataset.arrays_bytes
    context = with_settings(context, user_quota_bytes=used + 1000)
    first = announced(context, 900)

    with pytest.raises(StorageFull, match=r"storage\.user_quota") as refused:
        announced(context, 101)

    assert refused.value.code == "storage.user_quota"
    assert refused.value.params["name"] == "shop.csv"
    assert refused.value.params["limit_mib"] == round((used + 1000) / 2**20, 1)
    assert upload_files(context) == [first.hex]
    store.remove_upload(context, LOCAL_OWNER, first)
    announced(context, 101)


def test_open_uploads_alone_can_fill_a_quota(context):
    context = with_settings(context, user_quota_bytes=1000)
    announced(context, 900)

    with pytest.raises(StorageFull) as refused:
        announced(context, 101)

    assert refused.value.code == "storage.user_quota_uploads"


def test_all_users_share_the_total_quota(context):
    context = with_settings(context, total_quota_bytes=1000)
    announced(context, 900, OTHER)

    with pytest.raises(StorageFull) as refused:
        announced(context, 101)

    assert refused.value.code == "storage.total_quota"
    announced(context, 100)


def test_arrays_over_the_quota_are_not_stored_and_the_upload_stays(context):
    upload_id = uploaded(context)
    tight = with_settings(context, user_quota_bytes=len(CSV) + 10)

    with pytest.raises(StorageFull):
        datasets.store_upload(tight, LOCAL_OWNER, upload_id, "shop.csv", IngestOptions())

    assert blobs(context) == []
    assert datasets.list_datasets(context, LOCAL_OWNER, limit=9) == []
    assert store.get_upload(context, LOCAL_OWNER, upload_id).state == "received"
    assert datasets.store_upload(context, LOCAL_OWNER, upload_id, "shop.csv", IngestOptions()).is_new
    assert upload_files(context) == []


def test_a_deleted_dataset_gives_its_bytes_back(context):
    dataset = stored(context)
    used = usage.get_usage(context, LOCAL_OWNER)
    assert (used.used_bytes, used.uploads_bytes) == (dataset.source_bytes + dataset.arrays_bytes, 0)

    datasets.delete_dataset(context, LOCAL_OWNER, dataset.id)

    assert usage.get_usage(context, LOCAL_OWNER).used_bytes == 0
    assert blobs(context) == []


def test_variants_share_their_source_which_counts_once(context):
    dataset = stored(context)
    variant = datasets.store_variant(context, LOCAL_OWNER, dataset.id, IngestOptions(label="weight")).dataset

    used = usage.get_usage(context, LOCAL_OWNER).used_bytes

    assert used == len(CSV) + dataset.arrays_bytes + variant.arrays_bytes


def test_a_file_of_two_owners_stays_for_the_other(context):
    mine, theirs = stored(context), stored(context, owner=OTHER)
    assert len(blobs(context)) == 2

    datasets.delete_dataset(context, LOCAL_OWNER, mine.id)

    assert len(blobs(context)) == 2
    assert context.blobs.path(hashlib.sha256(CSV).hexdigest()).read_bytes() == CSV
    datasets.delete_dataset(context, OTHER, theirs.id)
    assert blobs(context) == []


def test_a_file_that_vanished_before_it_was_recorded_is_not_recorded(context, monkeypatch):
    upload_id = uploaded(context)
    monkeypatch.setattr(context.blobs, "exists", lambda _: False)

    with pytest.raises(Exception, match=r"dataset\.file_missing"):
        datasets.store_upload(context, LOCAL_OWNER, upload_id, "shop.csv", IngestOptions())

    assert datasets.list_datasets(context, LOCAL_OWNER, limit=9) == []
    assert store.get_upload(context, LOCAL_OWNER, upload_id).state == "received"


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
