"""Cells that a budget left without a result, with the one price that verdict and progress both give.

Priced by the constants every installation has and by what the cells of this experiment took, both stored: the
same evidence gives the same price, wherever and whenever it is asked for.
"""

from __future__ import annotations

from dataclasses import replace

from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.cost.prediction import DEFAULT_CALIBRATION, CostedCell, predict
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.protocol import foreseen_cells
from muscope.backend.domain.protocol.evidence import group_of
from muscope.backend.domain.protocol.grid import PlannedCell, PlannedRun
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence


def left_out_cells(evidence: ExperimentEvidence) -> list[CostedCell]:
    """Return the cells of the plan whose group has no result, each with its predicted cost."""
    completed = [row for row in evidence.cells if row.state is CellState.COMPLETED]
    done, pace = {row.group for row in completed}, _pace(evidence, completed)
    costed = []
    for cell in foreseen_cells(evidence.spec):
        if group_of(cell) not in done:
            cost = predict(evidence.spec, evidence.shape, cell, DEFAULT_CALIBRATION)
            costed.append((cell, replace(cost, seconds=pace * cost.seconds)))
    return costed


def _pace(evidence: ExperimentEvidence, completed: list[CellRow]) -> float:
    """Return actual over predicted time of the cells that have ended; 1 before any has."""
    spent = predicted = 0.0
    for row in completed:
        runs = tuple(PlannedRun(run.lr_index, run.lr, run.seed) for run in evidence.runs_of(row.id))
        cell = PlannedCell(
            row.scenario, row.parametrization, row.width, row.depth, runs, has_curvature=row.has_curvature
        )
        spent += row.spent_seconds
        predicted += predict(evidence.spec, evidence.shape, cell, DEFAULT_CALIBRATION).seconds
    return spent / predicted if spent > 0 and predicted > 0 else 1.0
