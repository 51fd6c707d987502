"""Constructed outlooks of a verdict."""

from __future__ import annotations

from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.verdict.outlook import (
    Extrapolation,
    Horizon,
    Outlook,
    Recommendation,
    Reliability,
)


def outlook(extrapolation: Extrapolation) -> Outlook:
    """Return an outlook whose only content is the extrapolation."""
    return Outlook(
        horizon=Horizon(is_available=False, loss=Metric.VAL_LOSS),
        extrapolation=extrapolation,
        reliability=Reliability(),
        recommendation=Recommendation(target=extrapolation.target, lr=extrapolation.lr.value),
    )
