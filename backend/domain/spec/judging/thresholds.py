"""Thresholds of the verdict: configuration, part of the spec, hashed before the first run."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen

Level = Annotated[float, Field(ge=0.5, lt=1)]
Limit = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]

# Fields of version 5 of the rules, unknown to experiments from before it.
LATER_FIELDS = frozenset({"least_regret", "extra_training", "min_margin"})


class Thresholds(Frozen):
    """Limits of the verdict's rules (docs/science.md §6.3-6.4); shown with every verdict."""

    level: Level = 0.90
    min_seeds: Count = 3
    full_seeds: Count = 5
    transfers_regret: Limit = 0.02
    fine_tune_regret: Limit = 0.10
    transfers_gain_loss: Limit = 0.10
    least_regret: Limit = 0.005
    extra_training: Limit = 0.10
    min_margin: Limit = 0.5
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

    def cost_limit(self, benefit: float) -> float:
        """Return the cost of reuse that "transfers" allows, as a share of the achievable improvement.

        Args:
            benefit: of the larger size, as a share of the same improvement.
        """
        return min(self.transfers_regret, max(self.least_regret, self.transfers_gain_loss * benefit))

    def content(self) -> dict[str, Any]:
        """Return the thresholds as JSON; later fields at their defaults are left out, so hashes stay."""
        said = self.model_dump(mode="json")
        unsaid = LATER_FIELDS - set(self.model_dump(exclude_defaults=True))
        return {name: value for name, value in said.items() if name not in unsaid}

    def sha256(self) -> str:
        """Return the sha256 of the thresholds."""
        canonical = json.dumps(self.content(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
