"""Checkpoints of a cell: the state of its training in a blob, from which a later attempt goes on.

When one is taken depends on the clock, but no byte of a result does: training from a checkpoint repeats what
an undisturbed training does (docs/reliability.md §2).
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muscope.backend.arrays import read_arrays, write_arrays
from muscope.backend.db import cells as cell_rows
from muscope.backend.db import checkpoints as checkpoint_rows
from muscope.backend.db.claims import Claim, ClaimLost
from muscope.backend.db.connection.session import Database
from muscope.backend.errors import MuscopeError, Unavailable
from muscope.backend.storage.blobs.folder import Blobs, blob_of
from muscope.backend.storage.private_files import private_folder
from muscope.worker.numerics.program import CellProgram
from muscope.worker.numerics.trainer import Training, TrainingState

log = logging.getLogger(__name__)

# A state that takes long to store is stored less often: at most this share of the time goes into it.
MOST_SHARE = 0.05
FORMAT = 1


@dataclass(frozen=True)
class CheckpointRules:
    """Rules by which checkpoints are taken.

    Attributes:
        folder: of the files before they become blobs.
        every_seconds: between two of a cell, and before its first.
        most_bytes: a larger state is not stored.
        monotonic: clock in seconds.
    """

    folder: Path
    every_seconds: float
    most_bytes: int
    monotonic: Callable[[], float]


def made_for(program: CellProgram, environment: Mapping[str, str]) -> dict[str, Any]:
    """Name everything that must be equal for a state to be gone on from."""
    digest = hashlib.sha256(repr(program).encode()).hexdigest()
    return {"format": FORMAT, "program": digest, "environment": dict(environment)}


class Checkpoints:
    """Checkpoints of one claimed cell."""

    def __init__(
        self, database: Database, blobs: Blobs, claim: Claim, rules: CheckpointRules, made_for: dict[str, Any]
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._claim = claim
        self._rules = rules
        # The cell's id makes equal states of two cells two blobs, each removed with its own cell.
        self._made_for = made_for | {"cell": str(claim.cell_id)}
        self._due_at = rules.monotonic() + rules.every_seconds

    def load(self) -> TrainingState | None:
        """Return the latest state that can be gone on from; one that cannot is named in the log.

        One beyond the stored steps is none: the steps between would stay missing.
        """
        with self._database.read() as session:
            rows = checkpoint_rows.of_cell(session, self._claim.cell_id)
            cell = cell_rows.get(session, self._claim.cell_id)
            stored = -1 if cell is None else cell.committed_step
            complete = [row.sha256 for row in rows if row.is_complete and row.step <= stored + 1]
        for sha256 in complete:
            try:
                state = self._read(sha256)
            except (MuscopeError, OSError, ValueError, KeyError) as error:
                log.warning("checkpoint %s cannot be used: %s", sha256[:12], error)
                continue
            log.info("going on from the checkpoint before step %d", state.next_step)
            return state
        return None

    def save_if_due(self, training: Training) -> None:
        """Store the state if it is time; a place that is full or away costs no more than the checkpoint.

        Raises ClaimLost.
        """
        began = self._rules.monotonic()
        if began < self._due_at:
            return
        state = training.state()
        num_bytes = sum(array.nbytes for array in state.arrays.values())
        if num_bytes > self._rules.most_bytes:
            log.warning("no checkpoint: %d bytes, at most %d", num_bytes, self._rules.most_bytes)
        else:
            try:
                self._save(state)
            except (MuscopeError, OSError) as error:
                log.warning("no checkpoint: %s", error)
        ended = self._rules.monotonic()
        self._due_at = ended + max(self._rules.every_seconds, (ended - began) / MOST_SHARE)

    def _read(self, sha256: str) -> TrainingState:
        path = self._blobs.path(sha256)
        if blob_of(path).sha256 != sha256:
            raise ValueError("its bytes are not those that were stored")
        arrays, meta = read_arrays(path)
        if {name: meta.get(name) for name in self._made_for} != self._made_for:
            raise ValueError("it was taken on another device or by another version")
        return TrainingState(int(meta["next_step"]), arrays)

    def _save(self, state: TrainingState) -> None:
        private_folder(self._rules.folder)
        path = self._rules.folder / f"checkpoint-{uuid.uuid4().hex}"
        try:
            write_arrays(path, state.arrays, self._made_for | {"next_step": state.next_step})
            sha256 = blob_of(path).sha256
            with self._database.write() as session:
                checkpoint_rows.begin(session, self._claim, sha256, step=state.next_step)
            self._blobs.put(path)
            self._complete(sha256)
        finally:
            path.unlink(missing_ok=True)
        self._remove_others(sha256)

    def _complete(self, sha256: str) -> None:
        try:
            with self._database.write() as session:
                checkpoint_rows.complete(session, self._claim, sha256)
        except ClaimLost:
            # The cell may have ended, and been swept, before the blob was there.
            with suppress(Unavailable):
                self._blobs.delete(sha256)
            raise

    def _remove_others(self, kept: str) -> None:
        with self._database.read() as session:
            rows = checkpoint_rows.of_cell(session, self._claim.cell_id)
            others = [row.sha256 for row in rows if row.sha256 != kept]
        for sha256 in others:
            with suppress(Unavailable):  # the conductor removes it when the cell has ended
                self._blobs.delete(sha256)
                with self._database.write() as session:
                    checkpoint_rows.remove(session, self._claim.cell_id, sha256)
