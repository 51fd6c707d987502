"""Removal of the checkpoints of cells that have ended."""

from __future__ import annotations

import logging

from muscope.backend.db import checkpoints as checkpoint_rows
from muscope.backend.db.connection.session import Database
from muscope.backend.errors import Unavailable
from muscope.backend.storage.blobs.folder import Blobs

log = logging.getLogger(__name__)


def sweep_checkpoints(database: Database, blobs: Blobs) -> None:
    """Remove the blobs of ended or deleted cells, then their rows; an outage of the blobs is waited out."""
    with database.read() as session:
        ended = [(row.cell_id, row.sha256) for row in checkpoint_rows.of_ended_cells(session)]
    for cell_id, sha256 in ended:
        try:
            blobs.delete(sha256)
        except Unavailable as error:
            log.warning("checkpoints of ended cells stay until the blobs answer: %s", error)
            return
        with database.write() as session:
            checkpoint_rows.remove(session, cell_id, sha256)
