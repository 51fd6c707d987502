"""Parameter update of stacked runs, in effective learning rates and in torch.optim's conventions.

With η the base LR, C a tensor's LR multiplier, s the schedule's factor and g the gradient:

    w     ← w - η C s · direction
    SGD     g; with momentum b, u ← b u + g: u, or Nesterov's g + b u
    Adam    m̂ / (√v̂ + ε), m ← β₁ m + (1-β₁) g, v ← β₂ v + (1-β₂) g², hats divided by 1 - β^t
    Lion    sign(β₁ m + (1-β₁) g), then m ← β₂ m + (1-β₂) g (Chen et al. 2023, arXiv 2302.06675)
    Muon    of hidden matrices s · NS(u), u ← b u + (1-b) g, or Nesterov's NS(b u + (1-b) g); Adam for the
            other tensors (Jordan et al. 2024); s is `MuonScale`'s
    Adafactor  max(ε₂, rms w) û (`adafactor`), or û alone where it is not to be relative
    decay   g + λ w (SGD, Adam), or w ← (1 - η C s λ) w first (AdamW, Loshchilov & Hutter 2019; the others)

ε and λ are each tensor's own (ADR 0012). The state has no counter: step and schedule come in, so that a
recomputed cell repeats itself byte for byte.

Legend: R runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec, UpdateFamily
from muscope.backend.domain.spec.parametrization import TensorScaling
from muscope.worker.numerics.optimizers import adafactor
from muscope.worker.numerics.optimizers.orthogonal import orthogonalised
from muscope.worker.numerics.outer_product import OuterProduct

# Of a weight, in the order of its moments: SGD keeps a velocity, Adam a mean and a mean square of gradients,
# Adafactor a row and a column of the mean square.
Moments = dict[str, tuple[Tensor, ...]]


def initial_moments(spec: OptimizerSpec, params: Mapping[str, Tensor]) -> Moments:
    """Return zeros like each weight [R, n_in, n_out], as many as the optimizer keeps; a row and a column."""
    if spec.kind is OptimizerKind.ADAFACTOR:
        return {name: adafactor.initial_factors(weight) for name, weight in params.items()}
    return {
        name: tuple(torch.zeros_like(weight) for _ in range(spec.num_moments))
        for name, weight in params.items()
    }


@dataclass(frozen=True)
class Update:
    """Update of one cell: w ← w - lr · C · factor(step) · direction, with each tensor's C, ε and λ."""

    spec: OptimizerSpec
    scaling: Mapping[str, TensorScaling]
    num_steps: int

    def apply_(
        self,
        params: Mapping[str, Tensor],
        gradients: Mapping[str, Tensor | OuterProduct],
        moments: Moments,
        lr_R11: Tensor,
        step: int,
    ) -> None:
        """Update `params` and `moments` in place; may overwrite `gradients`.

        Args:
            gradients: tensors [R, n_in, n_out], or the products they come from.
            lr_R11: base learning rates [R, 1, 1].
            step: the number of updates made before this one.
        """
        factor = self.spec.schedule.factor(step, num_steps=self.num_steps)
        for name, weight in params.items():
            scale = self.scaling[name].lr_mult * factor
            gradient = gradients[name]
            if isinstance(gradient, OuterProduct):
                if self._is_plain:
                    gradient.descend_(weight, lr_R11, scale)
                    continue
                gradient = gradient.dense()
            step_R11 = self._steps(weight, lr_R11)
            gradient = self._decayed_(name, weight, gradient, lr_R11, scale)
            direction = DIRECTIONS[self.spec.kind](self, name, gradient, moments[name], step)
            weight.addcmul_(direction, step_R11, value=-scale)

    @property
    def _is_plain(self) -> bool:
        """Return whether the update is w - lr · gradient and nothing else."""
        spec = self.spec
        return spec.kind is OptimizerKind.SGD and spec.num_moments == 0 and spec.weight_decay == 0.0

    def _steps(self, weight: Tensor, lr_R11: Tensor) -> Tensor:
        """Return each run's factor on the direction [R, 1, 1]: its LR, by the weight's size or not."""
        is_relative = self.spec.family is UpdateFamily.RELATIVE
        return lr_R11 * adafactor.step_size(weight) if is_relative else lr_R11

    def _decayed_(self, name: str, weight: Tensor, gradient: Tensor, lr_R11: Tensor, scale: float) -> Tensor:
        """Shrink the weight (AdamW), or return the gradient of the loss plus ½ λ w² (SGD, Adam)."""
        decay = self.spec.weight_decay * self.scaling[name].weight_decay_mult
        if decay == 0.0:
            return gradient
        if self.spec.traits.decouples_weight_decay:
            weight.mul_(1.0 - lr_R11 * (scale * decay))
            return gradient
        return gradient.add(weight, alpha=decay)

    def sgd_direction(self, _name: str, gradient: Tensor, moments: tuple[Tensor, ...], _step: int) -> Tensor:
        """Return the gradient g, the velocity u ← b·u + g, or Nesterov's g + b·u (Sutskever et al. 2013)."""
        if not moments:
            return gradient
        (velocity,) = moments
        velocity.mul_(self.spec.momentum).add_(gradient)
        return gradient.add(velocity, alpha=self.spec.momentum) if self.spec.nesterov else velocity

    def adam_direction(self, name: str, gradient: Tensor, moments: tuple[Tensor, ...], step: int) -> Tensor:
        """Return m̂ / (√v̂ + ε) (Kingma & Ba 2015); 0 where that is 0/0, as for a dead unit at ε = 0."""
        mean, _ = moments
        mean.lerp_(gradient, 1.0 - self.spec.beta1)
        moments[1].mul_(self.spec.beta2).addcmul_(gradient, gradient, value=1.0 - self.spec.beta2)
        corrected = mean / (1.0 - self.spec.beta1 ** (step + 1))
        denominator = self.adam_denominator(name, moments, num_updates=step + 1)
        direction = corrected.div_(denominator)
        return direction if self.spec.epsilon > 0 else direction.masked_fill_(denominator == 0, 0.0)

    def lion_direction(self, _name: str, gradient: Tensor, moments: tuple[Tensor, ...], _step: int) -> Tensor:
        """Return the sign of a mean of gradients in which the last one weighs more."""
        (mean,) = moments
        direction = mean.lerp(gradient, 1.0 - self.spec.beta1).sign_()
        mean.lerp_(gradient, 1.0 - self.spec.beta2)
        return direction

    def muon_direction(self, name: str, gradient: Tensor, moments: tuple[Tensor, ...], step: int) -> Tensor:
        """Return the scaled orthogonal factor of a matrix's momentum, or Adam's step for other tensors."""
        if not self.scaling[name].is_orthogonalised:
            return self.adam_direction(name, gradient, moments, step)
        velocity, momentum = moments[0], self.spec.momentum
        velocity.lerp_(gradient, 1.0 - momentum)
        ahead = gradient.lerp(velocity, momentum) if self.spec.nesterov else velocity
        n_in, n_out = gradient.shape[-2:]
        if self.scaling[name].is_transposed:
            n_in, n_out = n_out, n_in
        return orthogonalised(ahead).mul_(self.spec.muon_scale.factor(n_in, n_out))

    def adafactor_direction(
        self, _name: str, gradient: Tensor, moments: tuple[Tensor, ...], step: int
    ) -> Tensor:
        """Return the gradient over a second moment of rank 1, clipped to a root mean square of 1."""
        return adafactor.clipped_direction(gradient, moments, step + 1)

    def adam_denominator(self, name: str, moments: tuple[Tensor, ...], *, num_updates: int) -> Tensor:
        """Return √v̂ + ε of a weight after `num_updates` >= 1 updates, [R, n_in, n_out]."""
        unbias = 1.0 - self.spec.beta2**num_updates
        epsilon = self.spec.epsilon * self.scaling[name].epsilon_mult
        return (moments[1] / unbias).sqrt_().add_(epsilon)


# The step direction of each kind [R, n_in, n_out], from a tensor's name, gradient and moments (updated in
# place) and the number of updates made before.
Direction = Callable[[Update, str, Tensor, tuple[Tensor, ...], int], Tensor]
DIRECTIONS: dict[OptimizerKind, Direction] = {
    OptimizerKind.SGD: Update.sgd_direction,
    OptimizerKind.ADAM: Update.adam_direction,
    OptimizerKind.ADAMW: Update.adam_direction,
    OptimizerKind.LION: Update.lion_direction,
    OptimizerKind.MUON: Update.muon_direction,
    OptimizerKind.ADAFACTOR: Update.adafactor_direction,
}
