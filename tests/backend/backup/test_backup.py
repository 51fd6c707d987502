"""A backup that is written while others write, and what is restored from it."""

from __future__ import annotations

import hashlib
import random
import tarfile
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from muscope.backend import cli
from muscope.backend.backup.archive import write_archive
from muscope.backend.backup.manifest import Entry, Manifest
from muscope.backend.backup.restore import restore
from muscope.backend.backup.save import back_up
from muscope.backend.db.connection.session import Database
from muscope.backend.db.migrate import downgrade, is_current
from muscope.backend.db.schema.tables import LOCAL_OWNER, PrincipalRow
from muscope.backend.errors import Conflict, InvalidInput, MuscopeError, Unavailable
from muscope.backend.services.context import Context
from muscope.backend.services.experiments.export import export_sha256
from muscope.backend.settings import get_settings
from muscope.backend.storage.blobs.folder import BlobStore
from tests.backend.backup.conftest import BLOB
from tests.backend.db.stores import NOW
from tests.backend.services.fakes import FakeBell, FakeClock, FakeNotices

pytestmark = pytest.mark.sqlite  # of a folder; those of servers: test_servers.py


def _export(settings, database, experiment_id):
    """Return the checksum of the canonical export from a data folder."""
    context = Context(
        settings, database, BlobStore(settings.blob_folder), FakeBell(), FakeNotices(), FakeClock(NOW)
    )
    return export_sha256(context, LOCAL_OWNER, experiment_id)


@pytest.fixture
def elsewhere(tmp_path):
    """A folder that does not exist yet, to restore into."""
    return tmp_path / "elsewhere"


@pytest.fixture
def backup(settings, experiment_id, tmp_path):  # noqa: ARG001 (it is what is backed up)
    """A backup of the experiment's data folder."""
    back_up(settings, tmp_path / "muscope.backup")
    return tmp_path / "muscope.backup"


def _restored_export(settings, folder, experiment_id):
    database = Database(f"sqlite:///{folder}/muscope.db")
    try:
        assert is_current(database)
        return _export(settings.model_copy(update={"data": folder}), database, experiment_id)
    finally:
        database.close()


def test_the_export_is_identical_after_a_backup_under_writes_and_a_restoration(
    settings, database, experiment_id, tmp_path, elsewhere
):
    is_over = threading.Event()
    written: list[int] = []

    def keep_writing():
        while not is_over.is_set():
            with database.write() as session:
                session.add(PrincipalRow(id=f"{len(written)}", name="x" * 2000))
            written.append(1)

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        manifest = back_up(settings, tmp_path / "muscope.backup")
    finally:
        is_over.set()
        writer.join()
    restore(settings, tmp_path / "muscope.backup", elsewhere)

    assert written
    assert len(manifest.files) == 2
    assert _restored_export(settings, elsewhere, experiment_id) == _export(settings, database, experiment_id)
    sha256 = hashlib.sha256(BLOB).hexdigest()
    assert BlobStore(elsewhere / "blobs").path(sha256).read_bytes() == BLOB


def test_a_backup_is_for_its_owner_alone_and_leaves_nothing_beside_it(settings, backup, tmp_path):
    assert backup.stat().st_mode & 0o777 == 0o600
    assert list(settings.scratch_folder.iterdir()) == []
    assert [each.name for each in tmp_path.glob("*backup*")] == ["muscope.backup"]
    assert [each.name for each in tmp_path.glob(".*")] == []


def test_every_changed_byte_is_refused_or_changes_nothing(settings, backup, tmp_path):
    whole = backup.read_bytes()
    with tarfile.open(backup) as archive:
        covered = [range(each.offset_data, each.offset_data + each.size) for each in archive]
    drawn = random.Random(1)
    num_refused = 0
    for number in range(40):
        place = drawn.choice(covered)[drawn.randrange(8)] if number % 2 else drawn.randrange(len(whole))
        damaged = tmp_path / "damaged.backup"
        damaged.write_bytes(
            whole[:place] + bytes([whole[place] ^ 1 << drawn.randrange(8)]) + whole[place + 1 :]
        )
        folder = tmp_path / f"from {number}"
        try:
            restore(settings, damaged, folder)
        except MuscopeError:
            num_refused += 1
            assert not folder.exists() or list(folder.iterdir()) == []
        else:
            assert (folder / "muscope.db").is_file()
            assert not any(place in span for span in covered[1:])

    assert num_refused >= 20


def test_a_file_that_was_cut_short_is_refused(settings, backup, elsewhere):
    backup.write_bytes(backup.read_bytes()[:-20_000])

    with pytest.raises(InvalidInput, match=r"backup\.(damaged|not_a_backup)"):
        restore(settings, backup, elsewhere)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"\0" * 20_000])
def test_what_is_no_backup_is_refused(content, settings, tmp_path, elsewhere):
    (tmp_path / "other").write_bytes(content)

    with pytest.raises(InvalidInput, match=r"backup\.not_a_backup"):
        restore(settings, tmp_path / "other", elsewhere)


