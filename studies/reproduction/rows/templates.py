"""Programs and grids that the rows share, at the size of a CPU: widths, steps, seeds far below the paper's.

The base width is 1, which makes our µP and NTP the paper's own: all weights N(0, 1) up to a gain, output
divisor γ = √N under µP and 1 under NTP. With the smallest width N₀ as base, γ would be √(N/N₀): the nets
learn features √N₀ times less and start with outputs as large as their targets, and narrow µP nets are far
from their limit (docs/log.md).
"""

from __future__ import annotations

from dataclasses import replace

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.numerics.program import CellProgram

PAPER_BASE_WIDTH = 1
STEPS = 240
# Enough to rank learning rates; the curvature of 128 examples of 10 classes is that of 1280 outputs.
SHARPNESS_BATCH = 128


def template(model: ModelFamily, loss: Loss, *, width: int, depth: int, steps: int = STEPS) -> CellProgram:
    """Return a µP program of some size, without runs."""
    return CellProgram(
        parametrization=Parametrization.MUP,
        width=width,
        depth=depth,
        base_width=PAPER_BASE_WIDTH,
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
    return replace(template(ResidualMLP(), loss, width=width, depth=depth, steps=steps), batch_size=64)


def octaves(first: float, last: float, step: float = 1.0) -> tuple[float, ...]:
    """Return log₂ LRs from `first` to `last`."""
    return tuple(first + step * i for i in range(round((last - first) / step) + 1))
