"""The command lines of running processes, read while some of them end."""

from __future__ import annotations

from collections.abc import Iterable

import psutil


def command_line(process: psutil.Process) -> list[str]:
    """Return the arguments of a process; empty where it has ended since it was listed."""
    try:
        arguments: list[str] = process.cmdline()
    except psutil.NoSuchProcess:
        return []
    return arguments


def running_with(processes: Iterable[psutil.Process], argument: str) -> list[psutil.Process]:
    """List the processes that were started with `argument`."""
    return [process for process in processes if argument in command_line(process)]
