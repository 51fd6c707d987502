"""Memory of a training process: the peak against the planner's figure, and growth over many cells."""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks import programs
from benchmarks.report import RowResult
from muscope.backend.domain.cost import prediction as cost
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.device import prepare_process
from muscope.worker.numerics.trainer import train

WITHIN, FLAT = 1.3, 0.02
NUM_CELLS, WARM_UP = 200, 40
PEAK_WIDTHS = (64, 256, 512)
_PAGE_BYTES = resource.getpagesize()

_Result = TypeVar("_Result")


def memory() -> RowResult:
    """Compare the peak of one cell with the cost model, and watch a process through 200 cells."""
    table = [["what", "predicted, MiB", "measured, MiB", "ratio"]]
    ratios = []
    for width in PEAK_WIDTHS:
        predicted = predicted_bytes(width)
        measured = _in_a_process(peak_bytes, width)
        ratios.append(measured / predicted)
        row = [
            f"peak of a cell of 18 runs, width {width}",
            f"{predicted / 2**20:.0f}",
            f"{measured / 2**20:.0f}",
        ]
        table.append([*row, f"{ratios[-1]:.2f}"])
    first, last = _in_a_process(creep, NUM_CELLS)
    change = last / first - 1.0
    row = [
        f"resident after {WARM_UP} and after {NUM_CELLS} cells",
        f"{first / 2**20:.0f}",
        f"{last / 2**20:.0f}",
    ]
    table.append([*row, f"{1 + change:.3f}"])
    worst = max(ratios)
    met = worst <= WITHIN and abs(change) <= FLAT
    notes = [
        "Peak: what the process grew by over its size with torch loaded and the data read. Predicted: "
        "the planner's for the same cell. Creep: cells of widths 16 to 64, nothing recycled."
    ]
    return RowResult(f"{worst:.2f}x,{change:+.1%}", f"{WITHIN:g}x,±{FLAT:.0%}", met, table, notes)


def predicted_bytes(width: int) -> int:
    """Return the planner's bytes of the cell `peak_bytes` trains."""
    shape = DatasetShape(
        task=Task.CLASSIFICATION, num_features=64, num_outputs=10, num_train=1437, num_val=360
    )
    spec = ExperimentSpec.model_validate(
        {
            "dataset_sha256": "0" * 64,
            "loss": "cross_entropy",
            "arms": [{"parametrization": "mup", "lrs": list(programs.LRS)}],
            "widths": [width],
            "depths": [programs.DEPTH],
            "base_width": width,
            "seeds": [0, 1],
            "batch_size": programs.BATCH,
            "num_steps": programs.NUM_STEPS,
            "measure_every": programs.MEASURE_EVERY,
            "sharpness_batch_size": programs.SAMPLES,
        }
    )
    (cell,) = full_grid(spec)
    return cost.predict(spec, shape, cell, cost.DEFAULT_CALIBRATION).num_bytes


def peak_bytes(width: int) -> int:
    """Return how far one cell's training grows this fresh process."""
    prepare_process()
    data = programs.data()
    before = resident_bytes()
    program = programs.program(Parametrization.MUP, width, programs.LRS, (0, 1), num_steps=60)
    for _ in train(program, data):
        pass
    return high_water_bytes() - before


def creep(num_cells: int) -> tuple[int, int]:
    """Return the resident bytes after the warm-up and after all cells."""
    prepare_process()
    data, sizes = programs.data(), []
    for index in range(num_cells):
        program = programs.program(
            Parametrization.MUP, (16, 32, 64)[index % 3], programs.LRS[::3], (index,), num_steps=30
        )
        for _ in train(program, data):
            pass
        sizes.append(resident_bytes())
    return int(np.median(sizes[WARM_UP - 10 : WARM_UP])), int(np.median(sizes[-10:]))


def resident_bytes() -> int:
    """Return this process's resident memory; where /proc is missing, its high-water mark."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text(encoding="utf-8").split()[1]) * _PAGE_BYTES
    return high_water_bytes()


def high_water_bytes() -> int:
    """Return the largest resident memory this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _in_a_process(work: Callable[[int], _Result], argument: int) -> _Result:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (argument,))
