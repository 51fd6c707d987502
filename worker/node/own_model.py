"""A cell of a brought model: what its file did to the process that trained it, as one error for the owner."""

from __future__ import annotations

import signal
from typing import NamedTuple

from muscope.backend.db import experiments
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.lifecycle import FailureClass
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.errors import InvalidInput, as_stored
from muscope.worker.messages import DEVICE_LOST

Failure = tuple[FailureClass, str]


class OwnModel(NamedTuple):
    """Model and size of a cell that runs a file of the operator's."""

    network: str
    sha256: str
    width: int
    depth: int

    def after_silence(self, seconds: float) -> Failure:
        """Return the failure of a cell that made no progress for so long."""
        return self._failure("brought.cell_hangs", seconds=round(seconds))

    def after_end(self, exit_code: int | None) -> Failure | None:
        """Return the failure of a cell whose process ended by itself; None where the file need not be why.

        SIGKILL comes from outside, mostly for memory that others took, and a lost device may come back.
        """
        if exit_code in (None, DEVICE_LOST, -signal.SIGKILL, -signal.SIGTERM):
            return None
        assert exit_code is not None
        how = signal.Signals(-exit_code).name if exit_code < 0 else f"exit {exit_code}"
        return self._failure("brought.cell_ended", how=how)

    def _failure(self, code: str, **params: str | int) -> Failure:
        error = InvalidInput(code, model=self.network, width=self.width, depth=self.depth, **params)
        return FailureClass.MODEL, as_stored(error)


def own_model_of(session: Session, cell: CellRow) -> OwnModel | None:
    """Return the brought model of a cell; None for a built-in one."""
    sha256 = experiments.model_sha256_of(session, cell.experiment_id)
    experiment = experiments.find(session, cell.experiment_id) if sha256 else None
    if experiment is None or sha256 is None:
        return None
    model = experiment.spec.model
    name = model.network if isinstance(model, Brought) else "-"
    return OwnModel(name, sha256, cell.width, cell.depth)
