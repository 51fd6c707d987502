"""Reasons of a verdict for what a budget left undone: each size without a result, and what it would cost."""

from __future__ import annotations

from collections import defaultdict

from muscope.backend.analysis.reasons import named, reason, rounded
from muscope.backend.domain.spec.money import Price
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.verdict import Reason, Verdict
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.evidence.left_out import left_out_cells

# Reasons about a size that are replaced by the one with its price.
_REPLACED = frozenset({"size_not_run", "size_not_run_takes"})


def with_left_out(verdict: Verdict, evidence: ExperimentEvidence) -> Verdict:
    """Name the sizes of a verdict's scenario, of any arm, that the budget left without a result."""
    seconds: dict[Size, float] = defaultdict(float)
    for cell, cost in left_out_cells(evidence):
        if cell.scenario == Scenario(verdict.scenario):
            seconds[Size(cell.width, cell.depth)] += cost.seconds
    price = evidence.spec.budget.price if evidence.spec.budget is not None else None
    found = tuple(_left_out(size, each, price) for size, each in sorted(seconds.items()))
    sizes = {(why.params["width"], why.params["depth"]) for why in found}
    kept = tuple(why for why in verdict.reasons if why.code not in _REPLACED or _size(why) not in sizes)
    return verdict.model_copy(update={"reasons": (*found, *kept)})


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
