"""Parametrizations as one table of exponents of the width multiplier m_N = width / base_width.

A tensor is used as A·w in the forward pass, drawn from N(0, B²) and updated with C·lr. Per role the table
gives the exponents (a, b, c) of m_N in A = m^a, B = B_base·m^b, C = m^c under SGD, so that every
parametrization coincides with SP at the base width, bit for bit (science.md §2.2, oracle 15).

    SP   standard: init variance 1/fan_in, one global LR (He et al. 2015).
    NTP  neural tangent: multiplier 1 instead of 1/sqrt(fan_in), hence LR 1/m (Jacot et al. 2018).
    µP   maximal update, Tensor Programs V table 8 (Yang et al. 2022; `microsoft/mup`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Parametrization(StrEnum):
    """How initialisation, LR and forward multipliers scale with width."""

    SP = "sp"
    NTP = "ntp"
    MUP = "mup"


class Role(StrEnum):
    """The row of the (A, B, C) table a tensor belongs to."""

    INPUT = "input"
    HIDDEN = "hidden"
    OUTPUT = "output"


class TensorScaling(NamedTuple):
    """Effective constants of one tensor: forward multiplier A, init std B, LR multiplier C."""

    forward_mult: float
    init_std: float
    lr_mult: float


class _Exponents(NamedTuple):
    forward: float
    init: float
    lr: float


_EXPONENTS: dict[tuple[Parametrization, Role], _Exponents] = {
    (Parametrization.SP, Role.INPUT): _Exponents(0, 0, 0),
    (Parametrization.SP, Role.HIDDEN): _Exponents(0, -0.5, 0),
    (Parametrization.SP, Role.OUTPUT): _Exponents(0, -0.5, 0),
    (Parametrization.NTP, Role.INPUT): _Exponents(0, 0, 0),
    (Parametrization.NTP, Role.HIDDEN): _Exponents(0, -0.5, -1),
    (Parametrization.NTP, Role.OUTPUT): _Exponents(0, -0.5, -1),
    (Parametrization.MUP, Role.INPUT): _Exponents(0, 0, 1),
    (Parametrization.MUP, Role.HIDDEN): _Exponents(0, -0.5, 0),
    (Parametrization.MUP, Role.OUTPUT): _Exponents(-1, 0, 1),
}


def tensor_scaling(
    parametrization: Parametrization, role: Role, *, base_init_std: float, width_mult: float
) -> TensorScaling:
    """Return A, B, C of a tensor whose initial std at the base width is `base_init_std`.

    Args:
        base_init_std: sqrt(gain / fan_in) with the fan-in the tensor has at the base width.
        width_mult: m_N = width / base_width, > 0.
    """
    exponents = _EXPONENTS[parametrization, role]
    return TensorScaling(
        forward_mult=width_mult**exponents.forward,
        init_std=base_init_std * width_mult**exponents.init,
        lr_mult=width_mult**exponents.lr,
    )
