"""The embedded stack's parent, with stand-ins for the services and a real broker."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from muscope.backend.settings import Settings
from muscope.backend.stack import process_reaper
from tests.ports import free_port
from tests.system.command_line import running_with
from tests.waiting import wait_until

pytestmark = pytest.mark.system
ROOT = Path(__file__).resolve().parents[2]
REAPER = str(Path(process_reaper.__file__))


class Stack:
    """One started parent process and what it says."""

    def __init__(self, data: Path, port: int, arguments: tuple[str, ...], **environment: str) -> None:
        self.settings = Settings(data=data, port=port)
        self.output = data.parent / f"output-{port}.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "tests.system.fake_stack", *arguments),
                cwd=ROOT,
                env={**os.environ, "MUSCOPE_DATA": str(data), "PORT": str(port), **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def said(self, text: str) -> bool:
        return text in self.output.read_text(encoding="utf-8")

    def wait_ready(self) -> Stack:
        wait_until(lambda: self.said("µScope is ready"))
        return self

    def child(self, name: str) -> int:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            status = json.loads((self.settings.data_folder / "stack.json").read_text())
            return int(status["children"].get(name, 0))
        return 0

    def family(self) -> list[psutil.Process]:
        family: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return family

    def end(self) -> int:
        return self.process.wait(15)


Start = Callable[..., Stack]


@pytest.fixture
def start(tmp_path) -> Iterator[Start]:
    stacks = []

    def start_one(*arguments, data=tmp_path / "data", port=None, **environment):
        stacks.append(Stack(data, port or free_port(), arguments, **environment))
        return stacks[-1]

    yield start_one
    for stack in stacks:
        stack.process.kill()
        stack.process.wait()


def none_runs(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != "zombie" for process in processes)


def test_a_start_announces_its_address_and_keeps_its_files_private(start):
    stack = start("good").wait_ready()

    settings = stack.settings
    assert stack.said(f"http://127.0.0.1:{settings.port}/")
    for path in (settings.data_folder, settings.runtime_folder, settings.broker_socket):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE((settings.log_folder / "broker.log").stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_leaves_neither_processes_nor_sockets(start, number):
    stack = start("good").wait_ready()
    wait_until(lambda: stack.said("worker | up"))
    family = stack.family()

    stack.process.send_signal(number)

    assert stack.end() == 0
    assert len(family) == 4  # broker, worker, the worker's child, reaper
    assert none_runs(family)
    assert not stack.settings.runtime_folder.exists()
    assert not (stack.settings.data_folder / "stack.json").exists()


def test_a_killed_parent_leaves_nothing_and_the_next_start_works(start):
    stack = start("good").wait_ready()
    wait_until(lambda: stack.said("worker | up"))
    family = stack.family()

    stack.process.kill()
    again = start("good")

    wait_until(lambda: none_runs(family))
    again.wait_ready()


@pytest.mark.parametrize("name", ["broker", "worker"])
def test_a_killed_child_is_started_again_without_its_orphans(start, name):
    stack = start("good").wait_ready()
    wait_until(lambda: stack.said("worker | up"))
    old = psutil.Process(stack.child(name))
    family = [old, *old.children(recursive=True)]

    old.kill()

    wait_until(lambda: stack.child(name) not in (0, old.pid))
    wait_until(lambda: none_runs(family))
    assert stack.process.poll() is None


def test_a_killed_reaper_is_replaced(start):
    stack = start("good").wait_ready()
    (reaper,) = running_with(stack.family(), REAPER)

    reaper.kill()

    wait_until(lambda: len(running_with(stack.family(), REAPER)) == 1)
    family = stack.family()
    stack.process.kill()
    wait_until(lambda: none_runs(family))


def test_a_second_request_hurries(start):
    stack = start("deaf").wait_ready()
    wait_until(lambda: stack.said("worker | deaf"))

    stack.process.send_signal(signal.SIGINT)
    wait_until(lambda: stack.said("Stopping"))
    stack.process.send_signal(signal.SIGINT)

    assert stack.end() == 0


def test_a_child_that_never_comes_up_is_given_up_in_one_sentence(start):
    stack = start("broken")

    assert stack.end() == 1
    assert stack.said("The process “worker” failed to start 3 times in a row.")
    assert not stack.said("Traceback")


def test_a_failing_migration_is_one_sentence_with_the_reason(start):
    stack = start("good", "--bad-migration")

    assert stack.end() == 1
    assert stack.said("the disk is tired")
    assert not stack.said("Traceback")


def test_a_taken_port_is_refused_by_name(start):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        stack = start("good", port=port)

        assert stack.end() == 1

    assert stack.said(f"Port {port} is already in use.")
    assert stack.said("PORT=")


def test_a_second_stack_on_the_same_data_is_refused_with_the_pid_of_the_first(start):
    first = start("good").wait_ready()

    second = start("good", data=first.settings.data_folder.parent / "data" / ".." / "data")

    assert second.end() == 1
    assert second.said(f"as process {first.process.pid}.")
    assert first.process.poll() is None


def test_a_socket_path_that_is_too_long_is_refused(start, tmp_path):
    folder = tmp_path / ("long" * 25)
    folder.mkdir()

    stack = start("good", TMPDIR=str(folder))

    assert stack.end() == 1
    assert stack.said("socket is too long")


def test_a_runtime_folder_that_is_a_link_is_refused(start):
    settings = Settings(data=Path(tempfile.mkdtemp()) / "data")
    settings.runtime_folder.symlink_to(tempfile.gettempdir())
    try:
        stack = start("good", data=settings.data_folder)

        assert stack.end() == 1
        assert stack.said("is a link")
    finally:
        settings.runtime_folder.unlink()


def test_a_large_log_is_rotated_at_start(start, tmp_path):
    log = tmp_path / "data" / "logs" / "broker.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"x" * (11 << 20))

    start("good").wait_ready()

    assert log.stat().st_size < 1 << 20
    assert log.with_suffix(".log.1").stat().st_size == 11 << 20
