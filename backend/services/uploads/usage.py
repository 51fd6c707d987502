"""Quotas: the room that datasets and open uploads take, and what there is for one user and for all."""

from __future__ import annotations

from collections.abc import Mapping

from muscope.backend.db import uploads as upload_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.sweeps import rows as sweep_rows
from muscope.backend.errors import StorageFull
from muscope.backend.services.context import Context
from muscope.backend.services.views.views import UsageView
from muscope.backend.storage.disk import free_bytes
from muscope.backend.storage.private_files import private_folder

# Left to the database and to results when the disk gets full, in bytes.
DISK_RESERVE = 256 << 20


def get_usage(context: Context, owner_id: str) -> UsageView:
    """Return the room that the owner's files take, in bytes, and the limits on it."""
    with context.database.read() as session:
        datasets = upload_rows.dataset_bytes(session, owner_id)
        uploads = upload_rows.open_bytes(session, owner_id)
        sweeps = sweep_rows.stored_bytes(session, owner_id)
    settings = context.settings
    return UsageView(
        used_bytes=datasets + uploads + sweeps,
        datasets_bytes=datasets,
        uploads_bytes=uploads,
        limit_bytes=settings.user_quota_bytes,
        upload_limit_bytes=settings.upload_limit_bytes,
        keep_days=settings.keep_days,
    )


def require_room(context: Context, owner_id: str, size: int) -> None:
    """Raise StorageFull if `size` more bytes are over a quota, or over what the disk has free."""
    with context.database.read() as session:
        require_quota(context, session, owner_id, size)
    require_disk(context, size)


def require_quota(context: Context, session: Session, owner_id: str, size: int) -> None:
    """Raise StorageFull if `size` more bytes are over a quota.

    Within a transaction that writes, the owner's requests come one after the other.
    """
    upload_rows.lock_owner(session, owner_id)
    settings = context.settings
    used = _used(session, owner_id)
    if used + size > settings.user_quota_bytes:
        facts = _facts(size, used, settings.user_quota_bytes)
        largest = upload_rows.largest_dataset(session, owner_id)
        if largest is None:
            raise StorageFull("storage.user_quota_uploads", **facts)
        raise StorageFull("storage.user_quota", **facts, name=largest[0], name_mib=_mib(largest[1]))
    used = _used(session, None)
    if used + size > settings.total_quota_bytes:
        raise StorageFull("storage.total_quota", **_facts(size, used, settings.total_quota_bytes))


def require_disk(context: Context, size: int) -> None:
    """Raise StorageFull if the disk has not `size` bytes free, beside a reserve for results."""
    folder = private_folder(context.settings.upload_folder)
    if free_bytes(folder) < size + min(size, DISK_RESERVE):
        raise StorageFull("storage.full", size=size)


def new_bytes(session: Session, owner_id: str, files: Mapping[str, int]) -> int:
    """Return the bytes that files (sizes by sha256) add to those the owner has."""
    return sum(size for sha256, size in files.items() if not upload_rows.has_file(session, owner_id, sha256))


def _used(session: Session, owner_id: str | None) -> int:
    others = upload_rows.open_bytes(session, owner_id) + sweep_rows.stored_bytes(session, owner_id)
    return upload_rows.dataset_bytes(session, owner_id) + others


def _facts(size: int, used: int, limit: int) -> dict[str, float]:
    """Return the numbers of a refusal, in MiB."""
    return {"size_mib": _mib(size), "used_mib": _mib(used), "limit_mib": _mib(limit)}


def _mib(size: int) -> float:
    return round(size / (1 << 20), 1)
