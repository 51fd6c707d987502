"""Depth scaling: multiplier of a residual branch, and constants of the weights inside a branch.

SP, NTP and µP leave depth to the model: its branches are multiplied by depth^-branch_exponent. Depth-µP and
CompleteP use that at the base depth only and scale it by m_L^-α beyond, m_L = depth / base_depth, so that
all parametrizations coincide at the base size (docs/decisions/0012; docs/science.md §2.3).

    depth-µP   α = ½; block LR 1 under SGD, m_L^-½ under Adam (Yang et al. 2023, Tensor Programs VI).
    CompleteP  α in [½, 1], default 1; block LR m_L^(α-1) and ε m_L^-α under Adam (arXiv 2505.01618, table 1).
"""

from __future__ import annotations

from muscope.backend.domain.spec.optimizer import EpsilonRule, OptimizerSpec, UpdateFamily
from muscope.backend.domain.spec.parametrization import Parametrization, TensorScaling
from muscope.backend.errors import InvalidInput

DEPTH_MUP_ALPHA = 0.5
# CompleteP is published for updates that are scale-free; nothing keeps the kernel still under Muon.
_UNKNOWN = {
    (Parametrization.COMPLETEP, UpdateFamily.SGD),
    (Parametrization.NTP, UpdateFamily.MUON),
}


def require_known(parametrization: Parametrization, optimizer: OptimizerSpec) -> None:
    """Refuse a parametrization that is not derived for this family of updates; raises InvalidInput."""
    if (parametrization, optimizer.family) in _UNKNOWN:
        raise InvalidInput(
            "spec.parametrization_unknown_for_optimizer",
            parametrization=parametrization.value,
            optimizer=optimizer.kind.value,
        )


def depth_alpha(parametrization: Parametrization, completep_alpha: float) -> float | None:
    """Return α where the parametrization has a rule for depth, None where the model has."""
    if parametrization is Parametrization.DEPTH_MUP:
        return DEPTH_MUP_ALPHA
    return completep_alpha if parametrization is Parametrization.COMPLETEP else None


def branch_mult(alpha: float | None, *, depth: int, base_depth: int, branch_exponent: float) -> float:
    """Return the factor in front of every residual branch."""
    if alpha is None:
        return float(depth**-branch_exponent)
    return float(base_depth**-branch_exponent * (depth / base_depth) ** -alpha)


def in_a_branch(
    scaling: TensorScaling, alpha: float | None, *, depth_mult: float, optimizer: OptimizerSpec
) -> TensorScaling:
    """Return the constants of a weight inside a branch, from those by width; unchanged under SGD."""
    if alpha is None or optimizer.family is UpdateFamily.SGD:
        return scaling
    is_epsilon_scaled = optimizer.epsilon_rule is EpsilonRule.SCALED
    return scaling._replace(
        lr_mult=scaling.lr_mult * depth_mult ** (alpha - 1.0),
        epsilon_mult=scaling.epsilon_mult * (depth_mult**-alpha if is_epsilon_scaled else 1.0),
    )
