"""The command lines of µScope's processes, shared by the `muscope` command and the embedded stack."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from muscope.backend.child_processes import ONE_THREAD
from muscope.backend.domain.devices import CPU, queue_of
from muscope.backend.settings import Settings

Command = tuple[str, ...]

# An open SSE stream would hold Uvicorn's shutdown for ever (uvicorn issue 2754).
GRACEFUL_SHUTDOWN_SECONDS = 5


def web_command(settings: Settings) -> Command:
    """Return the command that serves the page and the API."""
    return (
        *(
            sys.executable,
            "-m",
            "uvicorn",
            "muscope.backend.api.operating.web_process:create_app",
            "--factory",
        ),
        *("--host", settings.host, "--port", str(settings.port)),
        *("--timeout-graceful-shutdown", str(GRACEFUL_SHUTDOWN_SECONDS)),
        *("--http", "muscope.backend.api.operating.request_deadline:DeadlineProtocol"),
        *("--no-server-header", "--ws", "none", "--log-level", settings.log_level.lower()),
    )


@dataclass(frozen=True)
class Node:
    """One Celery node: its name among the processes of the stack, its command and its environment."""

    name: str
    command: Command
    environment: dict[str, str]


def worker_nodes(settings: Settings, devices: Sequence[str]) -> tuple[Node, ...]:
    """Return one node per device; the CPU trains as many cells at once as it has slots, a GPU one."""
    return tuple(_worker_node(settings, device, devices) for device in devices)


def _worker_node(settings: Settings, device: str, devices: Sequence[str]) -> Node:
    slots = settings.worker_slots if device == CPU else 1
    queues = [queue_of(device)]
    if CPU not in devices:
        # Cells are rung for on `cpu` as long as no GPU is known, which includes this one's first seconds.
        queues.append(queue_of(CPU))
    host_name = device.replace(":", "-")
    command = (
        *(sys.executable, "-m", "celery", "-A", "muscope.worker.app", "worker", "--pool", "prefork"),
        *("--concurrency", str(slots), "--queues", ",".join(queues), "--hostname", f"{host_name}@%h"),
        *("--without-mingle", "--without-gossip", "--loglevel", settings.log_level.upper()),
    )
    environment = {"MUSCOPE_DEVICES": device, "MUSCOPE_WORKER_SLOTS": str(slots)}
    return Node("worker" if device == CPU else f"worker-{host_name}", command, environment | ONE_THREAD)


def muscope_command(*words: str) -> Command:
    """Return the command that runs one subcommand of `muscope` in this interpreter."""
    return (sys.executable, "-m", "muscope.backend.cli", *words)
