"""Where the verdict's lines are drawn: configuration, part of the spec, hashed before the first run."""

from __future__ import annotations

from backend.domain.dataset import Frozen


class Thresholds(Frozen):
    """Where the lines are drawn (science.md §6.3-6.4); shown with every verdict."""

    level: float = 0.90
    min_seeds: int = 3
    full_seeds: int = 5
    transfers_regret: float = 0.02
    fine_tune_regret: float = 0.10
    transfers_gain_loss: float = 0.10
    fine_tune_gain_loss: float = 0.33
    transfers_shift: float = 1.0
    fine_tune_shift: float = 2.0
    spread_level: float = 1.5
    edge_ratio: float = 0.9
    interpolation: float = 0.01
    min_widths: int = 3
    min_width_span: float = 8.0
    min_lrs: int = 7
    check_passes: float = 0.10
    check_fails: float = 0.25
    check_widths: int = 4
