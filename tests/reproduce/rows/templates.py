"""What the rows have in common: the sizes of a CPU. Widths, steps and seeds are far below the paper's."""

from __future__ import annotations

from backend.domain.experiment import Loss
from backend.domain.families.base import ModelFamily
from backend.domain.families.residual_mlp import ResidualMLP
from backend.domain.parametrization import Parametrization
from worker.numerics.program import CellProgram

STEPS = 240
# Enough to rank learning rates; the curvature of 128 examples of 10 classes is that of 1280 outputs.
SHARPNESS_BATCH = 128


def template(model: ModelFamily, loss: Loss, *, width: int, depth: int, steps: int = STEPS) -> CellProgram:
    """Return a µP program at its base size, without runs."""
    return CellProgram(
        parametrization=Parametrization.MUP,
        width=width,
        depth=depth,
        base_width=width,
        model=model,
        loss=loss,
        runs=(),
        num_steps=steps,
        measure_every=steps,
        chunk_steps=steps + 1,
        batch_size=32,
        sharpness_batch_size=SHARPNESS_BATCH,
        # A hundredth of what the checks look for.
        sharpness_tolerance=4e-3,
    )


def mlp(loss: Loss, *, width: int, depth: int = 3, steps: int = 300) -> CellProgram:
    """Return the residual MLP's program, cheap enough for larger batches."""
    from dataclasses import replace

    return replace(template(ResidualMLP(), loss, width=width, depth=depth, steps=steps), batch_size=64)


def octaves(first: float, last: float, step: float = 1.0) -> tuple[float, ...]:
    """Return log₂ LRs from `first` to `last`."""
    return tuple(first + step * i for i in range(round((last - first) / step) + 1))
