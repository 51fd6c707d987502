"""Stack of stand-in processes that `test_stack.py` starts: `python -m tests.system.fake_stack SCENARIO`."""

from __future__ import annotations

import sys

from muscope.backend.catalogue import error_text
from muscope.backend.errors import MuscopeError
from muscope.backend.settings import Settings
from muscope.backend.stack.embedded_broker import prepare_broker
from muscope.backend.stack.processes import Service
from muscope.backend.stack.run import run
from muscope.backend.stack.start_order import StartOrder

# Waits for ever and has a child that does the same, as a Celery node has.
PARENT_AND_CHILD = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
print("up", flush=True)
time.sleep(600)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", program)


def start_order(settings: Settings) -> StartOrder:
    """Return a real broker and the stand-ins of the scenario named on the command line."""
    broker = prepare_broker(settings.runtime_folder, settings.broker_socket)
    stand_ins = {
        "good": Service("worker", python(PARENT_AND_CHILD)),
        "deaf": Service("worker", python(DEAF), grace_seconds=60),
        "broken": Service("worker", python("raise SystemExit('no luck')"), ready=lambda: False),
    }
    foundation = (Service("broker", broker.command, broker.is_ready, stop_rank=1),)
    bad_migration = python("raise SystemExit('the disk is tired')")
    migration = bad_migration if "--bad-migration" in sys.argv else None
    return StartOrder(foundation, migration, (stand_ins[sys.argv[1]],))


if __name__ == "__main__":
    try:
        sys.exit(run(Settings(), choose_order=start_order, is_verbose=True))
    except MuscopeError as error:
        sys.exit(error_text(error, "en"))
