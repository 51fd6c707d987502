"""True costs of an LR at a size, known or measured without doubt, and the outcome that follows from them.

The lines are those of the verdict's thresholds, drawn on true values instead of intervals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from muscope.backend.domain.spec.thresholds import Thresholds
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
        divergence: share of runs that diverge at the reused LR.
    """

    regret: float
    shift: float
    gain_loss: float | None
    divergence: float = 0.0

    def strain(self, thresholds: Thresholds) -> float:
        """Return the largest value in units of its limit: above 1 the LR does not transfer within them."""
        shares = [self.regret / thresholds.transfers_regret, abs(self.shift) / thresholds.transfers_shift]
        if self.gain_loss is not None:
            shares.append(self.gain_loss / thresholds.transfers_gain_loss)
        return math.inf if self.divergence > MAJORITY else max(share for share in shares if share == share)

    def transfers(self, thresholds: Thresholds) -> bool:
        """Tell whether "transfers" is true."""
        return self.strain(thresholds) <= 1.0

    def is_near(self, thresholds: Thresholds) -> bool:
        """Tell whether the truth is close to the line of "transfers", on either side."""
        return 1.0 / NEAR <= self.strain(thresholds) <= NEAR

    def fails(self, thresholds: Thresholds) -> bool:
        """Return whether "does not transfer" is true: reuse costs too much, or an optimum not flat is far."""
        is_dear = self.regret > thresholds.fine_tune_regret or (
            self.gain_loss is not None and self.gain_loss > thresholds.fine_tune_gain_loss
        )
        is_kept = self.gain_loss is None or self.gain_loss <= thresholds.transfers_gain_loss
        is_cheap = self.regret <= thresholds.transfers_regret and is_kept
        is_far = abs(self.shift) > thresholds.fine_tune_shift and not is_cheap
        return self.divergence > MAJORITY or is_dear or is_far

    def outcome(self, thresholds: Thresholds) -> Outcome:
        """Return the outcome that is true; inconclusive where none of the others is."""
        if self.transfers(thresholds):
            return Outcome.TRANSFERS
        if self.fails(thresholds):
            return Outcome.DOES_NOT_TRANSFER
        is_near = abs(self.shift) <= thresholds.fine_tune_shift
        return Outcome.FINE_TUNE if is_near else Outcome.INCONCLUSIVE
