"""Quotas, deletion and files that several owners share."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.errors import StorageFull
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.services.datasets import store as datasets
from muscope.backend.services.uploads import store, usage
from tests.backend.services.listed import listed_datasets
from tests.backend.services.uploads.uploading import (
    CSV,
    OTHER,
    announced,
    blobs,
    upload_files,
    uploaded,
)


def stored(context, content=CSV, owner=LOCAL_OWNER):
    upload_id = uploaded(context, content, owner)
    return datasets.store_upload(context, owner, upload_id, "shop.csv", IngestOptions()).dataset


def with_settings(context, **changes):
    return replace(context, settings=context.settings.model_copy(update=changes))


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
    assert listed_datasets(context) == ()
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

    assert listed_datasets(context) == ()
    assert store.get_upload(context, LOCAL_OWNER, upload_id).state == "received"
