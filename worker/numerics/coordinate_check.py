"""Coordinate check: how far the activations of each part of a network move in its first updates.

For activations h of a part, mean |h_t - h_0| after t updates; under µP it does not depend on the width
(Yang et al. 2022, arXiv 2203.03466). A copy of every run trains from its initial weights on one
fixed batch, at its own LR, with a constant schedule, as in `microsoft/mup`'s check; the run itself knows
nothing of it (docs/science.md §3).

Legend: R runs, B batch, D inputs, C outputs, K components (`muscope.backend.domain.spec.coordinates`).
"""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from muscope.backend.domain.spec.coordinates import CHECK_UPDATES, NUM_CHANGES, Part, component_of
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import ScheduleSpec
from muscope.worker.numerics.derivatives import Autograd
from muscope.worker.numerics.ensemble import Stack
from muscope.worker.numerics.families import FamilyNetwork
from muscope.worker.numerics.network import Network, Params
from muscope.worker.numerics.optimizers.update import Update, initial_moments
from muscope.worker.numerics.program import CellProgram

Activations = dict[Part, Tensor]


def check_coordinates(
    program: CellProgram,
    network: Network,
    family: FamilyNetwork,
    stack: Stack,
    x_BD: Tensor,
    y_BC: Tensor,
) -> dict[Metric, NDArray[Any]]:
    """Return mean |h_t - h_0| of every part and t, [R, K], and the rms of every part at t = 0, [R, K].

    Args:
        stack: freshly initialised runs; nothing of it is changed.
        x_BD, y_BC: the batch, the same for all runs.
    """
    params = {name: weight.clone() for name, weight in stack.params.items()}
    moments = initial_moments(program.optimizer, params)
    constant = program.optimizer.model_copy(update={"schedule": ScheduleSpec()})
    update = Update(constant, network.scaling, len(CHECK_UPDATES))
    x_RBD = x_BD.expand(len(stack.seeds), -1, -1)
    before = _activations(family, network, params, x_RBD)
    derivatives = _centred(family, before[Part.OUTPUT])
    changes_RK = stack.lr_R11.new_full((len(stack.seeds), NUM_CHANGES), torch.nan)
    for num_updates in CHECK_UPDATES:
        _, gradients = derivatives.loss_and_gradients(network, params, x_RBD, y_BC, program.loss)
        update.apply_(params, gradients, moments, stack.lr_R11, num_updates - 1)
        for part, now in _activations(family, network, params, x_RBD).items():
            change_R = (now - before[part]).abs().flatten(1).mean(1)
            changes_RK[:, component_of(part, num_updates)] = change_R
    initial_RK = torch.stack([_rms(before.get(part), stack.lr_R11) for part in Part], dim=1)
    return {
        Metric.COORDINATE_CHANGE: changes_RK.cpu().numpy(),
        Metric.INITIAL_ACTIVATION: initial_RK.cpu().numpy(),
    }


def _rms(activations: Tensor | None, lr_R11: Tensor) -> Tensor:
    """Return the root mean square of a part, [R]; NaN of one the family does not have."""
    if activations is None:
        return torch.full_like(lr_R11[:, 0, 0], torch.nan)
    return activations.square().flatten(1).mean(1).sqrt()


def _centred(family: FamilyNetwork, initial_RBC: Tensor) -> Autograd:
    """Return the derivatives of f - f_0: what the initial outputs are must not show in how far parts move."""

    def apply(network: Network, params: Params, x_RBD: Tensor) -> Tensor:
        return family.apply(network, params, x_RBD) - initial_RBC

    return Autograd(apply)


def _activations(family: FamilyNetwork, network: Network, params: Params, x_RBD: Tensor) -> Activations:
    seen: Activations = {}
    seen[Part.OUTPUT] = family.apply(network, params, x_RBD, hook=seen.__setitem__)
    return seen
