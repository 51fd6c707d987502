"""Decisions of a protocol."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from muscope.backend.domain.lifecycle import StopReason
from muscope.backend.domain.protocol.grid import PlannedCell


@dataclass(frozen=True)
class Add:
    """Decision to plan these cells next."""

    cells: tuple[PlannedCell, ...]


@dataclass(frozen=True)
class Skip:
    """Decision to skip queued cells that cannot change the answer, or that the budget no longer pays for."""

    cell_ids: tuple[UUID, ...]
    stop_reason: StopReason | None = None


@dataclass(frozen=True)
class Wait:
    """Decision to wait, since the next step depends on cells that are still open."""


@dataclass(frozen=True)
class Done:
    """Decision to end; `stop_reason` is the reason if sizes are left."""

    stop_reason: StopReason | None = None


Decision = Add | Skip | Wait | Done
