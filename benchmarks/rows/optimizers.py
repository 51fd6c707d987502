"""Our stacked optimizer steps against those of the libraries."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from benchmarks.peer import Peer
from benchmarks.report import RowResult
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import TensorScaling
from muscope.worker.numerics.optimizers.update import Update, initial_moments

NUM_STEPS = 50
GOAL = 1e-6
SHAPES = ((24, 9), (9, 24), (16, 16))  # n_in, n_out
LRS = (0.003, 0.02)
DECAY = 0.1


class _Case(NamedTuple):
    """One library's optimizer, its options, and our spec of the same."""

    library: str
    options: dict[str, Any]
    spec: dict[str, Any]


CASES = (
    _Case("torch SGD", {"momentum": 0.9, "nesterov": True}, {"momentum": 0.9, "nesterov": True}),
    _Case("torch Adam", {}, {"kind": "adam"}),
    _Case("torch AdamW", {}, {"kind": "adamw"}),
    _Case("torch Muon", {"adjust_lr_fn": "original"}, {"kind": "muon", "muon_scale": "original"}),
    _Case("torch Muon", {"adjust_lr_fn": "match_rms_adamw"}, {"kind": "muon"}),
    _Case("torch Muon", {"nesterov": False}, {"kind": "muon", "muon_scale": "original", "nesterov": False}),
    _Case("muon-optimizer", {}, {"kind": "muon", "muon_scale": "original"}),
    _Case("lion-pytorch", {"betas": (0.9, 0.99)}, {"kind": "lion"}),
    _Case("torch Adafactor", {}, {"kind": "adafactor"}),
    _Case(
        "torch-optimizer Adafactor",
        {"relative_step": False, "scale_parameter": False},
        {"kind": "adafactor", "scale_parameter": False},
    ),
)


def optimizers() -> RowResult:
    """Compare weights after 50 steps, on matrices of three shapes with two learning rates."""
    table, worst = [["library", "options", "largest relative difference"]], 0.0
    with Peer("library_optimizers", threads=1) as peer:
        for case in CASES:
            error = max(_error(peer, case, shape) for shape in SHAPES)
            worst = max(worst, error)
            said = ", ".join(f"{name} {value}" for name, value in case.options.items()) or "its own"
            table.append([case.library, said, f"{error:.1e}"])
    note = (
        f"{NUM_STEPS} steps in float64, weight decay {DECAY}; the difference is over the largest weight. The "
        "libraries of Muon round to bfloat16 inside their iteration; that is left out on both sides here."
    )
    return RowResult(f"{worst:.1e}", f"{GOAL:g}", worst <= GOAL, table, [note])


def _error(peer: Peer, case: _Case, shape: tuple[int, int]) -> float:
    generator = torch.Generator().manual_seed(11)
    start = torch.randn(*shape, generator=generator, dtype=torch.float64)
    ours = _ours(case, start)
    errors = []
    for weight, lr in zip(ours, LRS, strict=True):
        options = case.options | {"lr": lr, "weight_decay": DECAY}
        asked = peer.ask(
            do="steps", library=case.library, weights=start.T.tolist(), num_steps=NUM_STEPS, options=options
        )
        theirs = torch.tensor(asked["weights"], dtype=torch.float64).T
        errors.append(float((weight - theirs).abs().max() / theirs.abs().max()))
    return max(errors)


def _ours(case: _Case, start: Tensor) -> Tensor:
    spec = OptimizerSpec.model_validate({**case.spec, "weight_decay": DECAY})
    params = {"w": start.repeat(len(LRS), 1, 1)}
    update = Update(spec, {"w": TensorScaling(1.0, 1.0, 1.0, is_orthogonalised=True)}, NUM_STEPS)
    moments = initial_moments(spec, params)
    lr_R11 = torch.tensor(LRS, dtype=torch.float64)[:, None, None]
    for step in range(NUM_STEPS):
        update.apply_(params, {"w": params["w"] ** 3 - params["w"].sin()}, moments, lr_R11, step)
    return params["w"]
