"""Removal of uploads whose time is over, and of files that no process will ask for again."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

from muscope.backend.db import uploads as upload_rows
from muscope.backend.services.context import Context
from muscope.backend.services.uploads.files import is_locked, unlink_files

log = logging.getLogger(__name__)

# Longer than any request takes, reading the largest file included.
LEFTOVER_SECONDS = 86_400.0


def sweep_uploads(context: Context) -> None:
    """Remove expired uploads, and what requests left behind when the server was killed."""
    with context.database.read() as session:
        expired = upload_rows.expired(session, context.now())
    for upload_id in expired:
        if is_locked(context, upload_id):
            continue  # it is being read; there will be another round
        with context.database.write() as session:
            is_removed = upload_rows.remove(session, upload_id, expired_by=context.now())
        if is_removed:
            unlink_files(context, upload_id)
            log.info("upload %s expired", upload_id)
    _sweep_leftovers(context)


def _sweep_leftovers(context: Context) -> None:
    old = list(_leftovers(context))
    if not old:
        return
    with context.database.read() as session:
        known = {upload_id.hex for upload_id in upload_rows.ids(session)}
    for path in old:
        if path.stem not in known:
            _remove(path)
            log.info("removed %s, which was left behind", path.name)


def _leftovers(context: Context) -> Iterator[Path]:
    """Yield files of uploads and folders of requests that nobody has touched for a day."""
    oldest = context.now().timestamp() - LEFTOVER_SECONDS
    for folder in (context.settings.upload_folder, context.settings.scratch_folder):
        for path in folder.iterdir() if folder.is_dir() else ():
            try:
                if path.stat().st_mtime < oldest:
                    yield path
            except FileNotFoundError:  # its request has just ended
                continue


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
