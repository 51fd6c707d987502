"""Learning rates of Muon translated between libraries that scale its step differently.

All libraries move a matrix W [n_out, n_in] by -lr · s · O, with O the orthogonal factor of its momentum and
s a factor of the shape, and shrink it by lr · λ with the LR itself, not lr · s. Hence the same step is

    lr' = lr · s(n_out, n_in) / s'(n_out, n_in),   λ' = λ · lr / lr'.

Momentum as a mean or as a sum changes nothing: O does not depend on the length of its argument.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from muscope.backend.errors import InvalidInput

Shape = tuple[int, int]
MOST_EXTENT = 1_000_000


def _square(_n_out: int, _n_in: int) -> float:
    return 1.0


def _tall(n_out: int, n_in: int) -> float:
    return math.sqrt(max(1.0, n_out / n_in))


def _unit_rms(n_out: int, n_in: int) -> float:
    return math.sqrt(n_out / n_in)


def _largest(n_out: int, n_in: int) -> float:
    return math.sqrt(max(n_out, n_in))


def _adamw_rms(n_out: int, n_in: int) -> float:
    return 0.2 * _largest(n_out, n_in)


# By the names that the libraries give their modes; the factor takes n_out and n_in.
CONVENTIONS: dict[str, Callable[[int, int], float]] = {
    "keller-jordan": _tall,
    "torch:original": _tall,
    "torch:match_rms_adamw": _adamw_rms,
    "moonlight": _adamw_rms,
    "dion:spectral_norm": _unit_rms,
    "dion:rms_norm": _adamw_rms,
    "dion:none": _square,
    "megatron:spectral": _largest,
    "megatron:shape_scaling": _tall,
    "megatron:unit_rms_norm": _unit_rms,
    "optax": _tall,
    "optax:consistent_rms=0.2": _adamw_rms,
    "scion": _unit_rms,
}


class TranslatedRate(NamedTuple):
    """Rates of one shape [n_out, n_in] in the other library; `factor` is the new LR over the old one."""

    shape: Shape
    factor: float
    lr: float
    weight_decay: float


def translate(
    source: str, target: str, *, lr: float, weight_decay: float, shapes: tuple[Shape, ...]
) -> tuple[TranslatedRate, ...]:
    """Return the rates that make the target's step equal to the source's, for each shape.

    Args:
        source, target: names in `CONVENTIONS`.
        lr: > 0, in the source's convention.
        weight_decay: >= 0, multiplied by the LR in a step.
        shapes: (n_out, n_in) of the matrices that Muon trains.

    Raises:
        InvalidInput: a convention is not known, or a number is out of its range.
    """
    for name in (source, target):
        if name not in CONVENTIONS:
            raise InvalidInput("muon.convention", given=name, known=", ".join(CONVENTIONS))
    if not (math.isfinite(lr) and lr > 0 and math.isfinite(weight_decay) and weight_decay >= 0):
        raise InvalidInput("muon.rates", lr=lr, weight_decay=weight_decay)
    if not shapes or any(not 1 <= extent <= MOST_EXTENT for shape in shapes for extent in shape):
        given = ", ".join(f"{n_out}x{n_in}" for n_out, n_in in shapes) or "–"
        raise InvalidInput("muon.shapes", given=given, most=MOST_EXTENT)
    return tuple(_translated(source, target, lr, weight_decay, shape) for shape in dict.fromkeys(shapes))


def _translated(source: str, target: str, lr: float, weight_decay: float, shape: Shape) -> TranslatedRate:
    factor = CONVENTIONS[source](*shape) / CONVENTIONS[target](*shape)
    return TranslatedRate(shape, factor, lr * factor, weight_decay / factor)


def needs_several_rates(rates: tuple[TranslatedRate, ...]) -> bool:
    """Tell whether no single LR is right for all shapes, so that each needs a group of its own."""
    factors = [rate.factor for rate in rates]
    return max(factors) > min(factors) * (1 + 1e-9)
