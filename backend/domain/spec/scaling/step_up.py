"""Step up in training: a larger batch and more steps than the LR was tuned with, and the rules that carry it.

A rule says by which factor a tuned LR is multiplied. It is part of the spec, so that an experiment judges
reuse under this rule (ADR 0055).
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.optimizer import OptimizerKind

# Measured over token horizons of language models (arXiv 2409.19913): the best LR falls as steps^-0.32.
HORIZON_EXPONENT = -0.32


class BatchRule(StrEnum):
    """Scaling of the LR with the batch size."""

    NONE = "none"
    SQRT = "sqrt"  # of Adam, from its SDE (Malladi et al., arXiv 2205.10287); β and ε stay as they are
    LINEAR = "linear"  # of SGD (Goyal et al., arXiv 1706.02677)


class StepsRule(StrEnum):
    """Scaling of the LR with the number of steps; the schedule always stretches to the last step."""

    NONE = "none"
    TOKEN_HORIZON = "token_horizon"  # steps^-0.32 (Bjorck et al., arXiv 2409.19913)


_BATCH_EXPONENTS = {BatchRule.NONE: 0.0, BatchRule.SQRT: 0.5, BatchRule.LINEAR: 1.0}
_STEPS_EXPONENTS = {StepsRule.NONE: 0.0, StepsRule.TOKEN_HORIZON: HORIZON_EXPONENT}
# Of Lion and Muon no published rule is known, so that their LR stays.
_USUAL = {
    OptimizerKind.SGD: BatchRule.LINEAR,
    OptimizerKind.ADAM: BatchRule.SQRT,
    OptimizerKind.ADAMW: BatchRule.SQRT,
}


def usual_batch_rule(optimizer: OptimizerKind) -> BatchRule:
    """Return the published rule of an optimizer; none where there is no published one."""
    return _USUAL.get(optimizer, BatchRule.NONE)


class StepUp(Frozen):
    """Conditions of a larger training, and the rules by which the tuned LR is carried to it."""

    base_batch_size: int
    base_num_steps: int
    batch_size: int
    num_steps: int
    batch_rule: BatchRule
    steps_rule: StepsRule

    @property
    def lr_factor(self) -> float:
        """Return the LR to use per LR that was tuned."""
        by_batch = (self.batch_size / self.base_batch_size) ** _BATCH_EXPONENTS[self.batch_rule]
        return float(by_batch * (self.num_steps / self.base_num_steps) ** _STEPS_EXPONENTS[self.steps_rule])


class CarriedRate(Frozen):
    """LR that is reused after a step up, and the conditions it was tuned and is used under."""

    step_up: StepUp
    lr_factor: float = Field(description="By the rules, LR to use per LR that was tuned.")
    lr: float | None = Field(description="Tuned LR times the factor: the one whose reuse is judged.")