def test_a_folder_that_is_not_empty_stays_as_it_is(settings, backup, elsewhere):
    elsewhere.mkdir()
    (elsewhere / "muscope.db").write_text("somebody's")

    with pytest.raises(Conflict, match=r"backup\.folder_not_empty"):
        restore(settings, backup, elsewhere)
    assert (elsewhere / "muscope.db").read_text() == "somebody's"


@pytest.mark.usefixtures("experiment_id")
def test_a_file_that_is_there_already_is_not_replaced(settings, tmp_path):
    (tmp_path / "old").write_text("an older backup")

    with pytest.raises(Conflict, match=r"backup\.file_exists"):
        back_up(settings, tmp_path / "old")
    assert (tmp_path / "old").read_text() == "an older backup"


@pytest.mark.usefixtures("experiment_id")
def test_a_backup_without_a_file_of_a_dataset_is_not_written(settings, tmp_path):
    BlobStore(settings.blob_folder).delete(hashlib.sha256(BLOB).hexdigest())

    with pytest.raises(Unavailable, match=r"backup\.blob_missing"):
        back_up(settings, tmp_path / "muscope.backup")
    assert list(tmp_path.glob("*backup*")) == []


@pytest.mark.usefixtures("experiment_id")
def test_a_file_whose_bytes_changed_on_the_disk_is_named(settings, tmp_path):
    path = BlobStore(settings.blob_folder).path(hashlib.sha256(BLOB).hexdigest())
    path.chmod(0o600)
    path.write_bytes(BLOB[:-1] + b"!")

    with pytest.raises(Unavailable, match=rf"backup\.blob_damaged.*{path.name}"):
        back_up(settings, tmp_path / "muscope.backup")


@pytest.mark.usefixtures("experiment_id")
def test_a_backup_of_an_older_version_is_migrated(settings, database, tmp_path, elsewhere):
    downgrade(database, "0011")
    back_up(settings, tmp_path / "muscope.backup")

    restore(settings, tmp_path / "muscope.backup", elsewhere)

    restored = Database(f"sqlite:///{elsewhere}/muscope.db")
    assert is_current(restored)
    restored.close()


def _archive_of(folder: Path, path: Path, **changed) -> Path:
    (folder / "muscope.db").write_bytes(b"x")
    entry = Entry(name="muscope.db", num_bytes=1, sha256=hashlib.sha256(b"x").hexdigest())
    manifest = Manifest(
        muscope="9", schema_revision="9999", created_at=NOW + timedelta(days=1), files=(entry,)
    )
    write_archive(path, manifest.model_copy(update=changed), folder)
    return path


def test_a_backup_of_a_newer_version_is_refused_by_its_version(settings, tmp_path, elsewhere):
    path = _archive_of(tmp_path, tmp_path / "newer.backup")

    with pytest.raises(InvalidInput, match=r"backup\.newer_version.*'9'"):
        restore(settings, path, elsewhere)


@pytest.mark.parametrize(
    "name", ["../evil", "/tmp/evil", "blobs/../../evil", "blobs/ab/evil", "muscope.db\n"]
)
def test_a_name_that_leads_out_of_the_folder_is_no_backup(name, settings, tmp_path, elsewhere):
    (tmp_path / "evil").write_bytes(b"x")
    entry = Entry.model_construct(name=name, num_bytes=1, sha256=hashlib.sha256(b"x").hexdigest())
    path = tmp_path / "hostile.backup"
    manifest = Manifest.model_construct(
        format="muscope-backup-1", muscope="1", schema_revision="0011", created_at=NOW, files=(entry,)
    )
    text = manifest.model_dump_json().encode()
    (tmp_path / "manifest.json").write_bytes(text)
    with tarfile.open(path, "w") as archive:
        archive.add(tmp_path / "manifest.json", "manifest.json")
        archive.add(tmp_path / "evil", name)

    with pytest.raises(InvalidInput, match=r"backup\.not_a_backup"):
        restore(settings, path, elsewhere)
    assert not elsewhere.exists()


@pytest.mark.usefixtures("experiment_id")
def test_the_command_says_what_it_wrote_and_what_it_refused(
    settings, tmp_path, elsewhere, monkeypatch, capsys
):
    monkeypatch.setenv("MUSCOPE_DATA", str(settings.data))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    get_settings.cache_clear()
    path = tmp_path / "one file"
    try:
        assert cli.main(["backup", str(path)]) == 0
        assert cli.main(["backup", str(path)]) == 2
        assert cli.main(["restore", str(path), "--into", str(elsewhere)]) == 0
    finally:
        get_settings.cache_clear()

    said = capsys.readouterr()
    assert f"Backup written and verified: {path} (2 files," in said.out
    assert f"Restored into {elsewhere}: 2 files," in said.out
    assert f"There is a file {path} already." in said.err
