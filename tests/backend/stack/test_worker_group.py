"""Several worker nodes under one parent, with stand-ins for the nodes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
PARENT = """
import sys
from muscope.backend.stack.commands import Node
from muscope.backend.stack.worker_group import run_nodes
def node(number, program):
    return Node(str(number), (sys.executable, "-S", "-c", program), {"NUMBER": str(number)})
raise SystemExit(run_nodes([node(*each) for each in enumerate(sys.argv[1:])]))
"""
# Ends politely when asked to, as a Celery node does.
POLITE = """
import os, signal, sys, time
def say(*words):  # in one piece: both nodes write to one file
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())
signal.signal(signal.SIGTERM, lambda *_: (say("bye", os.environ["NUMBER"]), sys.exit(0)))
say("up", os.getpid())
time.sleep(600)
"""


@pytest.fixture
def group(tmp_path):
    output = tmp_path / "output.txt"
    started = []

    def of(*programs):
        with output.open("wb") as file:
            command = (sys.executable, "-c", PARENT, *programs)
            started.append(subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT))
        return started[-1], output.read_text

    yield of
    for process in started:
        process.kill()
        process.wait()


def test_a_stop_reaches_every_node_and_waits_for_it(group):
    process, said = group(POLITE, POLITE)
    wait_until(lambda: said().count("up") == 2)

    process.send_signal(signal.SIGTERM)

    assert process.wait(20) == 0
    assert sorted(line for line in said().splitlines() if "bye" in line) == ["bye 0", "bye 1"]


def test_a_node_that_ends_ends_the_others_and_its_status_is_ours(group):
    process, said = group(POLITE, POLITE)
    wait_until(lambda: said().count("up") == 2)
    pids = [int(line.split()[1]) for line in said().splitlines() if "up" in line]

    os.kill(pids[0], signal.SIGKILL)

    assert process.wait(20) == signal.SIGKILL
    assert not any(_runs(pid) for pid in pids)


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
