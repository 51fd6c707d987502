"""Training child: a fresh interpreter that trains the cells it is told on stdin.

It exits when stdin ends, from a thread of its own, so that no orphan ever writes. Torch is imported here
and in what this imports, nowhere else on the worker side.
"""

from __future__ import annotations

import errno
import logging
import os
import queue
import sys
import threading
import time
import traceback
from typing import TextIO

import torch
from pydantic import ValidationError

from muscope.backend.db.claims import Claim, ClaimLost
from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.session import PATIENT_SECONDS, Database
from muscope.backend.domain.lifecycle import FailureClass
from muscope.backend.errors import InvalidInput, MuscopeError, StorageFull, as_stored
from muscope.backend.events import Notices
from muscope.backend.logs import about, set_up_logging
from muscope.backend.settings import get_settings
from muscope.backend.storage.blobs.place import open_blobs
from muscope.worker.device import prepare_process
from muscope.worker.messages import DEVICE_LOST, Event, Reply, Request
from muscope.worker.training.brought_family import ModelFolder, is_out_of_memory
from muscope.worker.training.canary import fault_of_device
from muscope.worker.training.checkpoints import CheckpointRules
from muscope.worker.training.train_cell import Stores, train_cell_now

log = logging.getLogger(__name__)

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def main() -> None:
    """Train one cell after another until stdin ends, behind all who wait for an answer."""
    settings = get_settings()
    set_up_logging(settings)
    replies = _reserve_stdout()
    requests: queue.Queue[Request] = queue.Queue()
    threading.Thread(target=_read_requests, args=(requests,), daemon=True).start()
    log.info("matmul backend %s on %s", prepare_process(settings.node_device), settings.node_device)
    if fault := fault_of_device():
        _send(replies, Reply(event=Event.UNFIT, detail=fault))
        return
    stores = Stores(
        Database(
            database_address(settings),
            busy_seconds=PATIENT_SECONDS,
            is_durable=False,  # windows that are lost with the machine are computed again
            answer_seconds=PATIENT_SECONDS,
        ),
        open_blobs(settings),
        Notices(settings.resolved_broker_url),
        ModelFolder(settings.models, settings.model_memory_bytes),
        CheckpointRules(
            settings.cache_folder, settings.checkpoint_seconds, settings.checkpoint_bytes, time.monotonic
        ),
    )
    _send(replies, Reply(event=Event.READY))
    while True:
        request = requests.get()
        with about(cell_id=request.cell_id):
            try:
                reply = _train(request, stores, replies)
            except torch.AcceleratorError:
                sys.exit(DEVICE_LOST)
            _send(replies, reply)


def _train(request: Request, stores: Stores, replies: TextIO) -> Reply:
    """Train one cell; the boundary where every failure becomes a reply."""

    def on_step(step: int) -> None:
        _send(replies, Reply(event=Event.WINDOW, cell_id=request.cell_id, step=step))

    try:
        train_cell_now(Claim(request.cell_id, request.fence), stores, on_step=on_step)
    except ClaimLost:
        return Reply(event=Event.LOST, cell_id=request.cell_id)
    except torch.AcceleratorError:
        # A device that failed once fails this process for ever: the next cell gets a fresh one.
        log.exception("cell %s lost its device", request.cell_id)
        raise
    except Exception as error:
        log.exception("cell %s failed", request.cell_id)
        detail = as_stored(error) if isinstance(error, MuscopeError) else _last_line(error)
        return Reply(event=Event.FAILED, cell_id=request.cell_id, failure=classify(error), detail=detail)
    return Reply(event=Event.COMPLETED, cell_id=request.cell_id)


def _last_line(error: Exception) -> str:
    return "".join(traceback.format_exception_only(error)).strip()


def classify(error: Exception) -> FailureClass:
    """Name the kind of a failure that the child survived."""
    if isinstance(error, InvalidInput) and error.code.startswith("brought."):
        return FailureClass.MODEL
    if isinstance(error, ValidationError | InvalidInput):
        return FailureClass.SPEC  # the definition cannot be read or trained: no attempt will end better
    if isinstance(error, torch.OutOfMemoryError) or is_out_of_memory(error):
        return FailureClass.OOM
    if isinstance(error, StorageFull) or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        return FailureClass.DISK
    return FailureClass.CODE


def _read_requests(requests: queue.Queue[Request]) -> None:
    for line in sys.stdin:
        requests.put(Request.model_validate_json(line))
    os._exit(0)


def _reserve_stdout() -> TextIO:
    """Keep stdout for replies; whatever a library prints goes to stderr."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return replies


def _send(replies: TextIO, reply: Reply) -> None:
    replies.write(reply.model_dump_json() + "\n")


if __name__ == "__main__":
    main()
