"""Thresholds of the verdict: configuration, part of the spec, hashed before the first run."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen

Level = Annotated[float, Field(ge=0.5, lt=1)]
Limit = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class Thresholds(Frozen):
    """Limits of the verdict's rules (docs/science.md §6.3-6.4); shown with every verdict."""

    level: Level = 0.90
    min_seeds: Count = 3
    full_seeds: Count = 5
    transfers_regret: Limit = 0.02
    fine_tune_regret: Limit = 0.10
    transfers_gain_loss: Limit = 0.10
    fine_tune_gain_loss: Limit = 0.33
    transfers_shift: Limit = 1.0
    fine_tune_shift: Limit = 2.0
    spread_level: Ratio = 1.5
    edge_ratio: Limit = 0.9
    interpolation: Limit = 0.01
    min_widths: Count = 3
    min_width_span: Limit = 8.0
    min_lrs: Count = 7
    check_passes: Limit = 0.10
    check_fails: Limit = 0.25
    check_widths: Count = 4

    def sha256(self) -> str:
        """Return the sha256 of the thresholds."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
