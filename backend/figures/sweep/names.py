"""Names of the figures of a sweep; loads no Plotly."""

from __future__ import annotations

from enum import StrEnum


class SweepFigure(StrEnum):
    """Figure of one arm on one axis."""

    LR_LOSS = "lr_loss"
    BEST_LR = "best_lr"
    COST = "cost"
