"""Check that a conductor or the workers of this host do their work, by the marks that they leave.

A process that is there may be stuck; a mark is renewed only by work that reached the database.
"""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.session import Database
from muscope.backend.db.machines import workers
from muscope.backend.errors import Unavailable
from muscope.backend.settings import Settings
from muscope.backend.storage.private_files import private_folder

CONDUCTOR, WORKER = "conductor", "worker"
PARTS = (CONDUCTOR, WORKER)
# A round may take long where an answer is computed.
PATIENCE_SECONDS = 120.0


def require_alive(part: str, settings: Settings) -> None:
    """Raise Unavailable if the part showed no life on this host for `PATIENCE_SECONDS`, or for two leases."""
    seconds = max(PATIENCE_SECONDS, 2 * settings.lease_seconds)
    alive = _conductor_seen(settings, seconds) if part == CONDUCTOR else _worker_seen(settings, seconds)
    if not alive:
        raise Unavailable("system.part_silent", part=part, seconds=round(seconds))


def note_round(settings: Settings) -> None:
    """Mark that a conductor of this host has completed a round."""
    path = _mark(settings)
    private_folder(path.parent)
    path.touch()


def _conductor_seen(settings: Settings, seconds: float) -> bool:
    try:
        return time.time() - _mark(settings).stat().st_mtime <= seconds
    except FileNotFoundError:
        return False


def _worker_seen(settings: Settings, seconds: float) -> bool:
    database = Database(database_address(settings))
    try:
        with database.read() as session:
            seen = workers.seen_since(session, datetime.now(UTC) - timedelta(seconds=seconds))
            return any(row.name.endswith(f"@{socket.gethostname()}") for row in seen)
    finally:
        database.close()


def _mark(settings: Settings) -> Path:
    return settings.cache_folder / "conductor-round"
