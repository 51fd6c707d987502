"""Completed experiments as workers would store them: final losses on parabolas, one per width."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log2, nan
from uuid import UUID

import numpy as np

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import metrics
from muscope.backend.db.connection.session import Database, Session
from muscope.backend.db.metrics import Chunk
from muscope.backend.db.schema.tables import CellRow, ExperimentRow
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.lookup import schedule_of
from muscope.backend.services.verdicts.judging import judge_scenario
from tests.backend.domain.specs import spec

INITIAL = 2.0
LRS = tuple(2.0**e for e in (-4, -2, -3, -5, -1, -6, 0))  # in no order, as a user may give them
DIVERGES_AT = 3

WIDE: ExperimentSpec = spec(
    arms=(
        Arm(parametrization=Parametrization.MUP, lrs=LRS),
        Arm(parametrization=Parametrization.NTP, lrs=tuple(sorted(LRS))),
    ),
    widths=(8, 16, 32, 64),
    seeds=(0, 7, 3),
)

# Octaves by which a scenario moves all optima. The grid of momentum moves along; four times the batch moves
# them by its root, more steps move them down.
MOVES = {"momentum:0.9": -3.0, "batch_axis:32": 1.0, "steps_axis:48": -0.9, "step_up": -0.5}

Diverges = Callable[[CellRow, PlannedRun], bool]


def final_loss(cell: CellRow, run: PlannedRun) -> float:
    """Return the final loss of a run: µP's optimum stays at 2^-2.9, NTP's moves an octave per doubling.

    `MOVES` says by how much a scenario moves it.
    """
    doublings = log2(cell.width / 8)
    optimum = -2.9 - (doublings if cell.parametrization == Parametrization.NTP else 0)
    optimum += MOVES.get(cell.scenario, 0.0)
    ripple = 0.002 * ((run.seed * 31 + cell.width) % 7 - 3)
    return 0.5 * exp(0.15 * (log2(run.lr) - optimum) ** 2 - 0.2 * doublings + ripple)


def finish(database: Database, cell_id: UUID, *, diverges: Diverges = lambda *_: False) -> None:
    """Write all values of a cell and complete it: the loss at init, then the final loss at every step."""
    with database.write() as session:
        cell = session.get_one(CellRow, cell_id)
        schedule = schedule_of(session.get_one(ExperimentRow, cell.experiment_id), cell)
        runs = cell_rows.planned_runs(session, cell_id)
        for first in schedule.window_starts():
            for metric in (Metric.TRAIN_LOSS, Metric.VAL_LOSS, Metric.SHARPNESS):
                steps = schedule.metric_steps(metric, first)
                rows = [[_value(metric, cell, run, step, diverges) for run in runs] for step in steps]
                if steps:
                    chunk = Chunk(metric, first, steps, np.array(rows, np.float32))
                    metrics.append(session, metrics.rows_of(cell_id, [chunk], tail_from=schedule.num_steps))
        gone = {index: DIVERGES_AT for index, run in enumerate(runs) if diverges(cell, run)}
        metrics.mark_diverged(session, cell_id, gone)
        cell.committed_step, cell.state = schedule.num_steps, CellState.COMPLETED


def _value(metric: Metric, cell: CellRow, run: PlannedRun, step: int, diverges: Diverges) -> float:
    if step >= DIVERGES_AT and diverges(cell, run):
        return nan
    if metric is Metric.SHARPNESS:
        return 0.5
    return INITIAL if step == 0 else final_loss(cell, run)


def evidence_of(session: Session, experiment_id: UUID) -> ExperimentEvidence:
    """Return the evidence of an experiment, read again from the database."""
    return ExperimentEvidence(session, session.get_one(ExperimentRow, experiment_id))


def judge_now(context: Context, experiment_id: UUID) -> Verdict:
    """Judge an experiment's first scenario from the values stored now, without cache and stored verdict."""
    with context.database.read() as session:
        evidence = evidence_of(session, experiment_id)
        return judge_scenario(evidence, evidence.spec.judged_scenarios[0])
