"""A brought network with adapters of one rank: one frozen network for all runs, and factors of each run.

Legend: R runs, B batch, D numbers of an example, C outputs, r rank.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from muscope.backend.domain.spec.families.adapted import UNIFORM, UP, Adapted
from muscope.backend.errors import InvalidInput
from muscope.worker.brought.adapters.frozen import frozen_network, weights_sha256
from muscope.worker.brought.adapters.layers import is_factor, put_on_
from muscope.worker.brought.loading import BroughtModel
from muscope.worker.brought.training.network import BroughtNetwork
from muscope.worker.numerics.network import Network, Params
from muscope.worker.numerics.randomness import Purpose, stream


class AdaptedNetwork(BroughtNetwork):
    """Forward pass of the frozen network with the factors of a run or of a stack of runs."""

    def __init__(self, brought: BroughtModel, model: Adapted, rank: int, depth: int) -> None:
        assert model.network_width is not None
        self._adapted, self._rank = model, rank
        super().__init__(brought, model, model.network_width, depth)

    def _known_shapes(self) -> dict[str, tuple[int, ...]]:
        return dict(self._adapted.factor_shapes(self._rank))

    def _built(self) -> nn.Module:
        """Return the frozen network with adapters; raises InvalidInput for other weights than announced."""
        network = frozen_network(self._brought, self.width)
        expected = self._adapted.weights_sha256
        if expected is not None and weights_sha256(network) != expected:
            raise InvalidInput("brought.other_weights", model=self._adapted.network, expected=expected[:12])
        put_on_(network, self._adapted.layers, self._rank)
        return network

    def _trained(self, module: nn.Module) -> dict[str, Tensor]:
        return {name: weight for name, weight in module.named_parameters() if is_factor(name)}

    def _frozen(self, module: nn.Module) -> dict[str, Tensor]:
        return {name: weight.detach() for name, weight in module.named_parameters() if not is_factor(name)}

    def initial(
        self,
        network: Network,
        *,
        spec_seed: int,
        seeds: Sequence[int],
        dtype: torch.dtype,
        device: torch.device,
    ) -> Params:
        """Return uniform entries for the factor that starts at random, zeros for the other one.

        The first rows of A and columns of B are the same at every rank.
        """
        params = {}
        for name, shape in self._shapes.items():
            size = network.scaling[name].init_std / UNIFORM
            of_seed = {seed: size * _uniform(spec_seed, seed, name, shape) for seed in dict.fromkeys(seeds)}
            stacked = np.stack([of_seed[seed] for seed in seeds])
            params[name] = torch.from_numpy(stacked).to(device=device, dtype=dtype)
        return params


def _uniform(spec_seed: int, seed: int, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return entries uniform on [-1, 1), the rank being the slow dimension of the stream."""
    is_up = name.endswith(f".{UP}")
    drawn = stream(Purpose.INIT, spec_seed, seed, name).uniform(-1.0, 1.0, shape[::-1] if is_up else shape)
    return drawn.T.copy() if is_up else drawn
