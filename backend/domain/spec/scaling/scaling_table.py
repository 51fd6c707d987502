"""Scaling table of a network: the constants (A, B, C) of each of its tensors, from parametrization and sizes.

A tensor's weight W has standard deviation B at the start, enters as A · W, and learns with LR η · C (abc
parametrization: Yang & Hu 2021, arXiv 2011.14522). With m = width / base_width, the powers of m in
A, B and C under SGD, C under Adam are (Yang et al. 2022, arXiv 2203.03466, table 8 for µP):

            SP               NTP                 µP
    input    0   0   0   0    0   0   0   -½      0   0   1   0
    hidden   0  -½   0   0    0  -½  -1  -3/2     0  -½   0  -1
    output   0  -½   0   0    0  -½  -1  -1      -1   0   1   0

B is relative to the initial std at the base width. The exponents are
`muscope.backend.domain.spec.parametrization`'s, which has the other roles, ε and weight decay; depth is
`muscope.backend.domain.spec.scaling.depth_scaling`'s (ADR 0012). Any other table, name -> TensorScaling,
can be run through the same networks; tests do so with published forms of µP.
"""

from __future__ import annotations

from collections.abc import Mapping

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.model import require_arm
from muscope.backend.domain.spec.optimizer import PLAIN_SGD, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization, TensorScaling
from muscope.backend.domain.spec.scaling.depth_scaling import depth_alpha, in_a_branch, require_known

ScalingTable = Mapping[str, TensorScaling]


def scaling_table(
    parametrization: Parametrization,
    *,
    dims: DataDims,
    width: int,
    depth: int,
    base_width: int,
    base_depth: int | None = None,
    completep_alpha: float = 1.0,
    optimizer: OptimizerSpec = PLAIN_SGD,
    model: ModelFamily | None = None,
) -> dict[str, TensorScaling]:
    """Return forward multiplier A, init std B, LR multiplier C and the rest of every tensor, by name.

    The init std at the base width is what the model says of the tensor there; width enters only through
    m_N = width / base_width (docs/science.md §2.2), so all parametrizations agree at m_N = 1 and, depth
    entering through m_L = depth / base_depth, at m_L = 1. Without `base_depth`, m_L = 1; without `model`,
    the residual MLP. For example, µP at four times the base width under SGD:

        table = scaling_table(Parametrization.MUP, dims=DataDims(64, 10), width=256, depth=2, base_width=64)
        table["output"].forward_mult, table["output"].lr_mult  # 0.25, 4.0

    Raises:
        InvalidInput: the parametrization is not known under this optimizer, or needs residual branches.
    """
    model = model or ResidualMLP()
    require_known(parametrization, optimizer)
    require_arm(model, parametrization, optimizer)
    alpha = depth_alpha(parametrization, completep_alpha)
    table = {}
    for name, tensor in model.tensors(dims, base_width, depth).items():
        constants = model.constants(
            name, tensor, parametrization, width=width, base_width=base_width, optimizer=optimizer
        )
        if tensor.is_in_branch:
            depth_mult = depth / (base_depth or depth)
            constants = in_a_branch(constants, alpha, depth_mult=depth_mult, optimizer=optimizer)
        table[name] = constants
    return table
