"""What a verdict may say beyond what was measured, made up."""

from __future__ import annotations

from backend.domain.spec.metrics import Metric
from backend.domain.verdict.outlook import Extrapolation, Horizon, Outlook, Recommendation, Reliability


def outlook(extrapolation: Extrapolation) -> Outlook:
    """Return an outlook that claims nothing but what lies at the target."""
    return Outlook(
        horizon=Horizon(is_available=False, loss=Metric.VAL_LOSS),
        extrapolation=extrapolation,
        reliability=Reliability(),
        recommendation=Recommendation(target=extrapolation.target, lr=extrapolation.lr.value),
    )
