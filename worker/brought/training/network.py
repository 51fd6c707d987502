"""A brought network of one size, called with the weights of one run or of a stack of runs.

Weights are kept as [R, first dimension, all others], vectors as [R, 1, n], and enter times A of the scaling
table. A call gets copies of the buffers as they were after `build`: running statistics of a norm are the only
state that is allowed, and they decide nothing in training mode.

Legend: R runs, B batch, D numbers of an example, C outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import vmap

from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.errors import InvalidInput
from muscope.worker.brought.default_loss import main_output
from muscope.worker.brought.loading import BroughtModel
from muscope.worker.brought.training.examples import unpacked
from muscope.worker.brought.training.exchange import ExchangedCall
from muscope.worker.numerics.network import ActivationHook, Network, Params, no_hook, scaled

_NETWORK = "network."


class BroughtNetwork:
    """Forward pass and initial weights of a brought network of one width and depth."""

    def __init__(self, brought: BroughtModel, model: Brought, width: int, depth: int) -> None:
        assert model.example is not None
        self._brought = brought.at_depth(depth).for_vocabulary(model.example.num_outputs)
        self._model, self.width, self._depth = model, width, depth
        self.is_stacked = model.runs_per_stack(width) > 1
        self._shapes = self._known_shapes()
        self._module = _Called(self._brought, self._built(), width)
        self._require(self._module.network)
        self._call = ExchangedCall(self._module)
        self._buffers: dict[str, Tensor] = {}
        self.fixed: dict[str, Tensor] = {}
        self._is_state_moved = False

    def _known_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every tensor that is trained, by name."""
        table = self._model.table(self._depth)
        return {tensor.name: self._model.shape_of(tensor, self.width) for tensor in table.tensors}

    def _built(self) -> nn.Module:
        """Return the network that is called; its own weights of all tensors that are trained do not count."""
        return self._brought.build(self.width, 0)

    def _trained(self, module: nn.Module) -> dict[str, Tensor]:
        """Return the tensors of a network that are trained."""
        return dict(module.named_parameters())

    def _frozen(self, module: nn.Module) -> dict[str, Tensor]:  # noqa: ARG002 - here everything is trained
        """Return the tensors of a network that all runs share and none changes."""
        return {}

    def train_one_by_one(self) -> None:
        """Call the network once for every run from now on."""
        self.is_stacked = False

    def runs_per_stack(self, width: int) -> int:
        """Return how many runs train as one stack on a CPU."""
        return self._model.runs_per_stack(width) if self.is_stacked else 1

    def apply(
        self,
        network: Network,
        params: Params,
        x_RBD: Tensor,
        hook: ActivationHook = no_hook,  # noqa: ARG002 - its parts have no common names
    ) -> Tensor:
        """Return the outputs [R, B, C]; the own loss [R, B, 1] where the network has one."""
        weights = {
            name: scaled(tensor, network.scaling[name].forward_mult) for name, tensor in params.items()
        }
        self._move_state(x_RBD)
        image = network.dims.image

        def one(of_run: Params, x_BD: Tensor) -> Tensor:
            return self._one(of_run, x_BD, image)

        def pass_() -> Tensor:
            if len(x_RBD) > 1 and self.is_stacked:
                stacked: Tensor = vmap(one, randomness="error")(weights, x_RBD)
                return stacked
            if len(x_RBD) == 1:  # a view: the gradient of a selected row would be copied
                return one({name: tensor.squeeze(0) for name, tensor in weights.items()}, x_RBD[0])[None]
            runs = [
                one({name: tensor[run] for name, tensor in weights.items()}, x_RBD[run])
                for run in range(len(x_RBD))
            ]
            return torch.stack(runs)

        outputs: Tensor = self._brought.guarded("forward", self.width, pass_)
        return outputs

    def initial(
        self,
        network: Network,
        *,
        spec_seed: int,
        seeds: Sequence[int],
        dtype: torch.dtype,
        device: torch.device,
    ) -> Params:
        """Return what `build` draws from each seed, times the factor that the scaling table asks for."""
        own = self._model.tensors(network.dims, self.width, self._depth)
        of_seed = {seed: self._drawn(spec_seed, seed) for seed in dict.fromkeys(seeds)}
        params = {}
        for name in self._shapes:
            std = own[name].std
            factor = network.scaling[name].init_std / std if std > 0 else 1.0
            exact = 1.0 if abs(factor - 1.0) < 1e-9 else factor
            stacked = torch.stack([of_seed[seed][name] for seed in seeds]).to(device=device, dtype=dtype)
            params[name] = stacked * exact
        return params

    def _drawn(self, spec_seed: int, seed: int) -> Params:
        module = self._brought.build(self.width, (spec_seed << 31) + seed)
        self._require(module)
        return {name: _flat(parameter.detach()) for name, parameter in module.named_parameters()}

    def _one(self, of_run: Params, x_BD: Tensor, image: Any) -> Tensor:
        """Return one run's outputs [B, C]."""
        assert self._model.example is not None
        named = {f"{_NETWORK}{name}": tensor.view(self._shapes[name]) for name, tensor in of_run.items()}
        named |= {name: buffer.clone() for name, buffer in self._buffers.items()} | self.fixed
        given = unpacked(x_BD, self._model.example, image)
        called: Tensor = self._call(named, given, self._model.example.is_whole_batch)
        if self._model.example.is_whole_batch:
            return called.reshape(1).expand(len(x_BD)).unsqueeze(1)
        outputs: Tensor = main_output(called)
        return outputs.reshape(-1, self._model.example.num_outputs)

    def _move_state(self, like: Tensor) -> None:
        """Bring buffers and frozen weights, once, to the device and the precision of the training."""
        if self._is_state_moved or like.device.type == "meta":
            return
        self._is_state_moved = True
        dtype = like.dtype if like.is_floating_point() else torch.float32
        for name, buffer in self._module.named_buffers():
            is_number = buffer.is_floating_point()
            self._buffers[name] = buffer.to(device=like.device, dtype=dtype if is_number else buffer.dtype)
        self.fixed = {
            f"{_NETWORK}{name}": weight.to(device=like.device, dtype=dtype)
            for name, weight in self._frozen(self._module.network).items()
        }

    def _require(self, module: nn.Module) -> None:
        """Refuse a model that is not the one that was looked at; raises InvalidInput naming a tensor."""
        given = {name: tuple(parameter.shape) for name, parameter in self._trained(module).items()}
        for name in sorted(set(given) ^ set(self._shapes)):
            raise InvalidInput("brought.other_tensors", tensor=name, width=self.width)
        for name, shape in self._shapes.items():
            if given[name] != shape:
                raise InvalidInput(
                    "brought.other_shape",
                    tensor=name,
                    width=self.width,
                    given=str(given[name]),
                    expected=str(shape),
                )


class _Called(nn.Module):
    """The network, called with an input, or with a batch under its own loss."""

    def __init__(self, brought: BroughtModel, network: nn.Module, width: int) -> None:
        super().__init__()
        self.network = network
        self._brought, self._width = brought, width

    def forward(self, given: Any, is_whole_batch: bool) -> Any:
        """Return the outputs, or the loss of a whole batch."""
        return (
            self._brought.loss_of(self.network, given, self._width) if is_whole_batch else self.network(given)
        )


def _flat(parameter: Tensor) -> Tensor:
    """Return a parameter as it is kept: [first dimension, all others], a vector as [1, n]."""
    return parameter.reshape(1, -1) if parameter.ndim < 2 else parameter.flatten(1)
