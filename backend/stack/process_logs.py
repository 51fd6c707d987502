"""Log files of the stack's children: opened for a child, kept short, followed for `--verbose`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

# Large enough for weeks of normal running, small enough to open in an editor.
ROTATE_BYTES = 10 << 20


def log_path(folder: Path, name: str) -> Path:
    """Return where the child called `name` writes."""
    return folder / f"{name}.log"


def rotate_log(path: Path) -> None:
    """Keep one older file beside a log that has grown too large."""
    with suppress(OSError):  # a log that stays long is no reason not to start
        if path.exists() and path.stat().st_size > ROTATE_BYTES:
            path.replace(path.with_suffix(".log.1"))


def shorten_log(path: Path) -> None:
    """Set aside what a running child has written to a log that has grown too large, and empty it.

    The child appends, so it goes on at the beginning; lines that it writes during the copy are lost. Where
    the disk has no room for the copy, the log is emptied all the same: it must not fill what is left.
    """
    with suppress(OSError):
        if path.stat().st_size <= ROTATE_BYTES:
            return
        with suppress(OSError):
            older = path.with_suffix(".log.1")
            shutil.copyfile(path, older)
            older.chmod(0o600)
        os.truncate(path, 0)


def open_log(path: Path) -> BinaryIO:
    """Open a log for appending, readable by its owner only.

    Where the disk takes no new file, the child's output is dropped: a full disk stops no service.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:
        descriptor = os.open(os.devnull, os.O_WRONLY)
    return os.fdopen(descriptor, "ab")


class LogFollower:
    """Hands over the lines that arrive in log files after its creation."""

    def __init__(self, paths: dict[str, Path], emit: Callable[[str], None]) -> None:
        self._paths = paths
        self._emit = emit
        self._offsets = {name: path.stat().st_size if path.exists() else 0 for name, path in paths.items()}

    def poll(self) -> None:
        """Emit every complete new line, with the name of its log in front."""
        for name, path in self._paths.items():
            if not path.exists():
                continue
            if path.stat().st_size < self._offsets[name]:  # it was emptied
                self._offsets[name] = 0
            with path.open("rb") as log:
                log.seek(self._offsets[name])
                whole, newline, _ = log.read().rpartition(b"\n")
            self._offsets[name] += len(whole) + len(newline)
            for line in whole.decode("utf-8", "replace").splitlines():
                self._emit(f"{name:>9} | {line}")
