"""Parametrizations as one table of exponents of the width multiplier m = width / base_width.

A tensor is used as A·w in the forward pass, drawn from N(0, B²) and updated with C·lr. Per role the table
gives the exponents (a, b, c) of m in A = m^a, B = B_base·m^b, C = m^c, c for each family of updates, so that
every parametrization coincides with SP at the base size, bit for bit (docs/science.md §2.2, oracle 15).

    SP   standard: init variance 1/fan_in, one global LR (He et al. 2015).
    NTP  neural tangent: multiplier 1 instead of 1/sqrt(fan_in), hence LR 1/m (Jacot et al. 2018); under Adam
         the LRs that keep the kernel still (docs/decisions/0012).
    µP   maximal update, Tensor Programs V table 8 (Yang et al. 2022; `microsoft/mup`).
    depth-µP, CompleteP   µP by width; their rules for depth are in `depth_scaling.py`.

LoRA's α/r and rsLoRA's α/√r are rules of the rank of adapters, of `families.adapted` alone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from muscope.backend.domain.spec.optimizer import (
    PLAIN_SGD,
    EpsilonRule,
    MuonScale,
    OptimizerSpec,
    UpdateFamily,
    WeightDecayRule,
)


class Parametrization(StrEnum):
    """Scaling of initialisation, LR and forward multipliers with size."""

    MUP = "mup"
    SP = "sp"
    NTP = "ntp"
    DEPTH_MUP = "depth_mup"
    COMPLETEP = "completep"
    LORA = "lora"
    RSLORA = "rslora"


# Rules of the scale of low-rank adapters by their rank; the others are rules of width and depth.
OF_RANK = (Parametrization.LORA, Parametrization.RSLORA)
OF_SIZE = tuple(name for name in Parametrization if name not in OF_RANK)


class Role(StrEnum):
    """Row of the (A, B, C) table a tensor belongs to."""

    INPUT = "input"
    HIDDEN = "hidden"
    OUTPUT = "output"
    QUERY = "query"  # hidden; its forward multiplier carries the scale of the attention logits
    NORM = "norm"  # a vector of gains, initialised to 1
    BIAS = "bias"
    FIXED = "fixed"  # no dimension grows with the width: as it is at every width


class TensorScaling(NamedTuple):
    """Effective constants of one tensor: forward multiplier A, init std B, LR multiplier C, the factors on
    the optimizer's ε and weight decay, the mean of its initial entries, whether Muon orthogonalises its
    update, and whether it is kept as [n_out, n_in].
    """

    forward_mult: float
    init_std: float
    lr_mult: float
    epsilon_mult: float = 1.0
    weight_decay_mult: float = 1.0
    init_mean: float = 0.0
    is_orthogonalised: bool = False
    is_transposed: bool = False


class _Exponents(NamedTuple):
    forward: float
    init: float
    sgd_lr: float
    adam_lr: float
    epsilon: float = 0

    def lr(self, family: UpdateFamily) -> float:
        if family is UpdateFamily.RELATIVE:
            return self.relative_lr
        return self.sgd_lr if family is UpdateFamily.SGD else self.adam_lr

    @property
    def relative_lr(self) -> float:
        """Return Adam's exponent less that of the weights, which a relative step has by itself; 0 under SP.

        Everett et al. 2024 (arXiv 2407.05872), table 1, with parameter scaling and full alignment.
        """
        return self.adam_lr - self.init if self.adam_lr or not self.init else 0.0


# Exponents of Muon's LR of hidden matrices under µP. An orthogonalised update with the factors √(n_out/n_in)
# or √max(1, n_out/n_in) changes activations by as much at every width (arXiv 2502.07529; `Megatron-LM`'s
# unit-RMS mode); AdamW's RMS on top of it grows as √width. SP has one global LR, as everywhere.
_MUON_LR = {MuonScale.MATCH_RMS_ADAMW: -0.5, MuonScale.ORIGINAL: 0.0, MuonScale.UNIT_RMS: 0.0}
ORTHOGONALISED = frozenset({Role.HIDDEN, Role.QUERY})


_BY_WIDTH: dict[tuple[Parametrization, Role], _Exponents] = {
    (Parametrization.SP, Role.INPUT): _Exponents(0, 0, 0, 0),
    (Parametrization.SP, Role.HIDDEN): _Exponents(0, -0.5, 0, 0),
    (Parametrization.SP, Role.OUTPUT): _Exponents(0, -0.5, 0, 0),
    (Parametrization.NTP, Role.INPUT): _Exponents(0, 0, 0, -0.5),
    (Parametrization.NTP, Role.HIDDEN): _Exponents(0, -0.5, -1, -1.5),
    (Parametrization.NTP, Role.OUTPUT): _Exponents(0, -0.5, -1, -1),
    (Parametrization.MUP, Role.INPUT): _Exponents(0, 0, 1, 0),
    (Parametrization.MUP, Role.HIDDEN): _Exponents(0, -0.5, 0, -1, epsilon=-1),
    (Parametrization.MUP, Role.OUTPUT): _Exponents(-1, 0, 1, 0),
    # Hidden weights; the logits are divided by √d_head under SP and NTP and by d_head under µP.
    (Parametrization.SP, Role.QUERY): _Exponents(-0.5, -0.5, 0, 0),
    (Parametrization.NTP, Role.QUERY): _Exponents(-0.5, -0.5, -1, -1.5),
    (Parametrization.MUP, Role.QUERY): _Exponents(-1, -0.5, 0, -1, epsilon=-1),
}
# Gains and biases are vectors: like an input weight they have one dimension that does not grow.
_BY_WIDTH |= {
    (parametrization, role): _BY_WIDTH[parametrization, Role.INPUT]
    for parametrization in (Parametrization.SP, Parametrization.NTP, Parametrization.MUP)
    for role in (Role.NORM, Role.BIAS)
}
_BY_WIDTH |= {
    (parametrization, Role.FIXED): _Exponents(0, 0, 0, 0)
    for parametrization in (Parametrization.SP, Parametrization.NTP, Parametrization.MUP)
}
_WIDTH_RULE = {
    Parametrization.DEPTH_MUP: Parametrization.MUP,
    Parametrization.COMPLETEP: Parametrization.MUP,
}


def tensor_scaling(
    parametrization: Parametrization,
    role: Role,
    *,
    base_init_std: float,
    width_mult: float,
    optimizer: OptimizerSpec = PLAIN_SGD,
    base_forward_mult: float = 1.0,
    init_mean: float = 0.0,
    is_matrix: bool = True,
) -> TensorScaling:
    """Return the constants by width of a tensor whose initial std at the base width is `base_init_std`.

    Args:
        base_init_std: sqrt(gain / fan_in) with the fan-in the tensor has at the base width.
        base_forward_mult: A at the base width.
        init_mean: mean of the initial entries, at every width.
        width_mult: m = width / base_width, > 0.
        optimizer: selects the column of C and the rules of ε and weight decay.
        is_matrix: Muon may orthogonalise its update; it moves under AdamW otherwise.
    """
    by_width = _WIDTH_RULE.get(parametrization, parametrization)
    exponents = _BY_WIDTH[by_width, role]
    is_orthogonalised = optimizer.family is UpdateFamily.MUON and is_matrix and role in ORTHOGONALISED
    lr_mult = width_mult ** exponents.lr(optimizer.family)
    if is_orthogonalised:
        has_rule = by_width is Parametrization.MUP
        lr_mult = width_mult ** _MUON_LR[optimizer.muon_scale] if has_rule else 1.0
    is_epsilon_scaled = optimizer.epsilon_rule is EpsilonRule.SCALED
    return TensorScaling(
        forward_mult=base_forward_mult * width_mult**exponents.forward,
        init_std=base_init_std * width_mult**exponents.init,
        lr_mult=lr_mult * lr_ratio(optimizer, is_orthogonalised=is_orthogonalised),
        epsilon_mult=width_mult**exponents.epsilon if is_epsilon_scaled else 1.0,
        weight_decay_mult=weight_decay_mult(optimizer.weight_decay_rule, role, lr_mult),
        init_mean=init_mean,
        is_orthogonalised=is_orthogonalised,
    )


def lr_ratio(optimizer: OptimizerSpec, *, is_orthogonalised: bool) -> float:
    """Return the factor on a tensor's LR at every width: `adam_lr_ratio` of what Muon leaves to AdamW."""
    is_left = optimizer.family is UpdateFamily.MUON and not is_orthogonalised
    return optimizer.adam_lr_ratio if is_left else 1.0


def weight_decay_mult(rule: WeightDecayRule, role: Role, lr_mult: float) -> float:
    """Return the factor on a tensor's weight decay, from its LR multiplier by width."""
    if rule is WeightDecayRule.FIXED:
        return 1.0
    if rule is WeightDecayRule.INDEPENDENT:
        return 1.0 / lr_mult
    return lr_mult**-0.5 if role in (Role.HIDDEN, Role.QUERY) else 0.0
