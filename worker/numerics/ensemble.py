"""Stacks of runs: how many runs of a cell train as one, and which of them are still alive.

Legend: R runs, P parameters.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from muscope.backend.domain.spec.metrics import Metric
from muscope.worker.numerics.network import Params
from muscope.worker.numerics.optimizers.update import Moments


def runs_by_width(*up_to_width: tuple[int, int], beyond: int = 1) -> Callable[[int], int]:
    """Return how many runs of a width train as one stack on a CPU, from pairs (largest width, runs).

    A stack saves the start of kernels; its weights and activations should stay in a core's cache
    (docs/engine.md §1).
    """
    return lambda width: next((runs for up_to, runs in up_to_width if width <= up_to), beyond)


# Measured, docs/log.md 2026-11-24 for all but the MLP.
runs_of_mlp = runs_by_width((64, 32), (128, 16), (256, 6), beyond=3)
runs_of_convnet = runs_by_width((64, 12), (128, 6))
# Without hand-written derivatives: a run that leaves the stack makes the graph be built anew.
runs_of_residual_convnet = runs_by_width((8, 6))
runs_of_vit = runs_by_width((64, 6), (128, 3))
one_run = runs_by_width()


def stack_slices(num_runs: int, most: int, device_type: str = "cpu") -> list[range]:
    """Split the positions 0..num_runs-1 of a cell into sub-stacks of at most `most` runs.

    Anything but a CPU takes the whole cell at once: what it waits for is the start of a kernel, and the plan
    has made the cell small enough for its memory (`muscope.backend.domain.cost.gpu_memory`).
    """
    if device_type != "cpu":
        return [range(num_runs)]
    return [range(first, min(first + most, num_runs)) for first in range(0, num_runs, most)]


@dataclass(frozen=True)
class Stack:
    """The living runs of a sub-stack.

    Attributes:
        params: by name, weights [R, n_in, n_out], updated in place by the optimizer.
        moments: by name, what the optimizer keeps beside each weight, shaped like it.
        lr_R11: base learning rates.
        seeds: of each run.
        columns: place of each run among the runs the sub-stack began with.
        eigenvector_RP: last top eigenvector of each run, zero where there is none.
        start_vectors: by metric, the last eigenvectors [R, ...] of the optional measures, replaced by them.
    """

    params: Params
    moments: Moments
    lr_R11: Tensor
    seeds: tuple[int, ...]
    columns: tuple[int, ...]
    eigenvector_RP: Tensor
    start_vectors: dict[Metric, Tensor] = field(default_factory=dict)

    @classmethod
    def begin(cls, params: Params, moments: Moments, lrs: Sequence[float], seeds: Sequence[int]) -> Stack:
        """Stack freshly initialised runs."""
        like = next(iter(params.values()))
        num_parameters = sum(tensor[0].numel() for tensor in params.values())
        lr_R11 = torch.tensor(lrs, dtype=like.dtype, device=like.device)[:, None, None]
        eigenvector_RP = like.new_zeros(len(lrs), num_parameters)
        return cls(params, moments, lr_R11, tuple(seeds), tuple(range(len(lrs))), eigenvector_RP)

    def keep(self, rows: Sequence[int]) -> Stack:
        """Return the stack of the given rows only."""
        index = torch.tensor(rows, dtype=torch.int64, device=self.lr_R11.device)
        return Stack(
            {name: tensor[index] for name, tensor in self.params.items()},
            {name: tuple(kept[index] for kept in moments) for name, moments in self.moments.items()},
            self.lr_R11[index],
            tuple(self.seeds[row] for row in rows),
            tuple(self.columns[row] for row in rows),
            self.eigenvector_RP[index],
            {metric: vectors[index] for metric, vectors in self.start_vectors.items()},
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return every tensor of the stack by a name that `of_tensors` understands; nothing is copied."""
        named = {"lr": self.lr_R11, "eigenvector": self.eigenvector_RP}
        named |= {f"param/{name}": weight for name, weight in self.params.items()}
        for name, moments in self.moments.items():
            named |= {f"moment/{index}/{name}": kept for index, kept in enumerate(moments)}
        return named | {f"start/{metric}": vectors for metric, vectors in self.start_vectors.items()}

    @classmethod
    def of_tensors(cls, named: Mapping[str, Tensor], seeds: Sequence[int], columns: Sequence[int]) -> Stack:
        """Return the stack whose `tensors` are given; they become its own."""
        params = {name.removeprefix("param/"): named[name] for name in named if name.startswith("param/")}
        moments: Moments = dict.fromkeys(params, ())
        for key in sorted(key for key in named if key.startswith("moment/")):
            name = key.split("/", 2)[2]
            moments[name] += (named[key],)
        start_vectors = {
            Metric(key.removeprefix("start/")): named[key] for key in named if key.startswith("start/")
        }
        return cls(
            params, moments, named["lr"], tuple(seeds), tuple(columns), named["eigenvector"], start_vectors
        )
