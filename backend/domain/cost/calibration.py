"""What finished cells teach about a device: how much longer a kind of cell takes there than was predicted.

The cost model knows a device by a few seconds of measurement (`cost.Calibration`). What those do not show
(a family's kernels, a slower memory, runs that diverge early, a machine that is shared) is learned per
device and kind of cell as the mean of ln(actual / predicted), shrunk towards no correction as long as little
is known.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# As many cells as the prior, "no correction", counts for.
PRIOR_CELLS = 1.0
# Older cells fade: a machine is no longer what it was a thousand cells ago.
REMEMBERED_CELLS = 30
# One ratio says no more than this: a laptop that slept through a cell teaches nothing else.
MOST_LOG_RATIO = math.log(8.0)
# A cell shorter than this is mostly start-up, which its kind does not explain.
LEAST_SECONDS = 0.5
# Upper bounds of the width classes; the kernels of a class are limited by the same thing.
WIDTH_CLASSES = (32, 128, 512)


def device_sha256(environment: Mapping[str, Any]) -> str:
    """Identify what decides a cell's speed: everything its environment names."""
    canonical = json.dumps(dict(environment), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def kind_of(family: str, width: int, *, has_curvature: bool) -> str:
    """Return the kind of a cell: family / with or without curvature / width class."""
    bound = next((bound for bound in WIDTH_CLASSES if width <= bound), None)
    curvature = "curvature" if has_curvature else "plain"
    return f"{family}/{curvature}/{'wider' if bound is None else f'to_{bound}'}"


@dataclass(frozen=True)
class Learned:
    """Sums over the cells of one kind on one kind of device."""

    num_cells: int = 0
    log_ratio_sum: float = 0.0
    log_ratio_squares: float = 0.0

    def with_cell(self, *, actual_seconds: float, predicted_seconds: float) -> Learned:
        """Return what is known after one more cell, `predicted_seconds` being the model's, uncorrected."""
        if min(actual_seconds, predicted_seconds) < LEAST_SECONDS:
            return self
        log_ratio = math.log(actual_seconds / predicted_seconds)
        log_ratio = max(-MOST_LOG_RATIO, min(MOST_LOG_RATIO, log_ratio))
        kept = min(1.0, (REMEMBERED_CELLS - 1) / max(1, self.num_cells))
        return Learned(
            min(self.num_cells + 1, REMEMBERED_CELLS),
            kept * self.log_ratio_sum + log_ratio,
            kept * self.log_ratio_squares + log_ratio**2,
        )

    def factor(self) -> float:
        """Return by what a prediction is multiplied."""
        return math.exp(self.log_ratio_sum / (self.num_cells + PRIOR_CELLS))
