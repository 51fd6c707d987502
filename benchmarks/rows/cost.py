"""Predicted time against measured time: of cells, and of what is left of an experiment.

Twenty-odd small cells of every family, with and without curvature, train one after another through the real
numerics. A prediction knows the calibration measured at the start of the row, nothing of the cells before it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import torch
from pydantic import TypeAdapter

from benchmarks.report import RowResult
from muscope.backend.domain.cost.calibration import Learned, kind_of
from muscope.backend.domain.cost.divergence import done_and_left, lived_share, survival
from muscope.backend.domain.cost.prediction import CELL_SECONDS, Calibration, CellCost, predict
from muscope.backend.domain.cost.time_left import CellWork, eta_seconds
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.plan.defaults import default_spec
from muscope.backend.domain.plan.recipes import Recipe
from muscope.backend.domain.protocol.grid import PlannedCell, full_grid
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.model import Model
from muscope.backend.ingest.examples.builtin import make_example
from muscope.backend.ingest.manifest import ExampleName
from muscope.worker.device import calibrate
from muscope.worker.numerics.program import CellProgram, TrainingData
from muscope.worker.numerics.trainer import train

# Families whose runs are cheap enough for a whole grid and two seeds here.
STACKED = ("residual_mlp", "convnet")
WITHIN, SHARE = 0.25, 0.9
ETA_WITHIN, ETA_FROM, ETA_UNTIL = 0.20, 0.15, 0.85


@dataclass(frozen=True)
class Case:
    """Family on a built-in dataset, in a few sizes."""

    example: ExampleName
    family: str
    widths: tuple[int, ...]
    num_steps: int
    changes: dict[str, Any] = field(default_factory=dict)


# Grids that hold runs that diverge, as every sweep's do; both losses; both optimizers; two depths.
CASES = (
    Case("digits", "residual_mlp", (32, 64, 256), 100),
    Case("friedman", "residual_mlp", (32, 128), 60, {"depths": [6]}),
    Case("digits", "residual_mlp", (64,), 100, {"optimizer": {"kind": "adam"}}),
    Case("shapes", "convnet", (16, 64), 30),
    Case("shapes", "residual_convnet", (4, 16), 10),
    Case("shapes", "vit", (16, 64), 10),
    Case("python_source", "gpt", (16, 64), 10),
)


@dataclass(frozen=True)
class Planned:
    """Cell of a case and its program."""

    spec: ExperimentSpec
    shape: DatasetShape
    cell: PlannedCell
    example: ExampleName

    @property
    def name(self) -> str:
        curvature = "curvature" if self.cell.has_curvature else "plain"
        return f"{self.spec.model.name} {self.cell.width}, {self.example}, {curvature}"

    @property
    def kind(self) -> str:
        return kind_of(self.spec.model.name, self.cell.width, has_curvature=self.cell.has_curvature)


class Look(NamedTuple):
    """Progress of one cell at the end of a window."""

    at: float
    done: float
    diverged_at: tuple[int | None, ...]


NOT_BEGUN = Look(0.0, 0.0, ())


@dataclass(frozen=True)
class Took:
    """Predicted and measured seconds of one cell.

    Attributes:
        predicted: the model's seconds, of the cell's runs alone.
        diverged_at: of each run, the step, or None.
        windows: processor seconds since its start, share of its steps, and who has diverged, at each end.
    """

    planned: Planned
    cost: CellCost
    wall: float
    processor: float
    diverged_at: tuple[int | None, ...]
    windows: tuple[Look, ...]

    @property
    def predicted(self) -> float:
        """Return the seconds predicted before anything ran, without what a queue takes."""
        return self.cost.seconds - CELL_SECONDS

    @property
    def lived(self) -> float:
        """Return the mean share of its steps that a run was trained for."""
        num_steps = self.planned.spec.num_steps
        return statistics.mean(lived_share(num_steps, at) for at in self.diverged_at)


@lru_cache(maxsize=1)
def _all() -> tuple[Calibration, list[Took]]:
    """Measure once for both rows."""
    calibration = calibrate()
    return calibration, [_train(planned, calibration) for planned in _cells()]


def _cells() -> Iterator[Planned]:
    for case in CASES:
        shape = make_example(case.example).manifest.shape
        for width, has_curvature in product(case.widths, (True, False)):
            spec = _spec(case, shape, width)
            cell = replace(full_grid(spec)[0], has_curvature=has_curvature)
            yield Planned(spec, shape, cell, case.example)


def _spec(case: Case, shape: DatasetShape, width: int) -> ExperimentSpec:
    """Return µP's cell of the family's default plan with two seeds and every other LR."""
    model: Model = TypeAdapter(Model).validate_python({"family": case.family})
    default = default_spec("0" * 64, shape, model=model, recipe=Recipe.PAPER)
    lrs = default.arms[0].lrs
    chosen = lrs[::2] if case.family in STACKED else lrs[2:6:2]
    arm = default.arms[0].model_copy(update={"lrs": chosen})
    changes = {
        "arms": [arm.model_dump()],
        "widths": [width],
        "base_width": width,
        "seeds": [0, 1] if case.family in STACKED else [0],
        "num_steps": case.num_steps,
        "measure_every": case.num_steps // 10,
    }
    return ExperimentSpec.model_validate(default.model_dump() | changes | case.changes)


@lru_cache(maxsize=4)
def _data(example: ExampleName) -> TrainingData:
    prepared = make_example(example)
    arrays, shape = prepared.arrays, prepared.manifest.shape
    x_dtype = torch.int64 if shape.task is Task.LANGUAGE_MODELLING else torch.float32
    y_dtype = torch.float32 if shape.task is Task.REGRESSION else torch.int64
    x_train, x_val = (torch.tensor(arrays[name], dtype=x_dtype) for name in ("x_train", "x_val"))
    y_train, y_val = (torch.tensor(arrays[name], dtype=y_dtype) for name in ("y_train", "y_val"))
    return TrainingData(
        x_train, y_train, x_val, y_val, shape.task, shape.num_outputs, shape.label_scale, shape.image
    )


def _train(planned: Planned, calibration: Calibration) -> Took:
    spec, data = planned.spec, _data(planned.example)
    cost = predict(spec, planned.shape, planned.cell, calibration)
    program = CellProgram.from_spec(spec, planned.cell, chunk_steps=max(1, spec.num_steps // 10))
    windows, diverged_at = [], tuple[int | None, ...]()
    started, processor = time.perf_counter(), time.process_time()
    for window in train(program, data):
        diverged_at = tuple(window.diverged_at)
        done = (window.last_step + 1) / (spec.num_steps + 1)
        windows.append(Look(time.process_time() - processor, done, diverged_at))
    wall = time.perf_counter() - started
    return Took(planned, cost, wall, windows[-1].at, diverged_at, tuple(windows))


def cells() -> RowResult:
    """Compare what cells take with what was predicted."""
    calibration, trained = _all()
    of_wall = _share_within([took.wall / took.predicted for took in trained])
    of_processor = _share_within([took.processor / took.predicted for took in trained])
    learned = _share_within(_ratios_when_learning(trained))
    table = [["cell", "runs", "predicted, s", "wall, s", "ratio", "processor, s", "ratio"]]
    table[0] += ["lived", "foreseen"]
    for took in trained:
        row = [took.planned.name, str(len(took.planned.cell.runs)), f"{took.predicted:.2f}"]
        row += [f"{took.wall:.2f}", f"{took.wall / took.predicted:.2f}"]
        row += [f"{took.processor:.2f}", f"{took.processor / took.predicted:.2f}"]
        table.append([*row, f"{took.lived:.2f}", f"{took.cost.planned.living:.2f}"])
    waited = statistics.median(took.wall / took.processor for took in trained)
    notes = [
        f"{calibration.flops_per_second / 1e9:.1f} GF/s, {calibration.seconds_per_run_step * 1e6:.0f} µs per "
        f"run and step, measured before the first cell. Of {len(trained)} cells, within ±{WITHIN:.0%}: "
        f"{of_wall:.0%} by wall time, {of_processor:.0%} by processor time, {learned:.0%} by wall time on a "
        "device that has trained the other cells of the kind. Wall over processor time: "
        f"{waited:.2f} in the median; "
        "above 1 neighbours had the core, which no prediction knows."
    ]
    return RowResult(f"{of_wall:.0%}", f"{SHARE:.0%}", of_wall >= SHARE, table, notes)


def _share_within(ratios: Sequence[float], within: float = WITHIN) -> float:
    return sum(abs(ratio - 1) <= within for ratio in ratios) / len(ratios)


def _ratios_when_learning(cells: Sequence[Took]) -> list[float]:
    """Return actual over predicted where every kind has been corrected by the other cells of its kind."""
    ratios = []
    for took in cells:
        learned = Learned()
        for other in cells:
            if other is not took and other.planned.kind == took.planned.kind:
                learned = learned.with_cell(actual_seconds=other.wall, predicted_seconds=other.predicted)
        ratios.append(took.wall / took.predicted / learned.factor())
    return ratios


def eta() -> RowResult:
    """Take the same cells as one experiment on one slot; compare the time left with what was told, after each
    window between the first 15% and the last. Time is the processor's own.
    """
    _, cells = _all()
    total = sum(took.processor for took in cells)
    looks = [(at / total, told, total - at) for at, told in _told(cells)]
    counted = [(told, left) for share, told, left in looks if ETA_FROM <= share <= ETA_UNTIL]
    of_left = _share_within([told / left for told, left in counted], ETA_WITHIN)
    of_all = sum(abs(told - left) <= ETA_WITHIN * total for told, left in counted) / len(counted)
    table = [["at, share of the time", "told left, s", "left, s", "ratio"]]
    for share, told, left in looks[:: max(1, len(looks) // 12)]:
        table.append([f"{share:.0%}", f"{told:.1f}", f"{left:.1f}", f"{told / left:.2f}" if left else "–"])
    notes = [
        f"By processor time, {len(counted)} looks between {ETA_FROM:.0%} and {ETA_UNTIL:.0%} of "
        f"{total:.0f} s: the time left was told within ±{ETA_WITHIN:.0%} of itself in "
        f"{of_left:.0%}, the end within ±{ETA_WITHIN:.0%} of the whole duration in {of_all:.0%}."
    ]
    return RowResult(f"{of_left:.0%}", f"{SHARE:.0%}", of_left >= SHARE, table, notes)


def _told(cells: Sequence[Took]) -> Iterator[tuple[float, float]]:
    """Yield (seconds since the start, seconds told to be left) after every window of every cell."""
    before = 0.0
    for index, running in enumerate(cells):
        for look in running.windows:
            works = [_work(took, CellState.COMPLETED, took.windows[-1]) for took in cells[:index]]
            works.append(_work(running, CellState.RUNNING, look))
            works += [_work(took, CellState.QUEUED, NOT_BEGUN) for took in cells[index + 1 :]]
            yield before + look.at, eta_seconds(works, slots=1)
        before += running.processor


def _work(took: Took, state: CellState, look: Look) -> CellWork:
    """Return a cell as the product would see it: by its steps, and by which of its runs live."""
    spec, planned = took.planned.spec, replace(took.cost.planned, seconds=took.predicted)
    dead = {
        index: lived_share(spec.num_steps, at) for index, at in enumerate(look.diverged_at) if at is not None
    }
    chances = survival(spec, took.planned.cell)
    done, left = done_and_left(planned, chances, dead, look.done, spec.num_steps)
    return CellWork(took.planned.kind, state, done + left, look.at, done / (done + left))
