"""Two-layer conv net of the paper: a step and a sharpness value against its authors' algorithm in JAX."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks import family_cells as cells
from benchmarks.family_cells import OurTurns, Split
from benchmarks.peer import Peer
from benchmarks.report import RowResult
from benchmarks.timing import one_core
from muscope.backend.domain.spec.families.residual_mlp import OUTPUT
from muscope.worker.numerics.program import CellProgram
from muscope.worker.numerics.randomness import BatchOrder

# Turns a side, by width.
WIDTHS = {16: 9, 64: 5, 256: 3}
SAMPLES = 32
GOAL = 8.0


def authors() -> RowResult:
    """Compare steps and values by width."""
    table = [["width", "what", "ours, ms a run", "JAX, ms", "ratio", "values of one run: ours, JAX"]]
    steps, values = [], []
    with one_core(), TemporaryDirectory() as folder, Peer("jax_conv", threads=1) as peer:
        for width, turns in WIDTHS.items():
            ours, theirs, shown = _measure(peer, folder, width, turns)
            steps.append(theirs.steps / ours.steps)
            values.append(theirs.value / ours.value)
            per_step = [f"{1e3 * side.steps / cells.EVERY:.2f}" for side in (ours, theirs)]
            per_value = [f"{1e3 * side.value:.2f}" for side in (ours, theirs)]
            table.append([str(width), "step", *per_step, f"{steps[-1]:.1f}", ""])
            table.append([str(width), "value", *per_value, f"{values[-1]:.1f}", shown])
    value = ";".join("/".join(f"{ratio:.1f}" for ratio in side) for side in (steps, values))
    return RowResult(value, f"{GOAL:g}", min(*steps, *values) >= GOAL, table, _conditions())


def _measure(peer: Peer, folder: str, width: int, num_turns: int) -> tuple[Split, Split, str]:
    """Take turns and return the mean turns, and the last sharpness values of a run on both sides."""
    cell = cells.share_of("conv", width, num_turns, sharpness_batch_size=SAMPLES)
    mine = OurTurns(cell, cells.data_of("conv"))
    peer.ask(do="begin", path=_save_run(cell, mine, folder), lr=cells.SAMPLED_LR)
    shown: list[float] = []

    def theirs() -> Split:
        answer = peer.ask(do="advance", steps=cells.EVERY)
        shown.append(answer["sharpness"])
        return Split(answer["steps"], answer["value"])

    theirs()
    turns = [(mine(), theirs()) for _ in range(num_turns)]
    mine_turns, jax_turns = zip(*turns, strict=True)
    value = mine.values[-1][_place(cell)]
    return mine.in_a_long_run(mine_turns), cells.mean_of(jax_turns), f"{value:.4f}, {shown[-1]:.4f}"


def _place(cell: CellProgram) -> int:
    """Return where the run that the peer trains lies in our cell."""
    runs = [(run.lr, run.seed) for run in cell.runs]
    return runs.index((cells.SAMPLED_LR, cells.SAMPLED_SEED))


def _save_run(cell: CellProgram, mine: OurTurns, folder: str) -> str:
    """Write data, batches and a run's first weights, as w / √C under A √C: plain SGD and H are then ours."""
    data, index = cells.data_of("conv"), _place(cell)
    scaling = cell.network_for(data.dims).scaling
    arrays: dict[str, Any] = {}
    for name, weights in mine.first.weights.items():
        root = scaling[name].lr_mult ** 0.5
        weight = weights[index] / root
        shape = weight.shape if name == OUTPUT else (3, 3, -1, weight.shape[1])
        arrays[f"weight_{name}"] = weight.reshape(shape).numpy()
        arrays[f"mult_{name}"] = np.float32(scaling[name].forward_mult * root)
    batches = BatchOrder(cell.spec_seed, len(data.x_train), cell.batch_size)
    steps = range(cell.num_steps)
    arrays["index"] = np.stack([batches.indices(cells.SAMPLED_SEED, step) for step in steps])
    return cells.save_data("conv", SAMPLES, folder, **arrays)


def _conditions() -> list[str]:
    return [
        "On CPU, one thread each on one core, processor time. JAX is our re-implementation of the authors' "
        "algorithm, whose script has no licence: jitted steps, ten warm-started power iterations of "
        "forward-over-reverse products, one run; compilation is not counted.",
        "Ours: per run of a stack, or of a run where a cell trains its runs one after another; every eighth "
        "value counts as cold, as in a run of 300 steps. Both start from the same weights, and train on the "
        f"same images (32 × 32 × 3), batches of 128, {SAMPLES} images for sharpness; means of 3 to 9 turns.",
        "XLA's gradients of convolutions are slow on a CPU: this says nothing of other devices.",
        "Value: steps by width; sharpness values by width.",
    ]
