"""The embedded stack: one parent that starts, watches, restarts and stops broker, conductor, worker and web.

`start_order.py` lists the services, `checks.py` holds the checks before the start, `processes.py` keeps
children alive, and `process_reaper.py` cleans up when this process is killed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from muscope.backend.catalogue import text
from muscope.backend.child_processes import child_environment, die_with_parent
from muscope.backend.errors import Unavailable
from muscope.backend.settings import Settings
from muscope.backend.stack import process_reaper
from muscope.backend.stack.checks import check_port, hold_lock, prepare_data_folder
from muscope.backend.stack.commands import Command
from muscope.backend.stack.process_logs import LogFollower, log_path, open_log, rotate_log, shorten_log
from muscope.backend.stack.processes import Service, Supervisor
from muscope.backend.stack.start_order import StartOrder, embedded_start_order
from muscope.backend.stack.stop_signals import StopSignals
from muscope.backend.stack.web_address import address
from muscope.backend.storage.disk import require_room_to_start

logger = logging.getLogger("muscope.stack")

READY_SECONDS = 60.0


def run(
    settings: Settings,
    language: str = "en",
    is_verbose: bool = False,
    choose_order: Callable[[Settings], StartOrder] | None = None,
) -> int:
    """Run the stack until it is told to stop; returns the exit status."""

    def say(key: str, **params: str | int) -> None:
        print(text(f"stack.{key}", language, **params), flush=True)

    say("data_folder", path=str(settings.data_folder))
    prepare_data_folder(settings.data_folder, settings.log_folder)
    require_room_to_start(settings.data_folder)
    with hold_lock(settings.data_folder / "lock") as lock, StopSignals() as signals:
        say("port", port=settings.port)
        check_port(settings.host, settings.port)
        order = (choose_order or embedded_start_order)(settings)
        stack = _Stack(settings, order, signals, lock, is_verbose)
        try:
            if stack.start(say):
                stack.watch()
        finally:
            say("stopping")
            stack.stop()
        say("stopped")
    return 0


class _Stack:
    """The running stack: its services, their supervisor, the reaper and the status file."""

    def __init__(
        self, settings: Settings, order: StartOrder, signals: StopSignals, lock: int, is_verbose: bool
    ) -> None:
        self._settings = settings
        self._order = order
        self._signals = signals
        self._lock = lock
        self._groups: dict[str, int] = {}
        self._migration: subprocess.Popen[bytes] | None = None
        self._migration_log = log_path(settings.log_folder, "migrate")
        self._reaper = self._start_reaper()
        self._supervisor = Supervisor(settings.log_folder, self._note_start, self._note_end)
        names = [service.name for service in (*order.foundation, *order.services)]
        self._logs = {name: log_path(settings.log_folder, name) for name in names}
        self._follower = LogFollower(self._logs, lambda line: print(line, flush=True)) if is_verbose else None

    def start(self, say: Callable[..., None]) -> bool:
        """Start everything in order; returns False when told to stop meanwhile."""
        if self._order.migration:
            say("migrating")
            self._begin_migration(self._order.migration)
        for service in self._order.foundation:
            self._start_service(service, say)
        self._end_migration()
        for service in self._order.services:
            self._start_service(service, say)
        if not self._signals.is_requested:
            say("ready", address=address(self._settings), logs=str(self._settings.log_folder))
            self._greet()
        return not self._signals.is_requested

    def _greet(self) -> None:
        """Print how accounts are set up; without that line everything works as well."""
        if self._order.greeting:
            subprocess.run(
                self._order.greeting,
                stdin=subprocess.DEVNULL,
                env=child_environment(MUSCOPE_DATA=str(self._settings.data_folder)),
                timeout=READY_SECONDS,
                check=False,
            )

    def watch(self) -> None:
        """Keep the services alive until told to stop."""
        while not self._signals.is_requested:
            self._tick(0.25)

    def stop(self) -> None:
        """Stop the services in their order, and leave neither processes nor sockets."""
        if self._migration:
            self._migration.wait()
        self._supervisor.stop(self._signals.wait, self._signals.is_hurried)
        self._follow()
        with contextlib.suppress(OSError):
            self._status_file.unlink(missing_ok=True)
        if self._reaper.stdin:
            self._reaper.stdin.close()
        self._reaper.wait()

    def _start_service(self, service: Service, say: Callable[..., None]) -> None:
        if not self._signals.is_requested:
            say("starting", name=service.name)
            self._supervisor.start(service)
            self._wait_until_ready(service.name)

    def _begin_migration(self, command: Command) -> None:
        rotate_log(self._migration_log)
        with open_log(self._migration_log) as log:
            self._migration = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=child_environment(MUSCOPE_DATA=str(self._settings.data_folder)),
                start_new_session=True,  # Ctrl-C must not interrupt a migration half-way
                preexec_fn=die_with_parent(),
            )

    def _end_migration(self) -> None:
        if self._migration and self._migration.wait() != 0:
            log = self._migration_log
            lines = log.read_text("utf-8", "replace").strip().splitlines()
            raise Unavailable("migration_failed", reason=lines[-1] if lines else "", log=str(log))

    def _wait_until_ready(self, name: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._supervisor.is_ready(name) and not self._signals.is_requested:
            if time.monotonic() > deadline:
                log = str(log_path(self._settings.log_folder, name))
                raise Unavailable("service_not_ready", name=name, seconds=int(READY_SECONDS), log=log)
            self._tick(0.05)

    def _tick(self, seconds: float) -> None:
        self._supervisor.tick()
        if self._reaper.poll() is not None:
            self._reaper = self._start_reaper()
        self._follow()
        self._signals.wait(seconds)

    def _follow(self) -> None:
        if self._follower:
            self._follower.poll()
        for path in self._logs.values():
            shorten_log(path)

    def _start_reaper(self) -> subprocess.Popen[bytes]:
        script = str(Path(process_reaper.__file__))
        # The command names the running groups: later, nobody might be left to tell it of them.
        running = (str(group) for group in self._groups.values())
        return subprocess.Popen(
            (sys.executable, "-I", "-S", script, str(self._settings.runtime_folder), *running),
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=(self._lock,),
        )

    def _note_start(self, name: str, pid: int) -> None:
        self._groups[name] = pid
        _tell(self._reaper, f"+{pid}")
        self._write_status()

    def _note_end(self, name: str, pid: int) -> None:
        self._groups.pop(name, None)
        _tell(self._reaper, f"-{pid}")
        self._write_status()

    @property
    def _status_file(self) -> Path:
        return self._settings.data_folder / "stack.json"

    def _write_status(self) -> None:
        status = {"pid": os.getpid(), "address": address(self._settings), "children": self._groups}
        partial = self._status_file.with_suffix(".partial")
        try:
            partial.write_text(json.dumps(status, indent=2) + "\n", encoding="utf-8")
            partial.replace(self._status_file)
        except OSError as error:  # a full disk stops no service, and nothing but people reads this file
            logger.warning("%s: %s", self._status_file, error.strerror)


def _tell(reaper: subprocess.Popen[bytes], line: str) -> None:
    try:
        if reaper.stdin:
            reaper.stdin.write(f"{line}\n".encode())
            reaper.stdin.flush()
    except BrokenPipeError:
        pass  # it was killed; the next tick starts another and tells it everything
