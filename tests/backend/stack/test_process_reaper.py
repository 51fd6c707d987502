"""The reaper as a program: what it kills once nobody can tell it anything more."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from muscope.backend.stack import process_reaper


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that would never end, in a group of its own."""
    endless = "import signal; signal.pause()"
    with subprocess.Popen((sys.executable, "-c", endless), start_new_session=True) as process:
        yield process
        process.kill()


def _reap(folder: Path, *running: int, told: str = "") -> None:
    words = (sys.executable, "-I", "-S", process_reaper.__file__, str(folder), *map(str, running))
    subprocess.run(words, input=told, text=True, check=True, timeout=60)


def test_groups_named_at_its_start_are_killed_although_it_was_told_nothing(sleeper, tmp_path):
    runtime = tmp_path / "runtime"
    runtime.mkdir()

    _reap(runtime, sleeper.pid)

    assert sleeper.wait(60) == -signal.SIGKILL
    assert not runtime.exists()


def test_a_group_that_it_was_told_of_is_killed_too(sleeper, tmp_path):
    _reap(tmp_path / "runtime", told=f"+{sleeper.pid}\n")

    assert sleeper.wait(60) == -signal.SIGKILL


def test_a_group_that_has_ended_is_left_alone(sleeper, tmp_path):
    _reap(tmp_path / "runtime", sleeper.pid, told=f"-{sleeper.pid}\n")

    assert sleeper.poll() is None
