"""A backup of a database on a server and of a bucket, and its restoration to either place."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import text

from muscope.backend import cli
from muscope.backend.backup.restore import restore
from muscope.backend.backup.restore_server import restore_to_server
from muscope.backend.backup.save import back_up
from muscope.backend.db.connection.session import Database
from muscope.backend.db.connection.table_copy import table_names
from muscope.backend.db.migrate import downgrade, is_current
from muscope.backend.db.schema.tables import LOCAL_OWNER, PrincipalRow
from muscope.backend.errors import Conflict, InvalidInput, MuscopeError, Unavailable
from muscope.backend.services.context import Context
from muscope.backend.services.experiments.export import export_sha256
from muscope.backend.settings import Settings, get_settings
from muscope.backend.storage.blobs.place import open_blobs
from tests.backend.backup.conftest import BLOB
from tests.backend.db.stores import NOW
from tests.backend.services.fakes import FakeBell, FakeClock, FakeNotices
from tests.servers.s3 import s3_server

pytestmark = pytest.mark.postgres
SHA256 = hashlib.sha256(BLOB).hexdigest()


def _address(database):
    return database.url.render_as_string(hide_password=False)


@pytest.fixture
def settings(database, tmp_path):
    """Settings of a host whose database is on a server."""
    return Settings(data=tmp_path / "data", database_url=_address(database))


@pytest.fixture
def elsewhere(postgres, tmp_path) -> Iterator[Settings]:
    """Settings of another host, with an empty database."""
    name = postgres.new_database()
    address = postgres.url(name).render_as_string(hide_password=False)
    yield Settings(data=tmp_path / "elsewhere", database_url=address)
    postgres.drop_database(name)


@contextmanager
def _opened(settings):
    address = settings.database_url or f"sqlite:///{settings.data}/muscope.db"
    with closing(Database(address)) as database:
        yield database


def _export(settings, experiment_id):
    with _opened(settings) as database:
        assert is_current(database)
        blobs = open_blobs(settings)
        assert blobs.path(SHA256).read_bytes() == BLOB
        context = Context(settings, database, blobs, FakeBell(), FakeNotices(), FakeClock(NOW))
        return export_sha256(context, LOCAL_OWNER, experiment_id)


def _tables_of(settings):
    with _opened(settings) as database, database.read() as session:
        return table_names(session)


def test_the_export_is_identical_after_a_backup_under_writes_on_a_server_and_in_a_folder(
    settings, database, experiment_id, elsewhere, tmp_path
):
    backup, folder = tmp_path / "muscope.backup", tmp_path / "folder"
    is_over = threading.Event()
    written: list[int] = []

    def keep_writing():
        while not is_over.is_set():
            with database.write() as session:
                session.add(PrincipalRow(id=f"{len(written)}", name="x" * 200))
            written.append(1)

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        back_up(settings, backup)
    finally:
        is_over.set()
        writer.join()
    restore_to_server(elsewhere, backup)
    restore(settings, backup, folder)

    assert written
    assert _export(elsewhere, experiment_id) == _export(settings, experiment_id)
    assert _export(Settings(data=folder), experiment_id) == _export(settings, experiment_id)
    assert list(settings.scratch_folder.iterdir()) == list(elsewhere.scratch_folder.iterdir()) == []


def test_a_database_with_tables_is_not_restored_into(settings, experiment_id, tmp_path):
    back_up(settings, tmp_path / "muscope.backup")
    before = _export(settings, experiment_id)

    with pytest.raises(Conflict, match=r"backup\.server_not_empty"):
        restore_to_server(settings, tmp_path / "muscope.backup")
    assert _export(settings, experiment_id) == before


@pytest.mark.usefixtures("experiment_id")
def test_a_damaged_backup_leaves_the_database_empty(settings, elsewhere, tmp_path):
    path = tmp_path / "muscope.backup"
    back_up(settings, path)
    path.write_bytes(path.read_bytes()[:-20_000])

    with pytest.raises(MuscopeError, match=r"backup\."):
        restore_to_server(elsewhere, path)
    assert _tables_of(elsewhere) == []


@pytest.mark.usefixtures("experiment_id")
def test_a_server_of_an_older_version_is_copied_as_it_is_and_migrated_when_restored(
    settings, database, elsewhere, tmp_path
):
    downgrade(database, "0012")
    manifest = back_up(settings, tmp_path / "muscope.backup")
    restore_to_server(elsewhere, tmp_path / "muscope.backup")

    assert manifest.schema_revision == "0012"
    with _opened(elsewhere) as restored:
        assert is_current(restored)


@pytest.mark.usefixtures("experiment_id")
def test_a_server_without_a_file_that_it_names_is_not_backed_up(settings, tmp_path):
    open_blobs(settings).delete(SHA256)

    with pytest.raises(Unavailable, match=r"backup\.blob_missing"):
        back_up(settings, tmp_path / "muscope.backup")
    assert list(tmp_path.glob("*backup*")) == []


def test_what_holds_nothing_of_ours_and_what_is_newer_are_named(settings, database, elsewhere, tmp_path):
    with pytest.raises(InvalidInput, match=r"backup\.server_without_tables"):
        back_up(elsewhere, tmp_path / "muscope.backup")
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InvalidInput, match=r"backup\.server_newer"):
        back_up(settings, tmp_path / "muscope.backup")


def test_a_server_is_restored_into_only_where_one_is_named(settings, tmp_path):
    of_a_folder = settings.model_copy(update={"database_url": None})

    with pytest.raises(InvalidInput, match=r"backup\.no_server"):
        restore_to_server(of_a_folder, tmp_path / "muscope.backup")


@pytest.mark.usefixtures("experiment_id")
def test_the_commands_say_where_they_restored_and_no_password(
    settings, elsewhere, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    path = str(tmp_path / "muscope.backup")
    done = []
    for command, own in ((["backup", path], settings), (["restore", path, "--into-server"], elsewhere)):
        monkeypatch.setenv("MUSCOPE_DATA", str(own.data))
        monkeypatch.setenv("MUSCOPE_DATABASE_URL", own.database_url.replace("muscope@", "muscope:geheim@"))
        get_settings.cache_clear()
        done.append(cli.main(command))
    get_settings.cache_clear()

    said = capsys.readouterr()
    assert done == [0, 0]
    assert "Restored into the database postgresql+psycopg://muscope:***@" in said.out
    assert "geheim" not in said.out + said.err


@pytest.mark.slow
@pytest.mark.usefixtures("postgres")
def test_files_of_a_bucket_are_in_the_backup_and_go_to_another_bucket(
    settings, experiment_id, elsewhere, tmp_path
):
    secret = tmp_path / "secret"
    with s3_server() as storage:
        secret.write_text(storage.secret)
        place = {
            "blobs_endpoint": storage.endpoint,
            "blobs_key_id": storage.key_id,
            "blobs_secret_file": secret,
        }
        far = settings.model_copy(update={**place, "blobs": f"s3://{storage.bucket}/from"})
        incoming = tmp_path / "incoming"
        incoming.write_bytes(BLOB)
        open_blobs(far).put(incoming)
        open_blobs(settings).delete(SHA256)
        # Its cache is empty, so that what is in the backup came from the bucket.
        other_host = far.model_copy(update={"data": tmp_path / "operator"})

        manifest = back_up(other_host, tmp_path / "muscope.backup")
        restored = elsewhere.model_copy(update={**place, "blobs": f"s3://{storage.bucket}/to"})
        restore_to_server(restored, tmp_path / "muscope.backup")
        reader = restored.model_copy(update={"data": tmp_path / "reader"})

        assert len(manifest.files) == 2
        assert _export(reader, experiment_id) == _export(far, experiment_id)
