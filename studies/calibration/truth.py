"""True costs of an LR at a size, known or measured without doubt, and the outcome that follows from them.

The lines are those of the verdict's thresholds, drawn on true values instead of intervals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.verdict import Outcome

# As in the rules: more diverging seeds than this is a failure by itself.
MAJORITY = 0.5
# Within a factor of this of the line counts as near it.
NEAR = 1.5
# Outcomes that claim transfer; sharpness only says how closely to watch.
CLAIMS = frozenset({Outcome.TRANSFERS, Outcome.SHARPNESS_DRIFTS})


@dataclass(frozen=True)
class Truth:
    """True costs of the reused LR at one size.

    Attributes:
        regret: M2, share of the achievable loss reduction that is lost; a diverged run loses all of it.
        shift: M1, octaves between the optima; NaN where the target's is unknown.
        gain_loss: M2s, share of the larger size's benefit that is lost; None where there is no benefit.
        benefit: of the larger size, as a share of the same reduction; 0 where there is none.
        divergence: share of runs that diverge at the reused LR.
    """

    regret: float
    shift: float
    gain_loss: float | None
    benefit: float = 0.0
    divergence: float = 0.0

    def limit(self, thresholds: Thresholds) -> float:
        """Return the cost that "transfers" allows at this size."""
        return thresholds.cost_limit(self.benefit)

    def strain(self, thresholds: Thresholds) -> float:
        """Return the cost in units of its limit: above 1 the LR does not transfer within it."""
        return math.inf if self.divergence > MAJORITY else self.regret / self.limit(thresholds)

    def transfers(self, thresholds: Thresholds) -> bool:
        """Tell whether "transfers" is true."""
        return self.strain(thresholds) <= 1.0

    def is_near(self, thresholds: Thresholds) -> bool:
        """Tell whether the truth is close to the line of "transfers", on either side."""
        return 1.0 / NEAR <= self.strain(thresholds) <= NEAR

    def fails(self, thresholds: Thresholds) -> bool:
        """Return whether "does not transfer" is true: reuse costs too much, or a dear optimum is far."""
        is_dear = self.strain(thresholds) > 1.0
        is_lost = self.gain_loss is not None and self.gain_loss > thresholds.fine_tune_gain_loss
        is_far = abs(self.shift) > thresholds.fine_tune_shift
        return (
            self.divergence > MAJORITY
            or self.regret > thresholds.fine_tune_regret
            or (is_dear and (is_lost or is_far))
        )

    def outcome(self, thresholds: Thresholds) -> Outcome:
        """Return the outcome that is true."""
        if self.transfers(thresholds):
            return Outcome.TRANSFERS
        return Outcome.DOES_NOT_TRANSFER if self.fails(thresholds) else Outcome.FINE_TUNE
