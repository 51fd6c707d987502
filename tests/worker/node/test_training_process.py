import os
import signal
import sys
from uuid import UUID

import pytest

from muscope.backend.domain.lifecycle import FailureClass
from muscope.worker.messages import Event, Reply, Request
from muscope.worker.node import training_process
from muscope.worker.node.training_process import TrainingProcess
from tests.waiting import wait_until

# Answers each request with a window and an end; steps count the requests of one child.
ANSWERING = """
import json, sys
print(json.dumps({"event": "ready"}), flush=True)
for step, line in enumerate(sys.stdin):
    cell = json.loads(line)["cell_id"]
    print(json.dumps({"event": "window", "cell_id": cell, "step": step}), flush=True)
    print(json.dumps({"event": "completed", "cell_id": cell}), flush=True)
"""
WITH_GRANDCHILD = """
import json, subprocess, sys
kid = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(json.dumps({"event": "ready", "detail": str(kid.pid)}), flush=True)
sys.stdin.read()
"""
REQUEST = Request(cell_id=UUID(int=1), fence=7)


@pytest.fixture
def process():
    started = []

    def of(script):
        started.append(TrainingProcess((sys.executable, "-S", "-c", script)))
        return started[-1]

    yield of
    for each in started:
        each.kill()


def _read_replies(process):
    reply = process.receive(wait_seconds=20)
    assert reply is not None
    return reply


def _end(process):
    return wait_until(lambda: process.exit_code is not None) and process.exit_code


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="the platform has no priorities")
def test_training_gives_way_to_everything_else(process):
    says_its_id = "print(json.dumps({'event': 'ready', 'detail': str(os.getpid())}), flush=True)"
    child = process(f"import json, os\n{says_its_id}\ninput()")

    child.start()

    pid = int(_read_replies(child).detail or 0)
    expected = min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    assert wait_until(lambda: os.getpriority(os.PRIO_PROCESS, pid) == expected)


def test_it_asks_and_hears_the_replies_in_order(process):
    child = process(ANSWERING)

    child.send(REQUEST)

    assert [_read_replies(child) for _ in range(3)] == [
        Reply(event=Event.READY),
        Reply(event=Event.WINDOW, cell_id=UUID(int=1), step=0),
        Reply(event=Event.COMPLETED, cell_id=UUID(int=1)),
    ]
    assert child.receive(wait_seconds=0.001) is None


def test_one_child_serves_many_cells(process):
    child = process(ANSWERING)

    child.start()
    first = child.pid
    for _ in range(3):
        child.send(REQUEST)

    assert [_read_replies(child).step for _ in range(7)] == [None, 0, None, 1, None, 2, None]
    assert child.pid == first


def test_an_old_child_is_replaced_between_two_cells(process, monkeypatch):
    monkeypatch.setattr(training_process, "CELLS_PER_CHILD", 2)
    child = process(ANSWERING)
    steps, pids = [], []

    for _ in range(5):
        child.send(REQUEST)
        while (reply := _read_replies(child)).event is not Event.COMPLETED:
            steps.append(reply.step)
        pids.append(child.pid)

    assert [step for step in steps if step is not None] == [0, 1, 0, 1, 0]
    assert [pids[0] == pids[1], pids[1] == pids[2], pids[2] == pids[3]] == [True, False, True]


def test_a_child_ends_when_its_stdin_ends(process):
    child = process(ANSWERING)
    child.start()
    _read_replies(child)

    child._process.stdin.close()

    assert wait_until(lambda: child.exit_code == 0)


def test_kill_reaches_grandchildren(process):
    child = process(WITH_GRANDCHILD)
    child.start()
    grandchild = int(_read_replies(child).detail)

    child.kill()

    assert (child.pid, child.exit_code) == (None, None)
    assert wait_until(lambda: _is_gone(grandchild))


def _is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A killed process whose new parent has not looked yet is as good as gone.
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123 (a device-like file)
        return stat.read().rsplit(")", 1)[1].split()[0] == "Z"


def test_a_killed_child_is_started_anew_at_the_next_request(process):
    child = process(ANSWERING)
    child.send(REQUEST)
    first = child.pid
    child.kill()
    child.kill()

    child.send(REQUEST)

    assert _read_replies(child).event is Event.READY
    assert child.pid not in (None, first)


def test_replies_of_a_killed_child_are_not_heard_later(process):
    child = process(ANSWERING)
    child.send(REQUEST)
    _read_replies(child)
    child.kill()

    child.start()

    assert [_read_replies(child).event, child.receive(wait_seconds=0.05)] == [Event.READY, None]


@pytest.mark.parametrize(
    ("script", "detail"),
    [
        ("raise SystemExit(3)", "exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    ],
)
def test_a_death_is_a_crash_with_its_reason(script, detail, process, monkeypatch):
    monkeypatch.setattr(training_process, "num_oom_kills", lambda: 5)
    child = process(script)
    child.send(REQUEST)

    wait_until(lambda: child.exit_code is not None)

    failure, why = child.failure()
    assert (failure, detail in why) == (FailureClass.CRASH, True)


def test_a_kill_while_the_kernel_counts_one_more_is_out_of_memory(process, monkeypatch):
    kills = iter((5, 6))
    monkeypatch.setattr(training_process, "num_oom_kills", lambda: next(kills))
    child = process(f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})")
    child.start()

    wait_until(lambda: child.exit_code is not None)

    assert child.failure()[0] is FailureClass.OOM


def test_asking_a_child_that_dies_meanwhile_is_noticed_by_its_exit_only(process):
    child = process("raise SystemExit(0)")
    child.start()
    child._process.wait()
    child._process.poll = lambda: None  # not noticed yet

    child.send(REQUEST)

    del child._process.poll
    assert child.exit_code == 0


def test_the_kernels_count_of_kills_is_a_number():
    assert training_process.num_oom_kills() >= 0


def test_no_cell_of_another_model_follows_an_own_model_in_the_same_child(process):
    child = process(ANSWERING)
    pids = []
    for own_code in (None, "a", "a", "b", None, None):
        child.send(REQUEST, own_code=own_code)
        pids.append(child.pid)

    assert [pids.index(pid) for pid in pids] == [0, 0, 0, 3, 4, 4]
