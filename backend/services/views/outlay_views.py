"""Views of outlays of plans, and of the progress and budget of an experiment."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from muscope.backend.domain.plan.outlay import Outlay
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.money import Currency, Price


class OutlayView(Frozen):
    """Predicted outlay of cells."""

    wall_seconds: float = Field(description="On the slots there are, nothing else running.")
    slot_seconds: float = Field(description="Of all slots together: what a budget counts.")
    num_bytes: int = Field(description="Memory of the largest cell.")
    num_runs: int
    money: float | None = Field(description="At the rate that was given; null without one.")
    currency: Currency | None

    @classmethod
    def of(cls, outlay: Outlay, price: Price | None) -> OutlayView:
        """Return the view of an outlay, with its price."""
        return cls(
            wall_seconds=outlay.wall_seconds,
            slot_seconds=outlay.slot_seconds,
            num_bytes=outlay.num_bytes,
            num_runs=outlay.num_runs,
            money=None if price is None else price.of(outlay.slot_seconds),
            currency=None if price is None else price.currency,
        )


class BudgetView(Frozen):
    """Budget of an experiment, and the rest of it."""

    limit_seconds: float = Field(description="Slot-seconds; the smaller of time and money.")
    left_seconds: float = Field(description="Nothing is spent of these or committed to open cells; ≥ 0.")
    money_spent: float | None = Field(description="At the budget's rate; null without one.")
    money_limit: float | None
    currency: Currency | None


class PlanQueueView(Frozen):
    """Wait of a plan that would start now, behind and beside the open experiments."""

    num_others: int = Field(description="Open experiments, whoever owns them.")
    start_seconds: float = Field(description="Until its first training would start.")
    wall_seconds: float = Field(description="Until its answer, all of them sharing the slots.")


class QueueView(Frozen):
    """Place of an experiment among the open ones, which share the worker slots."""

    position: int = Field(
        ge=1, description="1 if it trains or is the next to; one more for each that starts before it."
    )
    num_others: int = Field(description="Other open experiments, whoever owns them.")
    num_running: int = Field(description="Those of them that train now.")
    running: tuple[str, ...] = Field(description="Names of these, as far as they are the same owner's.")
    expected_start: datetime | None = Field(
        description="Start of its next training, by what the others have left; null while it trains."
    )


class ProgressView(Frozen):
    """Progress of an experiment in time."""

    spent_seconds: float = Field(description="Slot-seconds of all attempts so far.")
    predicted_total_seconds: float = Field(
        description="Slot-seconds in all: spent, and what is left corrected by what cells of it took."
    )
    eta_seconds: float | None = Field(
        description="Wall time left, windows that may widen, the budget and other experiments included; "
        "null if ended or idle."
    )
    eta_most_seconds: float | None = Field(
        description="The same for the whole grid and all that settling may add, which is never exceeded."
    )
    share_done: float = Field(ge=0, le=1)
    stage: int = Field(description="The stage of the cells that were planned last; the base is 0.")
    num_stages: int = Field(description="As many as are foreseen.")
    queue: QueueView | None = Field(description="Null if it is the only open experiment, or has ended.")
    budget: BudgetView | None
    left_out: OutlayView | None = Field(description="Cells a budget left out, and their predicted cost.")
