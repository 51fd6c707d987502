"""Entry of the web process: the application, loaded without the garbage collector.

Importing makes some 600,000 objects that live as long as the process. The collector walks through them again
and again: it took a quarter of a start, and pauses of tens of milliseconds of whoever asked for something.
"""

from __future__ import annotations

import gc

from fastapi import FastAPI


def create_app() -> FastAPI:
    """Build the application of this process's settings; what exists by then is never collected."""
    gc.disable()
    try:
        from muscope.backend.api import app

        return app.create_app()
    finally:
        gc.freeze()
        gc.enable()
