"""Budget of an experiment: limit on slot time, on money, or on both; the smaller one applies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.money import SECONDS_PER_HOUR, Currency, Price, RatePerHour
from muscope.backend.errors import InvalidInput

Amount = Annotated[float, Field(le=1e12, allow_inf_nan=False)]


class Budget(Frozen):
    """Limit on slot-seconds and on money at a rate per slot-hour.

    `require_budget` refuses contradictions, naming the field and the least value it accepts.
    """

    slot_seconds: Amount | None = None
    money: Amount | None = None
    rate_per_hour: RatePerHour | None = None
    currency: Currency = Currency.JPY

    @property
    def price(self) -> Price | None:
        """Return the price of a slot-hour; None if none was given."""
        if self.rate_per_hour is None:
            return None
        return Price(rate_per_hour=self.rate_per_hour, currency=self.currency)

    @property
    def limit_seconds(self) -> float:
        """Return the slot-seconds that may be spent; infinite without a limit."""
        limits = [float("inf")] if self.slot_seconds is None else [self.slot_seconds]
        if self.money is not None and self.rate_per_hour:
            limits.append(self.money / self.rate_per_hour * SECONDS_PER_HOUR)
        return min(limits)


def require_budget(budget: Budget, least_seconds: float) -> None:
    """Refuse a budget that contradicts itself or pays for no run; raises InvalidInput.

    Args:
        least_seconds: predicted slot-seconds of the cheapest cell of the base size, the least any run costs.
    """
    for field in ("slot_seconds", "money"):
        given = getattr(budget, field)
        if given is not None and given <= 0:
            raise InvalidInput("budget.not_positive", field=f"budget.{field}", given=given)
    if budget.slot_seconds is None and budget.money is None:
        raise InvalidInput("budget.says_nothing", field="budget.slot_seconds")
    if budget.money is not None and not budget.rate_per_hour:
        raise InvalidInput("budget.money_needs_rate", field="budget.rate_per_hour")
    if budget.slot_seconds is not None and budget.slot_seconds < least_seconds:
        raise InvalidInput(
            "budget.too_small",
            field="budget.slot_seconds",
            given=budget.slot_seconds,
            least=_up(least_seconds),
        )
    if budget.money is not None and budget.limit_seconds < least_seconds:
        least = (budget.rate_per_hour or 0.0) * least_seconds / SECONDS_PER_HOUR
        raise InvalidInput("budget.too_small", field="budget.money", given=budget.money, least=_up(least))


def _up(value: float) -> float:
    """Round up to three digits, so that the suggested value is accepted."""
    return float(f"{value * 1.005:.3g}")


@dataclass(frozen=True)
class Claimed:
    """Seconds of one cell: spent so far, and predicted to come if it is open."""

    cell_id: UUID
    is_open: bool
    is_queued: bool
    spent_seconds: float
    coming_seconds: float


def committed_seconds(cells: Iterable[Claimed]) -> float:
    """Return the seconds spent, plus those the open cells are predicted to spend."""
    return sum(cell.spent_seconds + (cell.coming_seconds if cell.is_open else 0.0) for cell in cells)


def affordable(costs: Sequence[float], *, left_seconds: float) -> list[int]:
    """Return the indices of the cells that the rest of a budget pays for, the cheapest first.

    Cheap cells are small models: they inform most per second, and larger ones build on them.
    """
    chosen: list[int] = []
    for index in sorted(range(len(costs)), key=lambda each: (costs[each], each)):
        if costs[index] > left_seconds:
            break
        left_seconds -= costs[index]
        chosen.append(index)
    return chosen


def beyond(cells: Sequence[Claimed], limit_seconds: float) -> tuple[UUID, ...]:
    """Return the queued cells that a budget no longer pays for, since others took longer than predicted."""
    queued = [cell for cell in cells if cell.is_queued]
    rest = limit_seconds - committed_seconds(cells) + sum(cell.coming_seconds for cell in queued)
    kept = {
        queued[index].cell_id for index in affordable([c.coming_seconds for c in queued], left_seconds=rest)
    }
    return tuple(cell.cell_id for cell in queued if cell.cell_id not in kept)
