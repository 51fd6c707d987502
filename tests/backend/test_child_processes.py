"""Priority of child processes that compute beside those who wait for an answer."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from muscope.backend.child_processes import TRAINING_NICENESS, lower_priority

needs_priorities = pytest.mark.skipif(not hasattr(os, "setpriority"), reason="the platform has none")


@contextmanager
def _child():
    with subprocess.Popen(
        (sys.executable, "-c", "import sys; sys.stdin.read()"), stdin=subprocess.PIPE, start_new_session=True
    ) as of:
        yield of.pid


@needs_priorities
@pytest.mark.parametrize(("steps", "expected"), [(TRAINING_NICENESS, 10), (25, 19)])
def test_a_child_gives_way_by_so_many_steps_from_ours(steps, expected, monkeypatch):
    monkeypatch.setattr(os, "getpriority", lambda *_: 0)
    with _child() as pid:
        lower_priority(pid, steps)
        monkeypatch.undo()

        assert os.getpriority(os.PRIO_PROCESS, pid) == expected


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="the kernel has no groups by session")
def test_the_session_of_a_child_gives_way_with_it_but_not_ours():
    before = Path("/proc/self/autogroup").read_text()
    with _child() as pid:
        lower_priority(pid, TRAINING_NICENESS)
        niceness = os.getpriority(os.PRIO_PROCESS, pid)

        assert Path(f"/proc/{pid}/autogroup").read_text().split()[-1] == str(niceness)
    assert Path("/proc/self/autogroup").read_text() == before


@needs_priorities
def test_a_kernel_that_takes_one_change_at_a_time_is_asked_again(monkeypatch, tmp_path):
    asked: list[str] = []
    waits: list[float] = []

    def write(_, text):
        asked.append(text)
        if len(asked) < 3:
            raise BlockingIOError

    monkeypatch.setattr(Path, "write_text", write)
    monkeypatch.setattr(time, "sleep", waits.append)
    with _child() as pid:
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "autogroup").touch()
        lower_priority(pid, TRAINING_NICENESS, tmp_path)

    assert len(asked) == 3
    assert len(waits) == 2


@needs_priorities
def test_a_child_that_has_ended_already_is_no_error():
    with _child() as pid:
        pass

    lower_priority(pid, TRAINING_NICENESS)
