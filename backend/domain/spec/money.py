"""What slot time costs in money. The unit of compute is the hour of one worker slot, a core or a GPU."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from backend.domain.spec.dataset import Frozen

SECONDS_PER_HOUR = 3600.0


class Currency(StrEnum):
    """Currencies the product can show."""

    JPY = "JPY"
    USD = "USD"


RatePerHour = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class Price(Frozen):
    """What an hour of one slot costs."""

    rate_per_hour: RatePerHour
    currency: Currency = Currency.JPY

    def of(self, slot_seconds: float) -> float:
        """Return what so many slot-seconds cost."""
        return self.rate_per_hour * slot_seconds / SECONDS_PER_HOUR
