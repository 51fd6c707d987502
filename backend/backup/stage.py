"""Folder with a copy of the database and the blobs it names, as of one moment, while everything runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from muscope.backend.backup.manifest import DATABASE, blob_name
from muscope.backend.db.connection.address import database_address, file_address
from muscope.backend.db.connection.locks import BLOBS, shared_lock
from muscope.backend.db.connection.session import Database, Session
from muscope.backend.db.connection.sqlite_copy import copy_online, require_sound
from muscope.backend.db.connection.table_copy import begin_snapshot, replace_rows
from muscope.backend.db.datasets import blobs_of_all
from muscope.backend.db.migrate import is_known_revision, migrate, revision_within
from muscope.backend.errors import InvalidInput, Unavailable
from muscope.backend.settings import Settings
from muscope.backend.storage.blobs.folder import Blobs
from muscope.backend.storage.blobs.place import open_blobs
from muscope.backend.storage.private_files import private_folder


@contextmanager
def scratch(settings: Settings) -> Iterator[Path]:
    """Lend a private folder for the time of a backup or restoration."""
    folder = Path(mkdtemp(prefix="backup-", dir=private_folder(settings.scratch_folder)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def staged(settings: Settings) -> Iterator[Path]:
    """Lend a folder with the database, in one file, and second names or copies of its blobs.

    Files that have to come from a bucket come before the moment of the copy, as far as they are known by
    then. Only at that moment, while the few others are fetched, no blob is deleted and none comes.
    """
    address = database_address(settings)
    with scratch(settings) as folder, closing(Database(address, answer_seconds=None)) as database:
        blobs = open_blobs(settings, lock=shared_lock(database.url, BLOBS))
        if settings.database_url is None:
            _stage_file(settings, database, blobs, folder)
        else:
            _stage_server(database, blobs, folder)
        require_sound(folder / DATABASE)
        yield folder


def _stage_file(settings: Settings, database: Database, blobs: Blobs, folder: Path) -> None:
    if settings.blobs is not None:
        with database.read() as session:
            early = _lend_early(blobs, blobs_of_all(session), folder)
    else:
        early = set()  # a second name is given at once
    with blobs.in_turn():
        copy_online(settings.data_folder / DATABASE, folder / DATABASE)
        with closing(Database(file_address(folder / DATABASE))) as copy, copy.read() as session:
            named = blobs_of_all(session)
        _lend_rest(blobs, named, early, folder)


def _stage_server(database: Database, blobs: Blobs, folder: Path) -> None:
    with database.read() as session:
        _require_copied(session, database)
        early = _lend_early(blobs, blobs_of_all(session), folder)
    with ExitStack() as moment:
        with blobs.in_turn():
            snapshot = moment.enter_context(database.read())
            begin_snapshot(snapshot)
            _lend_rest(blobs, blobs_of_all(snapshot), early, folder)
        _copy_rows(snapshot, folder / DATABASE)


def _require_copied(session: Session, database: Database) -> None:
    """Raise InvalidInput for a database without our tables, or with those of a newer version."""
    revision, address = revision_within(session), database.url.render_as_string(hide_password=True)
    if not revision:
        raise InvalidInput("backup.server_without_tables", address=address)
    if not is_known_revision(revision):
        raise InvalidInput("backup.server_newer", address=address)


def _copy_rows(snapshot: Session, path: Path) -> None:
    with closing(Database(file_address(path))) as copy:
        migrate(copy, revision_within(snapshot))
        with copy.write() as session:
            replace_rows(snapshot, session)


def _lend_early(blobs: Blobs, names: Iterable[str], folder: Path) -> set[str]:
    """Lend what is there; what is missing may belong to a dataset that is being deleted."""
    lent = set()
    for sha256 in names:
        with suppress(Unavailable):
            _lend(blobs.path(sha256), folder / blob_name(sha256))
            lent.add(sha256)
    return lent


def _lend_rest(blobs: Blobs, names: Iterable[str], early: set[str], folder: Path) -> None:
    """Lend what is named and not lent yet, and forget what is named no more."""
    for sha256 in set(names) - early:
        _lend(blobs.path(sha256), folder / blob_name(sha256))
    for sha256 in early.difference(names):
        (folder / blob_name(sha256)).unlink()


def _lend(source: Path, target: Path) -> None:
    private_folder(target.parent)
    try:
        os.link(source, target)
    except FileNotFoundError as error:
        raise Unavailable("backup.blob_missing", path=str(source)) from error
    except OSError:  # a file system without second names
        shutil.copyfile(source, target)
