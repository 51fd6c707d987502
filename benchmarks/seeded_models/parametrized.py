"""Right parametrization by hand, with every constant in a place that a mistake can change.

A tensor's kind is told by its name, as users do; the check is given the model and the optimizer only.
Powers of m = width / BASE, outputs with the factor 1/m in the forward pass:

    kind      init     Adam  SGD
    input     0        0     1
    hidden    -1/2     -1    0
    narrow    -1/2     -1    -1     keys and values of GQA
    output    0        0     1
    vector    0        0     1

Muon orthogonalises hidden matrices (power -1/2 with AdamW's RMS) and leaves the rest to AdamW; Adafactor
takes -1/2 for hidden and narrow tensors and 0 for the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.seeded_models.networks import BASE, Forward, build

RATES = {"adamw": 4e-3, "sgd": 0.05, "muon": 4e-3, "adafactor": 0.02}
DECAY = 0.1
_LR = {
    "adamw": {"input": 0.0, "hidden": -1.0, "narrow": -1.0, "output": 0.0, "vector": 0.0},
    "sgd": {"input": 1.0, "hidden": 0.0, "narrow": -1.0, "output": 1.0, "vector": 1.0},
    "muon": {"input": 0.0, "hidden": -0.5, "narrow": -1.0, "output": 0.0, "vector": 0.0},
    "adafactor": {"input": 0.0, "hidden": -0.5, "narrow": -0.5, "output": 0.0, "vector": 0.0},
}


@dataclass(frozen=True)
class Plan:
    """A parametrization; changes are powers of m on top of the right ones, by tensor name.

    Attributes:
        init, lr: by tensor.
        fan_out: tensors whose std is that of their fan-out.
        decayed: vectors that decay.
        follows_decay: weight decay times m where the LR is over m.
        overwrite_at: event at which the scheduler sets one LR for all groups; 0 for never.
        left_out: tensors in no group.
        muon_scale: torch's mode of Muon's step.
        also_muon: matrices beside the hidden ones that Muon gets.
    """

    forward: Forward = field(default_factory=Forward)
    init: dict[str, float] = field(default_factory=dict)
    lr: dict[str, float] = field(default_factory=dict)
    fan_out: frozenset[str] = frozenset()
    decayed: frozenset[str] = frozenset()
    follows_decay: bool = True
    epsilon: float = 1e-12
    overwrite_at: int = 0
    left_out: frozenset[str] = frozenset()
    muon_scale: str = "match_rms_adamw"
    also_muon: frozenset[str] = frozenset()

    def changed(self, **changes: Any) -> Plan:
        """Return the plan with other values of some fields."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Brought:
    """The functions of a user's file for one network and plan."""

    name: str
    optimizer_name: str
    plan: Plan

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {
            "build": self.build,
            "batches": self.batches,
            "optimizer": self.optimizer,
            "scheduler": self.scheduler,
        }

    def build(self, width: int) -> nn.Module:
        """Return the network with its initial weights."""
        model = build(self.name, width, self.plan.forward)
        with torch.no_grad():
            for name, tensor in model.named_parameters():
                self._initialise(name, tensor, width / BASE)
        return model

    def _initialise(self, name: str, tensor: Tensor, mult: float) -> None:
        kind = kind_of(self.name, name)
        if kind == "vector":
            if "norm" in name and "weight" in name:
                tensor.fill_(1.0)
            else:
                tensor.normal_(std=0.1)
            tensor.mul_(mult ** self.plan.init.get(name, 0.0))
            return
        fan_in = tensor[0].numel() if kind != "input" or tensor.ndim == 4 else 1
        if name in self.plan.fan_out:
            fan_in = tensor.shape[0] * tensor[0][0].numel()
        std = 0.1 if kind == "output" else fan_in**-0.5
        tensor.normal_(std=std * mult ** self.plan.init.get(name, 0.0))

    def batches(self, split: str, seed: int) -> Any:
        """Yield one batch of the kind that the network takes."""
        drawn = torch.Generator().manual_seed(seed + (split != "train"))
        if self.name == "resnet":
            yield torch.randn(4, 3, 4, 4, generator=drawn), torch.randint(0, 10, (4,), generator=drawn)
        elif self.name == "lstm":
            yield torch.randn(4, 6, 5, generator=drawn), torch.randn(4, 1, generator=drawn)
        else:
            tokens = torch.randint(0, 13, (4, 9), generator=drawn)
            yield tokens[:, :-1], tokens[:, 1:]

    def optimizer(self, model: nn.Module, width: int, lr: float) -> torch.optim.Optimizer:
        """Return the optimizer with a group for each tensor."""
        mult = width / BASE
        groups: list[dict[str, Any]] = []
        matrices: list[dict[str, Any]] = []
        for name, tensor in model.named_parameters():
            if name in self.plan.left_out:
                continue
            kind = kind_of(self.name, name)
            right = self._right_power(kind)
            rate = lr * mult ** (right + self.plan.lr.get(name, 0.0))
            has_decay = self.optimizer_name != "sgd" and (kind != "vector" or name in self.plan.decayed)
            decay = DECAY * (mult**-right if self.plan.follows_decay else 1.0) if has_decay else 0.0
            is_muon = self.optimizer_name == "muon" and (kind == "hidden" or name in self.plan.also_muon)
            of_kind = matrices if is_muon and tensor.ndim == 2 else groups
            of_kind.append({"params": [tensor], "lr": rate, "weight_decay": decay})
        if self.optimizer_name == "sgd":
            return torch.optim.SGD(groups, lr=lr)
        if self.optimizer_name == "adafactor":
            return torch.optim.Adafactor(groups, lr=lr)
        if self.optimizer_name == "muon":
            muon = torch.optim.Muon(matrices, lr=lr, adjust_lr_fn=self.plan.muon_scale)
            return MuonWithAdamW(muon, torch.optim.AdamW(groups, lr=lr, eps=self.plan.epsilon))
        return torch.optim.AdamW(groups, lr=lr, eps=self.plan.epsilon)

    def _right_power(self, kind: str) -> float:
        """Return the power of m in the LR of a kind; Muon in its own size needs none for a hidden matrix."""
        is_own_size = self.optimizer_name == "muon" and self.plan.muon_scale == "original"
        return 0.0 if is_own_size and kind == "hidden" else _LR[self.optimizer_name][kind]

    def scheduler(self, optimizer: torch.optim.Optimizer) -> _Scheduler:
        """Return a scheduler of constant rates, which may overwrite them once."""
        return _Scheduler(optimizer, self.plan.overwrite_at)


class MuonWithAdamW(torch.optim.Optimizer):
    """Torch's Muon and AdamW as one optimizer, as training scripts join them."""

    def __init__(self, *parts: torch.optim.Optimizer) -> None:
        groups = [group for part in parts for group in part.param_groups]
        super().__init__([{"params": group["params"]} for group in groups], {})
        self.param_groups = groups
        self._parts = parts

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Step both parts."""
        assert closure is None
        for part in self._parts:
            part.step()


class _Scheduler:
    def __init__(self, optimizer: torch.optim.Optimizer, overwrite_at: int) -> None:
        self._optimizer, self._overwrite_at, self._event = optimizer, overwrite_at, 0

    def step(self) -> None:
        """Go to the next event."""
        self._event += 1
        if self._event == self._overwrite_at:
            for group in self._optimizer.param_groups:
                group["lr"] = 1e-3


def kind_of(network: str, name: str) -> str:
    """Return the row of the table that a tensor belongs to."""
    if name.startswith("head.") and name.endswith("weight"):
        return "output"
    if "norm" in name or "bias" in name:
        return "vector"
    if name.startswith("embed."):
        return "input"
    if network == "gqa" and ("k_proj" in name or "v_proj" in name):
        return "narrow"
    return "hidden"
