"""Logs that are kept short while a child appends to them."""

from __future__ import annotations

import errno
import shutil

import pytest

from muscope.backend.stack import process_logs
from muscope.backend.stack.process_logs import LogFollower, open_log, shorten_log


@pytest.fixture(autouse=True)
def _small_limit(monkeypatch):
    monkeypatch.setattr(process_logs, "ROTATE_BYTES", 100)


def test_a_log_that_grew_too_large_begins_anew_and_its_writer_goes_on(tmp_path):
    path = tmp_path / "web.log"
    with open_log(path) as child:
        child.write(b"x" * 101)
        child.flush()
        shorten_log(path)
        child.write(b"next\n")

    assert path.read_bytes() == b"next\n"
    older = tmp_path / "web.log.1"
    assert older.read_bytes() == b"x" * 101
    assert older.stat().st_mode & 0o777 == 0o600


def test_a_short_log_stays(tmp_path):
    path = tmp_path / "web.log"
    path.write_bytes(b"x" * 100)

    shorten_log(path)
    shorten_log(tmp_path / "not there.log")

    assert [each.name for each in tmp_path.iterdir()] == ["web.log"]


def test_a_log_is_emptied_where_the_disk_has_no_room_for_a_copy(tmp_path, monkeypatch):
    path = tmp_path / "web.log"
    path.write_bytes(b"x" * 101)

    def no_room(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", no_room)
    shorten_log(path)

    assert path.read_bytes() == b""


def test_a_follower_goes_on_in_a_log_that_was_emptied(tmp_path):
    path = tmp_path / "web.log"
    heard: list[str] = []
    follower = LogFollower({"web": path}, heard.append)
    path.write_bytes(b"y" * 150 + b"\n")
    follower.poll()
    shorten_log(path)
    with path.open("ab") as log:
        log.write(b"next\n")
    follower.poll()

    assert [line.split(" | ")[1] for line in heard] == ["y" * 150, "next"]
