"""Registry of model families: forward pass, derivatives and stack size of each.

A new family is a file in `backend/domain/spec/families` (its tensors), one in `networks` (its forward pass)
and a line in each registry; hand-written derivatives are an option, automatic ones the default
(docs/guides/add-a-model-family.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import torch

from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.worker.numerics.derivatives import Autograd, Derivatives
from muscope.worker.numerics.ensemble import (
    one_run,
    runs_of_convnet,
    runs_of_mlp,
    runs_of_residual_convnet,
    runs_of_vit,
)
from muscope.worker.numerics.network import HookedApply, Network, Params
from muscope.worker.numerics.networks.convnet.derivatives import HandWrittenConvNet
from muscope.worker.numerics.networks.convnet.forward import apply_convnet, apply_residual_convnet
from muscope.worker.numerics.networks.residual_mlp.derivatives import HandWrittenResidualMlp
from muscope.worker.numerics.networks.residual_mlp.forward import apply, is_plain
from muscope.worker.numerics.networks.transformer.derivatives import HandWrittenTransformer
from muscope.worker.numerics.networks.transformer.forward import apply_gpt, apply_vit


class Initial(Protocol):
    """Weights that a family draws by itself."""

    def __call__(
        self,
        network: Network,
        *,
        spec_seed: int,
        seeds: Sequence[int],
        dtype: torch.dtype,
        device: torch.device,
    ) -> Params:
        """Return the weights of one run per seed, [R, n_in, n_out] by name."""


class FamilyNetwork(NamedTuple):
    """Computation of a family.

    Attributes:
        apply: the forward pass, with an activation hook.
        runs_per_stack: how many runs of a width train as one stack on a CPU; it depends on the width only, so
            that results do too.
        hand_written: fast derivatives, for the networks where `is_hand_written` holds.
        initial: weights of a family that draws its own; None: normal ones by the scaling table.
    """

    apply: HookedApply
    runs_per_stack: Callable[[int], int]
    hand_written: Derivatives | None = None
    is_hand_written: Callable[[Network], bool] = lambda network: True  # noqa: ARG005
    initial: Initial | None = None

    def derivatives(self, network: Network) -> Derivatives:
        """Return the fast derivatives where there are any for this network, else automatic ones."""
        if self.hand_written is not None and self.is_hand_written(network):
            return self.hand_written
        return Autograd(self.apply)


NETWORKS: dict[str, FamilyNetwork] = {
    "residual_mlp": FamilyNetwork(apply, runs_of_mlp, HandWrittenResidualMlp(), is_plain),
    "convnet": FamilyNetwork(apply_convnet, runs_of_convnet, HandWrittenConvNet()),
    "residual_convnet": FamilyNetwork(apply_residual_convnet, runs_of_residual_convnet),
    "vit": FamilyNetwork(apply_vit, runs_of_vit, HandWrittenTransformer()),
    "gpt": FamilyNetwork(apply_gpt, one_run, HandWrittenTransformer()),
}


def network_of(model: ModelFamily) -> FamilyNetwork:
    """Return how a built-in model's family computes."""
    return NETWORKS[model.name]
