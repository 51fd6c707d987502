"""What the protocol can answer."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from backend.domain.lifecycle import StopReason
from backend.domain.protocol.grid import PlannedCell


@dataclass(frozen=True)
class Add:
    """Plan these cells next."""

    cells: tuple[PlannedCell, ...]


@dataclass(frozen=True)
class Skip:
    """These queued cells can no longer change the answer, or the budget no longer pays for them."""

    cell_ids: tuple[UUID, ...]
    stop_reason: StopReason | None = None


@dataclass(frozen=True)
class Wait:
    """What comes next depends on cells that are still open."""


@dataclass(frozen=True)
class Done:
    """Nothing is left to plan or to wait for; `stop_reason` says why it ended before its sizes did."""

    stop_reason: StopReason | None = None


Decision = Add | Skip | Wait | Done
