"""Blobs in a bucket of a real server: what arrives is verified, copies are bounded, outages are named."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from muscope.backend.errors import InvalidInput, Unavailable
from muscope.backend.settings import Settings
from muscope.backend.storage.blobs import remote
from muscope.backend.storage.blobs.folder import Blobs
from muscope.backend.storage.blobs.place import open_blobs
from tests.servers.s3 import S3Server, s3_server

pytestmark = pytest.mark.slow
CONTENT = b"content"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MIB = 1 << 20

Host = Callable[..., Blobs]


@pytest.fixture(scope="module")
def storage() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def settings_of(storage: S3Server, tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a host by its name; hosts of one test share a prefix, and no disk."""

    def make(name: str, **changes: Any) -> Settings:
        secret = tmp_path / "secret"
        secret.write_text(f"{storage.secret}\n", encoding="utf-8")
        place: dict[str, Any] = {
            "blobs": f"s3://{storage.bucket}/{tmp_path.name}",
            "blobs_endpoint": storage.endpoint,
            "blobs_key_id": storage.key_id,
            "blobs_secret_file": secret,
        }
        return Settings(data=tmp_path / name, **place | changes)

    return make


@pytest.fixture
def host(settings_of: Callable[..., Settings]) -> Host:
    return lambda name, **changes: open_blobs(settings_of(name, **changes))


def _file(tmp_path: Path, content: bytes = CONTENT) -> Path:
    path = tmp_path / "incoming"
    path.write_bytes(content)
    return path


def _copies(tmp_path: Path, name: str) -> list[Path]:
    return sorted((tmp_path / name / "cache/blobs").glob("??/*"))


def test_a_file_put_in_on_one_host_is_read_on_another(host: Host, tmp_path: Path):
    blob = host("web").put(_file(tmp_path))

    assert (blob.sha256, blob.size) == (SHA256, len(CONTENT))
    assert host("worker").path(SHA256).read_bytes() == CONTENT
    assert not (tmp_path / "incoming").exists()


def test_a_file_of_several_parts_arrives_whole(host: Host, tmp_path: Path):
    content = os.urandom(23 * MIB)

    blob = host("web").put(_file(tmp_path, content))

    assert host("worker").path(blob.sha256).read_bytes() == content


def test_a_copy_serves_without_the_storage(host: Host, tmp_path: Path):
    host("web").put(_file(tmp_path))
    host("worker").path(SHA256)

    alone = host("worker", blobs_endpoint="http://127.0.0.1:9")

    assert alone.path(SHA256).read_bytes() == CONTENT


def test_bytes_that_changed_on_the_way_are_refused_and_not_kept(
    host: Host, storage: S3Server, tmp_path: Path
):
    storage.write(f"{tmp_path.name}/{SHA256[:2]}/{SHA256[2:]}", b"another")

    with pytest.raises(Unavailable, match=r"dataset\.file_damaged"):
        host("worker").path(SHA256)
    assert _copies(tmp_path, "worker") == []
    assert list((tmp_path / "worker/cache/blobs").glob("incoming-*")) == []


def test_a_copy_that_was_damaged_here_is_fetched_again(host: Host, tmp_path: Path):
    host("web").put(_file(tmp_path))
    copy = host("worker").path(SHA256)
    copy.chmod(0o600)
    copy.write_bytes(b"damaged")

    assert host("worker").path(SHA256).read_bytes() == CONTENT


def test_copies_unused_for_longest_make_room(host: Host, tmp_path: Path):
    web, worker = host("web"), host("worker", blob_cache_bytes=2 * MIB)
    names = [web.put(_file(tmp_path, bytes([number]) * MIB)).sha256 for number in range(3)]
    an_hour_ago = time.time() - 3600
    for age, name in enumerate(names[:2]):
        os.utime(worker.path(name), (an_hour_ago + age, an_hour_ago + age))

    worker.path(names[2])

    assert {path.parent.name + path.name for path in _copies(tmp_path, "worker")} == set(names[1:])


def test_a_deleted_blob_is_gone_everywhere_but_in_copies(host: Host, tmp_path: Path):
    web = host("web")
    web.put(_file(tmp_path))
    assert web.exists(SHA256)

    web.delete(SHA256)
    web.delete(SHA256)

    assert not web.exists(SHA256)
    assert not host("worker").path(SHA256).exists()


def test_blobs_are_listed_by_the_beginning_of_their_addresses(host: Host, tmp_path: Path):
    web = host("web")
    held = {web.put(_file(tmp_path, bytes([number]))).sha256 for number in range(3)}
    starts = sorted({each[:2] for each in held})

    assert {each for start in starts for each in web.addresses(start)} == held
    assert web.addresses("00" if "00" not in starts else "01") == []


def test_only_a_blob_put_before_a_moment_is_removed(host: Host, tmp_path: Path):
    web, now = host("web"), datetime.now(UTC)
    web.put(_file(tmp_path))

    assert web.delete_if_older(SHA256, now - timedelta(hours=1)) is None
    assert web.exists(SHA256)
    assert web.delete_if_older(SHA256, now + timedelta(hours=1)) == len(CONTENT)
    assert web.delete_if_older(SHA256, now + timedelta(hours=1)) is None
    assert not web.exists(SHA256)


def test_an_old_blob_that_is_put_again_is_sent_again_also_if_it_is_just_being_removed(
    settings_of: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(remote, "RENEWED_AFTER", timedelta(hours=-1))

    @contextmanager
    def while_it_is_removed() -> Iterator[None]:
        web.delete(SHA256)
        yield

    web = open_blobs(settings_of("web"), lock=while_it_is_removed)
    web.put(_file(tmp_path))
    assert web.exists(SHA256)
    web.put(_file(tmp_path))

    assert web.exists(SHA256)


def test_a_storage_that_cannot_be_reached_is_named(host: Host, tmp_path: Path):
    lonely = host("web", blobs_endpoint="http://127.0.0.1:9")

    with pytest.raises(Unavailable, match=r"blobs\.unreachable"):
        lonely.put(_file(tmp_path))
    fault = lonely.fault()
    assert fault is not None
    assert fault.code == "blobs.unreachable"
    assert host("web").fault() is None


def test_a_wrong_secret_is_refused_and_stands_in_no_log_or_error(
    host: Host, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    caplog.set_level(logging.DEBUG)
    stranger = host("web", blobs_secret_file=None, blobs_secret="not-the-secret")

    with pytest.raises(Unavailable, match=r"blobs\.unreachable") as refused:
        stranger.put(_file(tmp_path))

    told = [caplog.text, str(refused.value), repr(refused.value.params), *capfd.readouterr()]
    assert not any("not-the-secret" in text for text in told)


def test_settings_do_not_show_a_secret(settings_of: Callable[..., Settings]):
    shown = settings_of("web", blobs_secret_file=None, blobs_secret="not-to-be-seen")

    assert "not-to-be-seen" not in repr(shown) + str(shown.model_dump())


@pytest.mark.parametrize("place", ["s3://", "ftp://host/x", "bucket", "s3://bucket/a?b=c"])
def test_a_place_that_cannot_be_read_is_refused_with_an_example(place: str, tmp_path: Path):
    with pytest.raises(InvalidInput, match="expected s3://bucket"):
        open_blobs(Settings(data=tmp_path, blobs=place))
