"""Handle on a training child: start it, send requests, receive replies, kill it. Never imports torch."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

from muscope.backend.child_processes import FOR_TORCH, TRAINING_NICENESS, child_environment, lower_priority
from muscope.backend.domain.lifecycle import FailureClass
from muscope.worker.messages import Event, Reply, Request

log = logging.getLogger(__name__)

# Torch leaks a little with every shape it has seen; a child this old is replaced between two cells.
CELLS_PER_CHILD = 50
COMMAND = (sys.executable, "-m", "muscope.worker.child")


class TrainingProcess:
    """One training child, started on first use, reused until it fails or is old."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self._command = command
        self._process: subprocess.Popen[str] | None = None
        self._replies: queue.Queue[Reply] = queue.Queue()
        self._num_cells = 0
        self._is_ready = False
        self._oom_kills = 0
        self._own_code: str | None = None  # version of the brought model that has run in the child

    def start(self) -> None:
        """Make sure that a child runs that is not too old."""
        is_alive = self._process is not None and self._process.poll() is None
        if is_alive and self._num_cells < CELLS_PER_CHILD:
            return
        self.kill()
        self._replies = queue.Queue()
        self._num_cells = 0
        self._own_code = None
        self._is_ready = False
        self._oom_kills = num_oom_kills()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # cancel and kill reach whatever it starts
            env=child_environment(**FOR_TORCH),
        )
        lower_priority(self._process.pid, TRAINING_NICENESS)
        threading.Thread(target=_read_replies, args=(self._process, self._replies), daemon=True).start()

    def send(self, request: Request, *, own_code: str | None = None) -> None:
        """Send a request; a child that died meanwhile is noticed by `exit_code`.

        Args:
            own_code: version of the brought model that the cell runs. Its file may change what torch does for
                the whole process, so no cell of another model follows in the same child.
        """
        is_foreign = self._own_code is not None and self._own_code != own_code
        if is_foreign:
            self.kill()
        self.start()
        self._num_cells += 1
        self._own_code = own_code
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(request.model_dump_json() + "\n")
            self._process.stdin.flush()

    def first_reply(self, *, wait_seconds: float) -> Reply | None:
        """Return `ready` of a child that has passed its test cell, at once if it has said so before.

        Otherwise its reply, or None when it has said nothing in time.
        """
        self.start()
        return Reply(event=Event.READY) if self._is_ready else self.receive(wait_seconds=wait_seconds)

    @property
    def is_ready(self) -> bool:
        """Tell whether the child is known to have passed its test cell."""
        return self._is_ready

    def receive(self, *, wait_seconds: float) -> Reply | None:
        """Return the next reply, or None when none came in time."""
        reply = self._next_reply(wait_seconds)
        if reply is not None and reply.event is Event.READY:
            self._is_ready = True
        return reply

    def _next_reply(self, wait_seconds: float) -> Reply | None:
        try:
            return self._replies.get(timeout=wait_seconds)
        except queue.Empty:
            return None

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return None if self._process is None else self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Return how the child ended; None while it runs."""
        return None if self._process is None else self._process.poll()

    def failure(self) -> tuple[FailureClass, str]:
        """Classify the end of a dead child."""
        code = self.exit_code
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            if -code == signal.SIGKILL and num_oom_kills() > self._oom_kills:
                return FailureClass.OOM, f"the training process was killed by {name}: out of memory"
            return FailureClass.CRASH, f"the training process was killed by {name}"
        return FailureClass.CRASH, f"the training process ended with exit code {code}"

    def kill(self) -> None:
        """End the child and whatever it started, now."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._process = None


def num_oom_kills() -> int:
    """Count the processes the kernel has killed for memory; 0 where it does not tell."""
    counters = Path("/proc/vmstat")
    if not counters.exists():
        return 0
    lines = (line.split() for line in counters.read_text().splitlines())
    return next((int(value) for name, value in lines if name == "oom_kill"), 0)


def _read_replies(process: subprocess.Popen[str], replies: queue.Queue[Reply]) -> None:
    assert process.stdout is not None
    with contextlib.suppress(ValueError):  # closed while we read: the child was killed on purpose
        for line in process.stdout:
            replies.put(Reply.model_validate_json(line))
