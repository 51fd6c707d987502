"""Starts, watches, restarts and stops child processes. Knows nothing about µScope's own services.

Each child leads its own session, so that a signal reaches it and all its descendants, and Ctrl-C in the
terminal reaches only us. A child that was steady once is restarted for ever, with growing pauses; one that
never comes up is given up after a few attempts.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from muscope.backend.child_processes import child_environment, die_with_parent
from muscope.backend.errors import Unavailable
from muscope.backend.stack.process_logs import log_path, open_log, rotate_log

logger = logging.getLogger("muscope.stack")

STEADY_SECONDS = 5.0  # ready for this long: a later death is an accident, not a broken installation
ATTEMPTS_AT_START = 3
LONGEST_PAUSE_SECONDS = 30.0
GROUP_GRACE_SECONDS = 3.0  # between TERM and KILL to the whole group
READY_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Service:
    """A child process to keep running."""

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool] = lambda: True  # asked after every start until it says yes
    environment: Mapping[str, str] = field(default_factory=dict)
    grace_seconds: float = 8.0  # how long a polite stop may take
    stop_rank: int = 0  # lower ranks stop first


@dataclass
class _Child:
    service: Service
    process: subprocess.Popen[bytes]
    started_at: float
    is_ready: bool = False
    was_steady: bool = False
    failures: int = 0
    restart_at: float | None = None


class Supervisor:
    """Keeps services running until told to stop; drive it with `tick`."""

    def __init__(
        self,
        log_folder: Path,
        on_start: Callable[[str, int], None],
        on_end: Callable[[str, int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log_folder = log_folder
        self._on_start = on_start
        self._on_end = on_end
        self._clock = clock
        self._children: dict[str, _Child] = {}

    def start(self, service: Service) -> None:
        """Start a service and watch it from now on."""
        rotate_log(log_path(self._log_folder, service.name))
        self._children[service.name] = _Child(service, self._spawn(service), self._clock())

    def is_ready(self, name: str) -> bool:
        return self._children[name].is_ready

    def tick(self) -> None:
        """Look at every child once; raises Unavailable for one that never comes up."""
        for child in self._children.values():
            if child.restart_at is not None:
                self._restart_when_due(child)
            elif (code := child.process.poll()) is not None:
                self._plan_restart(child, code)
            elif not child.is_ready:
                child.is_ready = child.service.ready()
            elif self._clock() - child.started_at > STEADY_SECONDS:
                child.was_steady, child.failures = True, 0

    def stop(self, wait: Callable[[float], None], is_hurried: Callable[[], bool]) -> None:
        """Stop all children by rank; `wait` sleeps for at most the seconds it is given."""
        for child in sorted(self._children.values(), key=lambda child: child.service.stop_rank):
            if child.restart_at is None:
                self._stop_child(child, wait, is_hurried)
        self._children.clear()

    def _spawn(self, service: Service) -> subprocess.Popen[bytes]:
        with open_log(log_path(self._log_folder, service.name)) as log:
            process = subprocess.Popen(
                service.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=child_environment(**service.environment),
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )
        self._on_start(service.name, process.pid)
        return process

    def _plan_restart(self, child: _Child, code: int) -> None:
        service = child.service
        kill_group(child.process.pid)  # what a dead child leaves behind would fight with its successor
        self._on_end(service.name, child.process.pid)
        child.failures += 1
        if not child.was_steady and child.failures >= ATTEMPTS_AT_START:
            log = str(log_path(self._log_folder, service.name))
            raise Unavailable("service_gave_up", name=service.name, attempts=child.failures, log=log)
        pause = min(LONGEST_PAUSE_SECONDS, 0.25 * 2**child.failures)
        child.restart_at = self._clock() + pause
        logger.warning("%s ended with %s; starting it again in %.1f s", service.name, describe(code), pause)

    def _restart_when_due(self, child: _Child) -> None:
        if child.restart_at is None or self._clock() < child.restart_at:
            return
        child.process = self._spawn(child.service)
        child.started_at, child.restart_at, child.is_ready = self._clock(), None, False
        logger.info("%s started again as process %d", child.service.name, child.process.pid)

    def _stop_child(
        self, child: _Child, wait: Callable[[float], None], is_hurried: Callable[[], bool]
    ) -> None:
        pid = child.process.pid
        steps: Sequence[tuple[Callable[[int, int], None], float]] = (
            (os.kill, child.service.grace_seconds),  # the leader tells its own children
            (os.killpg, GROUP_GRACE_SECONDS),
        )
        for send, seconds in steps:
            if child.process.poll() is None and not is_hurried():
                with contextlib.suppress(ProcessLookupError):
                    send(pid, signal.SIGTERM)
                self._wait_for_end(child, seconds, wait, is_hurried)
        if child.process.poll() is None:
            logger.warning("%s does not stop; killing it", child.service.name)
        kill_group(pid)
        child.process.wait()
        self._on_end(child.service.name, pid)

    def _wait_for_end(
        self, child: _Child, seconds: float, wait: Callable[[float], None], is_hurried: Callable[[], bool]
    ) -> None:
        deadline = self._clock() + seconds
        while child.process.poll() is None and self._clock() < deadline and not is_hurried():
            wait(READY_POLL_SECONDS)


def kill_group(group: int) -> None:
    """Kill every process of a group; a group that is empty already is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
        os.killpg(group, signal.SIGKILL)


def describe(code: int) -> str:
    """Return an exit status in words."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
