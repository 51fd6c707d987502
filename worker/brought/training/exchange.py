"""A module called with other parameters and buffers, exchanged in place for the time of the call.

`torch.func.functional_call` does the same and walks through the whole module twice a call, which is a tenth
of a step of a small network. Here the places are looked up once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn


class ExchangedCall:
    """Calls of a module that stays as it is. A tensor that is tied has several places and one name."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        names = {id(tensor): name for name, tensor in module.named_parameters()}
        names |= {id(tensor): name for name, tensor in module.named_buffers()}
        self._places: dict[str, list[tuple[dict[str, Any], str, Tensor]]] = {n: [] for n in names.values()}
        for part in module.modules():
            for held in (part._parameters, part._buffers):
                for key, tensor in held.items():
                    if tensor is not None:
                        self._places[names[id(tensor)]].append((held, key, tensor))

    def __call__(self, tensors: Mapping[str, Tensor], *arguments: Any) -> Any:
        """Return the module's result with `tensors`, by name; raises KeyError unless they are all it has."""
        if tensors.keys() != self._places.keys():
            raise KeyError(", ".join(sorted(tensors.keys() ^ self._places.keys())))
        try:
            for name, places in self._places.items():
                for held, key, _ in places:
                    held[key] = tensors[name]
            return self._module(*arguments)
        finally:
            for places in self._places.values():
                for held, key, own in places:
                    held[key] = own
