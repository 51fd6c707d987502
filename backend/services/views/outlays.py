"""Outlays as REST shows them: time, memory, runs, and money where there is a rate."""

from __future__ import annotations

from backend.domain.plan.outlay import Outlay
from backend.domain.spec.money import Price
from backend.services.views.outlay_views import OutlayView


def outlay_view(outlay: Outlay, price: Price | None) -> OutlayView:
    """Return an outlay with its price."""
    return OutlayView(
        wall_seconds=outlay.wall_seconds,
        slot_seconds=outlay.slot_seconds,
        num_bytes=outlay.num_bytes,
        num_runs=outlay.num_runs,
        money=None if price is None else price.of(outlay.slot_seconds),
        currency=None if price is None else price.currency,
    )
