"""The command lines of µScope's processes, shared by the `muscope` command and the embedded stack."""

from __future__ import annotations

import sys

from backend.settings import Settings

Command = tuple[str, ...]

# An open SSE stream would hold Uvicorn's shutdown for ever (uvicorn issue 2754).
GRACEFUL_SHUTDOWN_SECONDS = 5


def web_command(settings: Settings) -> Command:
    """Return the command that serves the page and the API."""
    return (
        *(sys.executable, "-m", "uvicorn", "backend.api.app:create_app", "--factory"),
        *("--host", settings.host, "--port", str(settings.port)),
        *("--timeout-graceful-shutdown", str(GRACEFUL_SHUTDOWN_SECONDS)),
        *("--no-server-header", "--ws", "none", "--log-level", settings.log_level.lower()),
    )


def worker_command(settings: Settings) -> Command:
    """Return the command of the Celery node that trains on the CPU."""
    return (
        *(sys.executable, "-m", "celery", "-A", "worker.app", "worker", "--pool", "prefork"),
        *("--concurrency", str(settings.worker_slots), "--queues", "cpu", "--hostname", "cpu@%h"),
        *("--without-mingle", "--without-gossip", "--loglevel", settings.log_level.upper()),
    )


def muscope_command(name: str) -> Command:
    """Return the command that runs one subcommand of `muscope` in this interpreter."""
    return (sys.executable, "-m", "backend.cli", name)
