"""Calibration of the cost model from finished cells: actual over predicted time by device and kind of cell.

The cost model describes a device by a few seconds of measurement (`cost.Calibration`). Effects these do not
show (a family's kernels, a slower memory, runs that diverge early, a shared machine) are learned per device
and kind of cell as the mean of ln(actual / predicted), shrunk towards no correction while there are few
cells.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Weight of the prior, "no correction", in cells.
PRIOR_CELLS = 1.0
# Weights of older cells decay: a machine changes over a thousand cells.
REMEMBERED_CELLS = 30
# Limit on the ratio of one cell: a laptop that slept through a cell must not distort the mean.
MOST_LOG_RATIO = math.log(8.0)
# Shorter cells, in seconds, are mostly start-up, which does not depend on their kind.
LEAST_SECONDS = 0.5
# Upper bounds of the width classes; kernels within a class have the same bottleneck.
WIDTH_CLASSES = (32, 128, 512)


def device_sha256(environment: Mapping[str, Any]) -> str:
    """Return the sha256 of everything the environment names, which decides a cell's speed."""
    canonical = json.dumps(dict(environment), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def kind_of(family: str, width: int, *, has_curvature: bool) -> str:
    """Return the kind of a cell: family / with or without curvature / width class."""
    bound = next((bound for bound in WIDTH_CLASSES if width <= bound), None)
    curvature = "curvature" if has_curvature else "plain"
    return f"{family}/{curvature}/{'wider' if bound is None else f'to_{bound}'}"


@dataclass(frozen=True)
class Learned:
    """Weighted sums over the cells of one kind on one kind of device."""

    num_cells: int = 0
    log_ratio_sum: float = 0.0
    log_ratio_squares: float = 0.0

    def with_cell(self, *, actual_seconds: float, predicted_seconds: float) -> Learned:
        """Return the sums after one more cell; `predicted_seconds` are the model's, uncorrected."""
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
        """Return the factor on predictions of this kind."""
        return math.exp(self.log_ratio_sum / (self.num_cells + PRIOR_CELLS))
