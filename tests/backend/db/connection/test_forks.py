"""A process that is forked while another thread writes to the database file can write to it afterwards."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from muscope.backend.db.connection.address import file_address

PROGRAM = """
import os, sys, threading
from sqlalchemy import text
from muscope.backend.db.connection.session import Database

database = Database(sys.argv[1], forks=sys.argv[2] == "turn")
begun, may_end = threading.Event(), threading.Event()

def write(database):
    with database.write() as session:
        session.execute(text("CREATE TABLE IF NOT EXISTS thing (id INTEGER)"))
        begun.set()
        may_end.wait(0.3)

thread = threading.Thread(target=write, args=(database,))
thread.start()
begun.wait()
pid = os.fork()
if pid == 0:
    may_end.set()
    try:
        write(Database(sys.argv[1], busy_seconds=2.0))
    except BaseException as error:
        print(error, file=sys.stderr)
        os._exit(1)
    os._exit(0)
thread.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks on this system")
@pytest.mark.parametrize(("forks", "status"), [("turn", 0), ("none", 1)])
def test_a_forked_process_inherits_no_lock_of_a_thread_that_was_writing(tmp_path, forks, status):
    url = str(file_address(tmp_path / "muscope.db"))

    child = subprocess.run(
        (sys.executable, "-W", "ignore", "-c", PROGRAM, url, forks), capture_output=True, text=True
    )

    assert child.returncode == status, child.stderr
