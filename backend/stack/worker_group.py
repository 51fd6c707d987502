"""Runs the worker nodes of a machine without the embedded stack: in a container, or by hand.

The nodes write to the same terminal. When one ends, the others are stopped as well, so that a container
restarts all of them.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence

from muscope.backend.child_processes import child_environment, die_with_parent
from muscope.backend.stack.commands import Node
from muscope.backend.stack.processes import kill_group
from muscope.backend.stack.stop_signals import StopSignals

LOOK_SECONDS = 1.0  # a signal or a child's end is noticed at once; this is for what was missed


def run_nodes(nodes: Sequence[Node]) -> int:
    """Run the nodes until told to stop or until one ends; return the exit status of the first that failed."""
    with StopSignals() as signals:
        processes = [_start(node) for node in nodes]
        while not signals.is_requested and all(process.poll() is None for process in processes):
            signals.wait(LOOK_SECONDS)
        status = next((code for process in processes if (code := process.poll())), 0)
        for process in processes:
            process.send_signal(signal.SIGTERM)  # does nothing to one that has ended
        while any(process.poll() is None for process in processes):
            signals.wait(LOOK_SECONDS)
            if signals.is_hurried():
                break
        for process in processes:
            kill_group(process.pid)
            process.wait()
    return abs(status)


def _start(node: Node) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        node.command,
        stdin=subprocess.DEVNULL,
        env=child_environment(**node.environment),
        start_new_session=True,  # Ctrl-C reaches us alone, and we tell them
        preexec_fn=die_with_parent(),
    )
