"""Linear layers of a network: which can have an adapter, and the layer with one.

An adapter acts where a module is called, so a layer whose matrix is read without a call has no use for one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from muscope.backend.domain.spec.families.adapted import DOWN, UP, Linear


class Found(NamedTuple):
    """Linear layers of a network in its order, and the other modules with weights, `name (type)`."""

    layers: tuple[Linear, ...]
    others: tuple[str, ...]


class WithAdapter(nn.Module):
    """A linear layer y = W x + b with an adapter: y + B A x, the scale being part of B.

    Shapes: A [r, n_in], B [n_out, r], zeros until they are given by `torch.func.functional_call`.
    """

    def __init__(self, base: nn.Module, layer: Linear, rank: int) -> None:
        super().__init__()
        self.base = base
        self.lora_A = nn.Parameter(torch.zeros(rank, layer.num_inputs))
        self.lora_B = nn.Parameter(torch.zeros(layer.num_outputs, rank))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the layer's outputs, its adapter's added."""
        outputs: Tensor = self.base(inputs)
        return outputs + linear(linear(inputs, self.lora_A), self.lora_B)

    def __getattr__(self, name: str) -> Any:
        """Return what the layer itself has: code around it may ask for its sizes."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("base"), name)


def find_layers(network: nn.Module, run: Callable[[], object]) -> Found:
    """Return the layers that adapters can be put on.

    Args:
        network: as `build` makes it.
        run: a forward pass of it.
    """
    called = _called(network, run)
    paths = Counter(id(module) for _, module in network.named_modules(remove_duplicate=False))
    uses = Counter(id(weight) for _, weight in network.named_parameters(remove_duplicate=False))
    layers, others = [], []
    for name, module in network.named_modules():
        weights = list(module.parameters(recurse=False))
        if not weights:
            continue
        sizes = sizes_of(module)
        if name and sizes and id(module) in called and paths[id(module)] == 1:
            is_tied = any(uses[id(weight)] > 1 for weight in weights)
            layers.append(Linear(name=name, num_inputs=sizes[0], num_outputs=sizes[1], is_tied=is_tied))
        else:
            others.append(f"{name or '-'} ({type(module).__name__})")
    return Found(tuple(layers), tuple(others))


def sizes_of(module: nn.Module) -> tuple[int, int] | None:
    """Return inputs and outputs of a linear layer of torch, or of the transposed one of `transformers`."""
    if isinstance(module, nn.Linear):
        return module.in_features, module.out_features
    weight = getattr(module, "weight", None)
    if type(module).__name__ == "Conv1D" and isinstance(weight, Tensor) and weight.ndim == 2:
        return weight.shape[0], weight.shape[1]
    return None


def put_on_(network: nn.Module, layers: Iterable[Linear], rank: int) -> None:
    """Replace layers of a network by the same ones with adapters of a rank; its own weights stay frozen."""
    network.requires_grad_(False)
    for layer in layers:
        above, _, name = layer.name.rpartition(".")
        parent = network.get_submodule(above)
        setattr(parent, name, WithAdapter(network.get_submodule(layer.name), layer, rank))


def is_factor(name: str) -> bool:
    """Tell whether a parameter of a network with adapters is a factor of one."""
    return name.rpartition(".")[2] in (DOWN, UP)


def _called(network: nn.Module, run: Callable[[], object]) -> set[int]:
    called: set[int] = set()
    handles = [
        module.register_forward_hook(lambda module, _inputs, _outputs: called.add(id(module)))
        for module in network.modules()
    ]
    try:
        with torch.no_grad():
            run()
    finally:
        for handle in handles:
            handle.remove()
    return called
