"""Scaling law that turns a difference of losses into compute: L = E + A·C^-α.

A loss higher by ΔL at the loss L needs (1 + ΔL/(L − E))^(1/α) times the compute to be made up for, whatever A
is. The law is an assumption: it is named with every number, and a user may give another one.
"""

from __future__ import annotations

import math

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.errors import InvalidInput
from muscope.backend.grammar.laws import law_parts

# A larger loss is none in nats per token: guessing among a million tokens costs 14.
MOST_NATS = 14.0


class ScalingLaw(Frozen):
    """Assumed law of the loss over compute, in nats per token; the defaults are those of language models."""

    irreducible: float = Field(default=1.6, ge=0.0, description="E, the loss that no compute goes below.")
    exponent: float = Field(default=0.0941, gt=0.0, le=2.0, description="α of L = E + A·C^-α.")

    def extra_compute(self, best: float, excess: float) -> float:
        """Return the extra compute that makes up for `excess`, as a share; NaN where the law cannot hold."""
        reducible = best - self.irreducible
        if not reducible > 0 or best > MOST_NATS or not math.isfinite(excess):
            return math.nan
        ratio = 1.0 + excess / reducible
        if ratio <= 0:
            return -1.0
        power = math.log(ratio) / self.exponent
        return math.expm1(power) if power < 50.0 else math.inf


# Assumed where a user gives no other.
LANGUAGE_LAW = ScalingLaw()


def parse_law(text: str) -> ScalingLaw | None:
    """Return the law given as `E,alpha`; None for `none`. Raises InvalidInput for anything else."""
    parts = law_parts(text)
    if parts is None:
        return None
    try:
        return ScalingLaw.model_validate(parts)
    except ValueError as error:
        raise InvalidInput("sweep.bad_law", given=text) from error
