"""Opening, looking at and removing uploads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from muscope.backend.db import uploads as upload_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import UploadRow
from muscope.backend.errors import Conflict, InvalidInput, NotFound, TooLarge
from muscope.backend.services.context import Also, Context, nothing_else
from muscope.backend.services.uploads.files import (
    create_file,
    is_locked,
    opened,
    progress_path,
    read_share,
    take_lock,
    unlink_files,
    upload_path,
)
from muscope.backend.services.uploads.usage import require_disk, require_quota
from muscope.backend.services.views.views import UploadView


def open_upload(context: Context, owner_id: str, name: str, length: int) -> UploadView:
    """Announce a file of `length` bytes; raises TooLarge or StorageFull before a byte is taken."""
    limit = context.settings.upload_limit_bytes
    if length > limit:
        raise too_large(limit)
    if length == 0:
        raise InvalidInput("dataset.empty_file")
    require_disk(context, length)
    row = UploadRow(
        id=uuid4(),
        owner_id=owner_id,
        name=name,
        length_bytes=length,
        received_bytes=0,
        fence=0,
        created_at=context.now(),
        expires_at=fresh_expiry(context),
    )
    create_file(context, row.id)
    try:
        with context.database.write() as session:
            require_quota(context, session, owner_id, length)
            upload_rows.add(session, row)
    except BaseException:
        unlink_files(context, row.id)
        raise
    return _view(context, row)


def too_large(limit_bytes: int) -> TooLarge:
    """Return the error of a file over the limit of one upload."""
    return TooLarge("upload.too_large", limit_bytes=limit_bytes, limit_mib=round(limit_bytes / (1 << 20), 1))


def fresh_expiry(context: Context) -> datetime:
    """Return the time at which an upload ends to which nothing is added from now on."""
    return context.now() + timedelta(seconds=context.settings.upload_keep_seconds)


def find_upload(context: Context, session: Session, owner_id: str, upload_id: UUID) -> UploadRow:
    """Return one of the owner's uploads; raises NotFound, also when its time is over."""
    row = upload_rows.get(session, owner_id, upload_id)
    if row is None or row.expires_at <= context.now():
        raise NotFound("upload.not_found", id=str(upload_id))
    return row


def get_upload(context: Context, owner_id: str, upload_id: UUID) -> UploadView:
    """Return how far an upload is; raises NotFound."""
    with context.database.read() as session:
        return _view(context, find_upload(context, session, owner_id, upload_id))


def list_uploads(context: Context, owner_id: str) -> list[UploadView]:
    """List the owner's uploads that have not become datasets, newest first."""
    with context.database.read() as session:
        rows = upload_rows.list_of(session, owner_id)
        return [_view(context, row) for row in rows if row.expires_at > context.now()]


def remove_upload(context: Context, owner_id: str, upload_id: UUID, *, also: Also = nothing_else) -> None:
    """Remove an upload and its bytes; a reader of it stops. Raises NotFound."""
    with context.database.write() as session:
        find_upload(context, session, owner_id, upload_id)
        also(session)
        upload_rows.remove(session, upload_id)
    unlink_files(context, upload_id)


@contextmanager
def reading(context: Context, owner_id: str, upload_id: UUID) -> Iterator[tuple[Path, Path]]:
    """Provide a complete upload's file, for one reader at a time, and the file for its progress.

    Raises NotFound, and Conflict while bytes are missing or another request reads it.
    """
    with context.database.write() as session:
        row = find_upload(context, session, owner_id, upload_id)
        if row.received_bytes < row.length_bytes:
            raise Conflict("upload.incomplete", received=row.received_bytes, length=row.length_bytes)
        upload_rows.keep_until(session, upload_id, fresh_expiry(context))
    path, progress = upload_path(context, upload_id), progress_path(context, upload_id)
    with opened(context, upload_id) as descriptor:
        if not take_lock(descriptor):
            raise Conflict("upload.being_read", name=row.name)
        progress.unlink(missing_ok=True)
        context.reading_line.leave(upload_id)
        try:
            yield path, progress
        finally:
            progress.unlink(missing_ok=True)


def _view(context: Context, row: UploadRow) -> UploadView:
    is_complete = row.received_bytes >= row.length_bytes
    is_reading = is_complete and is_locked(context, row.id)
    return UploadView(
        id=row.id,
        name=row.name,
        length_bytes=row.length_bytes,
        received_bytes=row.received_bytes,
        state="reading" if is_reading else "received" if is_complete else "receiving",
        read_share=read_share(context, row.id) if is_reading else None,
        position=context.reading_line.position(row.id),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
