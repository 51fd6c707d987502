"""The frozen network below adapters: weights that its file gives, or those that `build` draws from seed 0."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from muscope.backend.domain.spec.families.adapted import Adaptable
from muscope.backend.errors import InvalidInput
from muscope.worker.brought.adapters.layers import find_layers
from muscope.worker.brought.loading import BroughtModel

_SEED = 0


def frozen_network(brought: BroughtModel, width: int) -> nn.Module:
    """Return the network of a width at the weights that stay.

    Raises InvalidInput that names the first weight that does not fit.
    """
    network = brought.build(width, _SEED)
    if brought.has_weights:
        state = brought.pretrained(width)
        if not isinstance(state, Mapping):
            raise InvalidInput("brought.weights_not_mapping", width=width, given=type(state).__name__)
        _load_(network, state, brought, width)
    return network.requires_grad_(False)


def weights_sha256(network: nn.Module) -> str:
    """Return the hash of names, shapes and values of weights and buffers."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().double().contiguous().numpy().tobytes())
    return digest.hexdigest()


def adaptable(brought: BroughtModel, width: int, depth: int, batch: Any) -> Adaptable:
    """Return a network of one size as adapters see it."""
    at_depth = brought.at_depth(depth)
    network = frozen_network(at_depth, width)
    sha256 = weights_sha256(network) if brought.has_weights else None
    found = find_layers(network, lambda: at_depth.loss_of(network, batch, width))
    return Adaptable(
        width=width, depth=depth, layers=found.layers, others=found.others, weights_sha256=sha256
    )


def _load_(network: nn.Module, state: Mapping[str, Tensor], brought: BroughtModel, width: int) -> None:
    """Load weights; of tied ones, one name is enough."""
    own = dict(network.named_parameters(remove_duplicate=False))
    given = {id(own[name]) for name in state if name in own}
    result = brought.guarded("pretrained", width, lambda: network.load_state_dict(dict(state), strict=False))
    lacking = [name for name in result.missing_keys if id(own.get(name)) not in given]
    for name in (*result.unexpected_keys, *lacking):
        raise InvalidInput(
            "brought.weights_do_not_fit", tensor=name, width=width, is_given=int(name not in lacking)
        )
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise InvalidInput("brought.tensor_not_finite", tensor=name, width=width)
