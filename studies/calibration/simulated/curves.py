"""Expected loss as a function of the learning rate, from which simulated runs are drawn.

Of the possible loss reduction a run at distance d from its optimum keeps exp(-k d²), d in octaves, k another
one above the optimum than below; every run has its own optimum and a noisy loss, and diverges above its own
edge.
The expected loss has no closed form with two k: it is summed by Gauss-Hermite quadrature.

Shapes: E learning rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Values = NDArray[np.float64]

INITIAL = 2.3
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(24)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
# The true optimum is looked for on so fine a grid, in octaves.
FINE = 0.02


@dataclass(frozen=True)
class LossCurve:
    """Loss curve of one size.

    Attributes:
        optimum, edge: log2 lr of the least loss, and above which runs diverge.
        best: the loss at the optimum, without noise.
        curvature_below, curvature_above: k on either side.
        scatter: standard deviation of a run's own optimum, octaves.
        noise: standard deviation of a run's log loss.
        edge_scatter: standard deviation of a run's own edge, octaves.
    """

    optimum: float
    edge: float
    best: float
    curvature_below: float
    curvature_above: float
    scatter: float
    noise: float
    edge_scatter: float = 0.1

    def loss_at(self, distance: Values) -> Values:
        """Return the loss without noise so far from a run's own optimum."""
        curvature = np.where(distance < 0, self.curvature_below, self.curvature_above)
        loss: Values = INITIAL - (INITIAL - self.best) * np.exp(-curvature * distance**2)
        return loss

    def expected(self, log2_lrs: Values) -> Values:
        """Return the expected loss [E], a diverged run counted as the loss at init."""
        distance_EQ = log2_lrs[:, None] - self.optimum - self.scatter * _NODES
        survived = self.loss_at(distance_EQ) @ _WEIGHTS * np.exp(0.5 * self.noise**2)
        rate = self.divergence(log2_lrs)
        loss: Values = (1.0 - rate) * survived + rate * INITIAL
        return loss

    def divergence(self, log2_lrs: Values) -> Values:
        """Return the share of runs that diverge, [E]."""
        rate: Values = ndtr((log2_lrs - self.edge) / self.edge_scatter)
        return rate

    @cached_property
    def true_optimum(self) -> float:
        """Return log2 of the LR with the least expected loss."""
        fine = self.optimum + np.arange(-2.0, 2.0 + FINE, FINE)
        return float(fine[self.expected(fine).argmin()])
