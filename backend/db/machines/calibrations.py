"""Measured against predicted training time per kind of device and cell, kept as sums."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from muscope.backend.db.connection.upsert import insert_new
from muscope.backend.db.schema.tables import CalibrationRow
from muscope.backend.domain.cost.calibration import Learned


def learned_on(session: Session, device_sha256: str) -> dict[str, Learned]:
    """Return what is known of a device, by kind of cell."""
    rows = session.scalars(select(CalibrationRow).where(CalibrationRow.device_sha256 == device_sha256))
    return {row.kind: _learned(row) for row in rows}


def learn(
    session: Session,
    device_sha256: str,
    kind: str,
    *,
    actual_seconds: float,
    predicted_seconds: float,
    now: datetime,
) -> None:
    """Add a finished cell; two that finish at once wait for each other."""
    empty = {"num_cells": 0, "log_ratio_sum": 0.0, "log_ratio_squares": 0.0, "updated_at": now}
    insert_new(session, CalibrationRow, [{"device_sha256": device_sha256, "kind": kind, **empty}])
    of_kind = (CalibrationRow.device_sha256 == device_sha256, CalibrationRow.kind == kind)
    row = session.scalars(select(CalibrationRow).where(*of_kind).with_for_update()).one()
    after = _learned(row).with_cell(actual_seconds=actual_seconds, predicted_seconds=predicted_seconds)
    row.num_cells = after.num_cells
    row.log_ratio_sum = after.log_ratio_sum
    row.log_ratio_squares = after.log_ratio_squares
    row.updated_at = now


def _learned(row: CalibrationRow) -> Learned:
    return Learned(row.num_cells, row.log_ratio_sum, row.log_ratio_squares)
