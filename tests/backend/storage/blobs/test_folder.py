import errno
import hashlib
import os
from pathlib import Path

import pytest

from muscope.backend.errors import StorageFull
from muscope.backend.storage.blobs.folder import STARTS, Blob, BlobStore


@pytest.fixture
def store(tmp_path):
    return BlobStore(tmp_path / "blobs")


def _file(tmp_path, content: bytes) -> Path:
    path: Path = tmp_path / "incoming"
    path.write_bytes(content)
    return path


def _total_bytes(tmp_path) -> int:
    return sum(path.stat().st_size for path in (tmp_path / "blobs").glob("??/*"))


def test_moves_a_file_in_under_the_hash_of_its_content(store, tmp_path):
    source = _file(tmp_path, b"content")

    blob = store.put(source)

    sha256 = hashlib.sha256(b"content").hexdigest()
    assert blob == Blob(sha256, 7)
    assert store.path(sha256) == tmp_path / "blobs" / sha256[:2] / sha256[2:]
    assert store.path(sha256).read_bytes() == b"content"
    assert not source.exists()


def test_the_same_content_twice_takes_room_once(store, tmp_path):
    first = store.put(_file(tmp_path, b"content"))

    again = store.put(_file(tmp_path, b"content"))

    assert first == again
    assert _total_bytes(tmp_path) == 7


def test_delete_is_idempotent(store, tmp_path):
    blob = store.put(_file(tmp_path, b"content"))
    assert store.exists(blob.sha256)

    store.delete(blob.sha256)
    store.delete(blob.sha256)

    assert not store.exists(blob.sha256)
    assert _total_bytes(tmp_path) == 0


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_an_address_never_leaves_the_folder(store, sha256):
    with pytest.raises(ValueError, match="sha256: expected 64 lower-case hex digits"):
        store.path(sha256)


def test_copies_where_a_rename_cannot_cross_disks(store, tmp_path, monkeypatch):
    source = _file(tmp_path, b"content")

    def refuse(_self, _target):
        raise OSError(errno.EXDEV, "cross-device link")

    monkeypatch.setattr(Path, "rename", refuse)
    blob = store.put(source)

    assert store.path(blob.sha256).read_bytes() == b"content"
    assert not source.exists()


def test_a_blob_removed_while_it_is_put_again_is_moved_in(store, tmp_path, monkeypatch):
    blob = store.put(_file(tmp_path, b"content"))
    utime = os.utime

    def remove_first(path, *times):
        if path == store.path(blob.sha256):
            store.delete(blob.sha256)
        utime(path, *times)

    monkeypatch.setattr(os, "utime", remove_first)
    store.put(_file(tmp_path, b"content"))

    assert store.path(blob.sha256).read_bytes() == b"content"


def test_blobs_are_listed_by_the_beginning_of_their_addresses(store, tmp_path):
    held = {store.put(_file(tmp_path, bytes([number]))).sha256 for number in range(9)}
    (store.path(min(held)).parent / "a stranger").touch()

    assert {each for start in STARTS for each in store.addresses(start)} == held
    assert store.addresses(min(held)[:2])[0] == min(held)


def test_a_full_disk_is_an_error_of_ours_and_leaves_the_source(store, tmp_path, monkeypatch):
    source = _file(tmp_path, b"content")

    def refuse(_self, _target):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StorageFull, match=r"storage\.full"):
        store.put(source)

    assert source.exists()
    assert _total_bytes(tmp_path) == 0
    assert [path.name for path in (tmp_path / "blobs").glob("incoming-*")] == []
