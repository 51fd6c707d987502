"""A disk without room is told before something starts, and by name."""

import errno
import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from muscope.backend.errors import StorageFull
from muscope.backend.storage import disk

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _folder: Usage(1 << 40, (1 << 40) - 3_000_000, 3_000_000)
    )


@pytest.mark.usefixtures("nearly_full")
def test_a_start_without_room_names_what_is_free_and_what_is_needed(tmp_path: Path):
    with pytest.raises(StorageFull) as caught:
        disk.require_room_to_start(tmp_path)

    assert caught.value.params == {"free_mib": 2.9, "needed_mib": 64}


def test_a_folder_that_can_be_written_to_has_no_fault_and_keeps_nothing(tmp_path: Path):
    assert disk.disk_fault(tmp_path / "scratch") is None
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.usefixtures("nearly_full")
def test_a_full_disk_is_a_fault(tmp_path: Path):
    fault = disk.disk_fault(tmp_path)

    assert fault is not None
    assert fault.code == "storage.no_room_to_start"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EROFS, "storage.read_only"),
        (errno.EACCES, "storage.read_only"),
        (errno.EDQUOT, "storage.full"),
        (errno.EMFILE, "storage.unusable"),
    ],
)
def test_what_only_a_write_shows_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
):
    def refuse(*_arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(disk, "new_private_file", refuse)

    fault = disk.disk_fault(tmp_path)

    assert fault is not None
    assert fault.code == code
