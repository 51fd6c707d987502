"""Context of every use case: stores, bell, notices and clock of one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.locks import BLOBS, shared_lock
from muscope.backend.db.connection.session import Database, Session
from muscope.backend.domain.cost.time_left import Course
from muscope.backend.domain.protocol.evidence import Evidence
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.backend.events import Notices
from muscope.backend.queue import Bell
from muscope.backend.services.keyed_cache import KeyedCache
from muscope.backend.services.reading_line import ReadingLine
from muscope.backend.settings import Settings
from muscope.backend.storage.blobs.folder import Blobs
from muscope.backend.storage.blobs.place import open_blobs
from muscope.backend.storage.private_files import private_folder

# Something to do in the transaction of a change; whatever it raises keeps the change from being made.
Also = Callable[[Session], None]


def nothing_else(_session: Session) -> None:
    """Do nothing beside a change."""


def utc_now() -> datetime:
    """Return the current time; the only place where services read the clock."""
    return datetime.now(UTC)


@dataclass
class KnownAccounts:
    """Accounts of the installation, as far as this process has seen; None before it has looked."""

    are_in_use: bool | None = None


@dataclass(frozen=True)
class Caches:
    """Values of this process that take long to compute, each under a key of the data it was made from.

    Attributes:
        verdicts: some 50 kB each.
        figures: compressed JSON, some 30 kB each.
        reports: printed ones, some 300 kB each.
        evidence: of the protocol; it changes only when a cell ends.
        examples: sha256 of the arrays of built-in datasets that this process has made.
        courses: what is left of an open experiment, for those that share the slots with it.
    """

    verdicts: KeyedCache[Verdict] = field(default_factory=lambda: KeyedCache(64))
    figures: KeyedCache[bytes] = field(default_factory=lambda: KeyedCache(128))
    reports: KeyedCache[bytes] = field(default_factory=lambda: KeyedCache(8))
    evidence: KeyedCache[Evidence] = field(default_factory=lambda: KeyedCache(64))
    examples: KeyedCache[str] = field(default_factory=lambda: KeyedCache(64))
    accounts: KnownAccounts = field(default_factory=KnownAccounts)
    courses: KeyedCache[Course] = field(default_factory=lambda: KeyedCache(4096))


@dataclass(frozen=True)
class Context:
    """Stores and connections that use cases depend on."""

    settings: Settings
    database: Database
    blobs: Blobs
    bell: Bell
    notices: Notices
    now: Callable[[], datetime] = utc_now
    caches: Caches = field(default_factory=Caches)
    # Plans of experiments are computed one at a time. Threads that compute at once take the interpreter from
    # the one that holds the database's write lock, so all of them and every other process wait longer.
    planning: threading.Lock = field(default_factory=threading.Lock)
    reading_line: ReadingLine = field(default_factory=ReadingLine)


@contextmanager
def open_context(settings: Settings) -> Iterator[Context]:
    """Open the stores of this process and close them at the end; older folders become private."""
    for folder in (settings.blob_folder, settings.scratch_folder, settings.upload_folder):
        if folder.is_dir():
            private_folder(folder)
    database = Database(database_address(settings), gives_way=True)
    blobs = open_blobs(settings, lock=shared_lock(database.url, BLOBS))
    bell = Bell(settings)
    notices = Notices(settings.resolved_broker_url)
    try:
        yield Context(settings, database, blobs, bell, notices)
    finally:
        notices.close()
        bell.close()
        database.close()
