"""Views of the machines that train, and of the parts of the system."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen


class TrainingView(Frozen):
    """Experiment of which a worker trains cells now."""

    experiment_id: UUID | None = Field(description="Null for those of other users.")
    name: str | None
    num_cells: int


class WorkerView(Frozen):
    """Worker node seen recently, or lost within the last day."""

    name: str
    host: str
    slots: int = Field(description="Cells that it trains at the same time.")
    device: str
    memory_bytes: int
    environment: dict[str, str | int | float]
    version: str | None = Field(description="Of µScope; null for workers that did not say it yet.")
    is_other_version: bool = Field(description="It is not the version of this server.")
    started_at: datetime
    seen_at: datetime
    is_lost: bool = Field(description="Not seen for a minute.")
    fault: str | None = Field(
        description="Reason why it takes no cells: it computed a known result wrongly when it started, "
        "its disk is full, or its clock is off."
    )
    trains: tuple[TrainingView, ...] = Field(
        description="Now, on its host and device; several GPUs of one host are not told apart."
    )


class CheckView(Frozen):
    """Part of the system, and what is wrong with it in the language that was asked for."""

    name: str = Field(description="`disk`, `database`, `broker`; `workers` for each that is unfit.")
    is_ok: bool
    code: str | None = Field(description="Of the error, if there is one.")
    message: str | None


class DiskView(Frozen):
    """Disk of the data folder."""

    free_bytes: int
    total_bytes: int


class WaitingView(Frozen):
    """Open experiment, in the order in which they start."""

    id: UUID | None = Field(description="Null for those of other users.")
    name: str | None
    is_running: bool
    created_at: datetime
    expected_start: datetime | None = Field(description="Null while it trains, or while no worker is there.")


class StatusView(Frozen):
    """State of the parts of the system, and the experiments that wait."""

    version: str
    is_ready: bool
    checks: tuple[CheckView, ...]
    disk: DiskView | None = Field(description="Null where it cannot be read.")
    num_open: int | None = Field(description="Experiments that run or wait; null without a database.")
    queue: tuple[WaitingView, ...] = Field(description="The first of them.")
    start_command: str = Field(description="Starts a worker, in a shell on the machine of this server.")
