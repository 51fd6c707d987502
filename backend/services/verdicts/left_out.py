"""What a budget left undone, as reasons of a verdict: each size without a result, and what it would cost.

Priced by the constants every installation has and by what the cells of this experiment took, both stored: the
same evidence gives the same verdict, wherever it is judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from backend.analysis.reasons import named, reason, rounded
from backend.db.tables import CellRow
from backend.domain.cost.prediction import DEFAULT_CALIBRATION, predict
from backend.domain.lifecycle import CellState
from backend.domain.protocol import foreseen_cells
from backend.domain.protocol.evidence import group_of
from backend.domain.protocol.grid import PlannedCell, PlannedRun
from backend.domain.spec.money import Price
from backend.domain.spec.scenario import Scenario
from backend.domain.spec.size import Size
from backend.domain.verdict.verdict import Reason, Verdict
from backend.services.evidence.experiment_evidence import ExperimentEvidence

# What these say of a size is said with its price here.
_REPLACED = frozenset({"size_not_run", "size_not_run_takes"})


def with_left_out(verdict: Verdict, evidence: ExperimentEvidence) -> Verdict:
    """Name the sizes of a verdict's scenario, of any arm, that the budget left without a result."""
    seconds = _left_out_seconds(evidence, Scenario(verdict.scenario))
    budget = evidence.spec.budget
    price = budget.price if budget is not None else None
    found = tuple(_left_out(size, each, price) for size, each in sorted(seconds.items()))
    sizes = {(why.params["width"], why.params["depth"]) for why in found}
    kept = tuple(why for why in verdict.reasons if why.code not in _REPLACED or _size(why) not in sizes)
    return verdict.model_copy(update={"reasons": (*found, *kept)})


def _left_out_seconds(evidence: ExperimentEvidence, scenario: Scenario) -> Mapping[Size, float]:
    completed = [row for row in evidence.cells if row.state == CellState.COMPLETED]
    done, pace = {row.group for row in completed}, _pace(evidence, completed)
    seconds: dict[Size, float] = defaultdict(float)
    for cell in foreseen_cells(evidence.spec):
        if cell.scenario == scenario and group_of(cell) not in done:
            predicted = predict(evidence.spec, evidence.shape, cell, DEFAULT_CALIBRATION).seconds
            seconds[Size(cell.width, cell.depth)] += pace * predicted
    return seconds


def _pace(evidence: ExperimentEvidence, completed: Iterable[CellRow]) -> float:
    """Return actual over predicted time of the cells that have ended."""
    spent = predicted = 0.0
    for row in completed:
        runs = tuple(PlannedRun(run.lr_index, run.lr, run.seed) for run in evidence.runs_of(row.id))
        cell = PlannedCell(*row.group[:2], row.width, row.depth, runs, has_curvature=row.has_curvature)
        spent += row.spent_seconds
        predicted += predict(evidence.spec, evidence.shape, cell, DEFAULT_CALIBRATION).seconds
    return spent / predicted if spent > 0 and predicted > 0 else 1.0


def _left_out(size: Size, seconds: float, price: Price | None) -> Reason:
    minutes = rounded(seconds / 60.0)
    if price is None:
        return reason("left_out_by_budget", minutes=minutes, **named(size))
    money = rounded(price.of(seconds))
    return reason(
        "left_out_by_budget_costs", minutes=minutes, money=money, currency=price.currency, **named(size)
    )


def _size(why: Reason) -> tuple[object, object]:
    return why.params.get("width"), why.params.get("depth")
