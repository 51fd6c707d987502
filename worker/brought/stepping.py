"""Optimizers and schedulers that train one model together, such as Muon of matrices and AdamW of the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from muscope.backend.errors import InvalidInput


@dataclass(frozen=True)
class Stepping:
    """Optimizers in the order of their steps, and schedulers that move after them."""

    optimizers: tuple[torch.optim.Optimizer, ...]
    schedulers: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """Return the optimizers' names, with a plus between two."""
        return " + ".join(type(each).__name__ for each in self.optimizers)

    def step(self) -> None:
        """Move every parameter once."""
        for each in self.optimizers:
            each.step()

    def schedule(self) -> None:
        """Move every scheduler once; raises InvalidInput when one fails."""
        for each in self.schedulers:
            try:
                each.step()
            except Exception as error:
                raise InvalidInput(
                    "brought.function_fails",
                    function="scheduler.step",
                    error=type(error).__name__,
                    message=str(error)[:300],
                ) from error


def optimizers_of(given: Any) -> tuple[torch.optim.Optimizer, ...]:
    """Return one optimizer or a list of them as a tuple; raises InvalidInput for anything else."""
    several = tuple(given) if isinstance(given, list | tuple) else (given,)
    for each in several or (given,):
        if not isinstance(each, torch.optim.Optimizer):
            name = type(each).__name__
            raise InvalidInput("brought.not_an_optimizer", given=name if several else f"empty {name}")
    return several


def schedulers_of(given: Any) -> tuple[Any, ...]:
    """Return one scheduler or a list of them as a tuple; None is none; raises InvalidInput without `step`."""
    several = tuple(given) if isinstance(given, list | tuple) else (given,)
    for each in several:
        if each is not None and not callable(getattr(each, "step", None)):
            raise InvalidInput("brought.not_a_scheduler", given=type(each).__name__)
    return tuple(each for each in several if each is not None)


class Groups:
    """The optimizers' groups by tensor, found by identity."""

    def __init__(self, model: nn.Module, stepping: Stepping) -> None:
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        self._of: dict[str, list[tuple[torch.optim.Optimizer, int]]] = {name: [] for name in names.values()}
        for optimizer in stepping.optimizers:
            for index, group in enumerate(optimizer.param_groups):
                for parameter in group["params"]:
                    if id(parameter) in names:
                        self._of[names[id(parameter)]].append((optimizer, index))

    def num(self, name: str) -> int:
        """Return in how many groups a tensor is, of all optimizers."""
        return len(self._of[name])

    def optimizer(self, name: str) -> torch.optim.Optimizer | None:
        """Return the first optimizer that has a tensor."""
        return self._of[name][0][0] if self._of[name] else None

    def value(self, name: str, key: str) -> float:
        """Return an entry of a tensor's first group; NaN where there is none."""
        if not self._of[name]:
            return math.nan
        optimizer, index = self._of[name][0]
        value = optimizer.param_groups[index].get(key)
        return float(value) if isinstance(value, int | float | Tensor) else math.nan
