"""Uploads in pieces: what counts, what a full disk leaves, and one reader at a time."""

from __future__ import annotations

import errno
import os
import shutil
from collections import namedtuple

import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.errors import Conflict, StorageFull
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.services.datasets import store as datasets
from muscope.backend.services.uploads import files, store, usage
from muscope.backend.services.uploads.writing import begin_piece
from tests.backend.services.uploads.uploading import (
    CSV,
    add,
    announced,
    blobs,
    upload_files,
    uploaded,
)


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
