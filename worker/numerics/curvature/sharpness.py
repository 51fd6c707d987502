"""LR-weighted sharpness λ_max(C^½ H C^½) along training, by warm-started Lanczos; unit 1/lr.

H is the Hessian of the mean loss on the sharpness batch, C the diagonal of LR multipliers. Gradient descent
with the base LR η is stable on the quadratic model while λ_max < κ/η, κ = 2 without momentum (Cohen et al.
2021, arXiv 2103.00065); with C the bound is the same at every width (docs/science.md §4.1).

The start is the last eigenvector plus a small random component. A warm start can stay on an eigenvalue that
was overtaken, so every few measurements an audit starts from a much more random vector and takes more steps;
the first, which has no eigenvector to start from, takes the most.

Legend: R runs, P parameters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from muscope.worker.numerics.linalg.lanczos import Eigenpairs, StoppingRule, largest_eigenpairs
from muscope.worker.numerics.linalg.operators import SymmetricOperator
from muscope.worker.numerics.randomness import direction

AUDIT_EVERY = 10
# Norm of the random component beside the last eigenvector (norm 1): 3 % finds small rotations (docs/engine.md
# §3).
WARM_RANDOM_NORM = 0.03
AUDIT_RANDOM_NORM = 1.0
MIN_STEPS = 3
MAX_WARM_STEPS = 12
MIN_AUDIT_STEPS = 6
# From a random vector six steps settle on the second eigenvalue when the first is close (docs/log.md).
MIN_COLD_STEPS = 12
MAX_COLD_STEPS = 25


def measure_sharpness(
    operator: SymmetricOperator,
    eigenvector_RP: Tensor,
    *,
    spec_seed: int,
    seeds: Sequence[int],
    step: int,
    measurement: int,
    tolerance: float,
    of: str = "",
) -> Eigenpairs:
    """Return the largest algebraic eigenvalue of every run, and its vector for the next warm start.

    Args:
        eigenvector_RP: unit eigenvectors of the previous measurement, zero rows where there is none.
        seeds: of each run; with `spec_seed` and `step` they key the random components.
        measurement: index of this measurement; 0, and every AUDIT_EVERY-th after it, is an audit.
        tolerance: wanted relative error of the eigenvalue.
        of: what is measured, when it is not the sharpness itself: it keys the random components too.
    """
    is_audit = measurement % AUDIT_EVERY == 0
    random_RP = _random_directions(eigenvector_RP, spec_seed, seeds, step, of)
    random_norm = AUDIT_RANDOM_NORM if is_audit else WARM_RANDOM_NORM
    start_RP = torch.nan_to_num(eigenvector_RP) + random_norm * random_RP
    return largest_eigenpairs(operator, start_RP, _rule(tolerance, measurement, is_audit=is_audit))


def _rule(tolerance: float, measurement: int, *, is_audit: bool) -> StoppingRule:
    if measurement == 0:
        return StoppingRule(tolerance, MIN_COLD_STEPS, MAX_COLD_STEPS)
    if is_audit:
        return StoppingRule(tolerance, MIN_AUDIT_STEPS, MAX_COLD_STEPS)
    return StoppingRule(tolerance, MIN_STEPS, MAX_WARM_STEPS)


def _random_directions(like_RP: Tensor, spec_seed: int, seeds: Sequence[int], step: int, of: str) -> Tensor:
    """Return unit rows; runs of one seed share theirs."""
    size = like_RP.shape[1]
    key = (of,) if of else ()
    of_seed = {seed: direction(spec_seed, seed, step, size, *key) for seed in dict.fromkeys(seeds)}
    random_RP: Tensor = torch.from_numpy(np.stack([of_seed[seed] for seed in seeds])).to(like_RP)
    return torch.nn.functional.normalize(random_RP, dim=1)
