"""The figures of compared experiments. Loads no Plotly."""

from __future__ import annotations

from enum import StrEnum


class CompareFigure(StrEnum):
    """The figures there are."""

    LR_LOSS = "lr_loss"
    LOSS = "loss"
    SHARPNESS = "sharpness"  # LR-weighted only: the raw one is not comparable between sizes
