"""Entry of the web process: the application, loaded without the garbage collector.

Importing makes some 600,000 objects that live as long as the process. The collector walks through them again
and again: it took a quarter of a start, and pauses of tens of milliseconds of whoever asked for something.
"""

from __future__ import annotations

import gc
import sys

from fastapi import FastAPI

# A thread that comes back from the database takes the interpreter from one that computes after this time.
# At Python's 5 ms a transaction of ten statements held the write lock for tens of milliseconds; at 1 ms a
# worker's claim beside many posts waited 190 ms (p95), at 0.2 ms 140.
SWITCH_SECONDS = 0.0002


def create_app() -> FastAPI:
    """Build the application of this process's settings; what exists by then is never collected."""
    gc.disable()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        from muscope.backend.api import app

        return app.create_app()
    finally:
        gc.freeze()
        gc.enable()
