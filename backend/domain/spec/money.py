"""Price of slot time. The unit of compute is the hour of one worker slot, a core or a GPU."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen

SECONDS_PER_HOUR = 3600.0


class Currency(StrEnum):
    """Currency the product can display."""

    JPY = "JPY"
    USD = "USD"


RatePerHour = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class Price(Frozen):
    """Price of an hour of one slot."""

    rate_per_hour: RatePerHour
    currency: Currency = Currency.JPY

    def of(self, slot_seconds: float) -> float:
        """Return the price of `slot_seconds`."""
        return self.rate_per_hour * slot_seconds / SECONDS_PER_HOUR
