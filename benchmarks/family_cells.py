"""Cells of the other model families and their data, in turns: ten steps and the measurement before them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.programs import top_eigenvalue
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.dataset import ImageShape, Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.convnet import ConvNet
from muscope.backend.domain.spec.families.transformer import GPT, ViT
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.ingest.examples.builtin import make_example
from muscope.worker.numerics.derivatives import Autograd
from muscope.worker.numerics.families import network_of
from muscope.worker.numerics.measurement import Measurer
from muscope.worker.numerics.program import CellProgram, TrainingData
from muscope.worker.numerics.randomness import sharpness_indices
from muscope.worker.numerics.trainer import train

EVERY = 10
# A cell of twelve runs. No run diverges: a stack that shrinks would not be the cell's cost.
LRS = (0.02, 0.05, 0.1, 0.2)
SEEDS = (0, 1, 2)
# The run of the cell that a peer trains.
SAMPLED_LR, SAMPLED_SEED = LRS[2], SEEDS[0]
# A run of 300 steps has 31 values: one cold, three audits, the rest warm. Those of the turns are warm; audits
# are counted like the cold one, which costs more.
NUM_VALUES, NUM_COLD = 31, 4
# The user loop validates nothing; ours cannot be told not to, so it validates next to nothing.
NUM_VALIDATED = 8
SIDE = 32


@dataclass(frozen=True)
class Setting:
    """Family as both sides run it; `samples` are the images or windows sharpness is measured on."""

    model: ModelFamily
    depth: int
    base_width: int
    batch: int
    samples: int


SETTINGS = {
    "conv": Setting(ConvNet(), 1, 16, 128, 128),
    "vit": Setting(ViT(), 2, 64, 32, 32),
    "gpt": Setting(GPT(), 2, 64, 16, 16),
}


@lru_cache(maxsize=2)
def arrays_of(*, is_text: bool) -> dict[str, NDArray[Any]]:
    """Return the built-in images, every pixel doubled to the paper's 32 × 32 × 3, or windows of 64 bytes."""
    arrays = make_example("python_source" if is_text else "shapes").arrays
    if is_text:
        return dict(arrays)
    doubled = {
        name: array.reshape(len(array), SIDE // 2, SIDE // 2, 3).repeat(2, axis=1).repeat(2, axis=2)
        for name, array in arrays.items()
        if name.startswith("x")
    }
    return dict(arrays) | {name: array.reshape(len(array), -1) for name, array in doubled.items()}


def data_of(family: str) -> TrainingData:
    """Return a family's data as the trainer takes them."""
    is_text = family == "gpt"
    arrays = arrays_of(is_text=is_text)
    x_dtype = torch.int64 if is_text else torch.float32
    x_train, x_val = (torch.tensor(arrays[name], dtype=x_dtype) for name in ("x_train", "x_val"))
    y_train, y_val = (torch.tensor(arrays[name], dtype=torch.int64) for name in ("y_train", "y_val"))
    val = (x_val[:NUM_VALIDATED], y_val[:NUM_VALIDATED])
    if is_text:
        return TrainingData(x_train, y_train, *val, Task.LANGUAGE_MODELLING, 256)
    image = ImageShape(height=SIDE, width=SIDE, channels=3)
    return TrainingData(x_train, y_train, *val, Task.CLASSIFICATION, 10, image=image)


def save_data(family: str, samples: int, folder: str, **more: NDArray[Any]) -> str:
    """Write where a peer can read them: training examples, and which of them sharpness is measured on."""
    arrays = arrays_of(is_text=family == "gpt")
    probe = sharpness_indices(0, len(arrays["x_train"]), samples)
    path = Path(folder) / f"{family}-{samples}.npz"
    saved: dict[str, Any] = {"x": arrays["x_train"], "y": arrays["y_train"], "probe": probe, **more}
    np.savez(path, **saved)
    return str(path)


def program(
    family: str,
    width: int,
    turns: int,
    lrs: Sequence[float] = LRS,
    seeds: Sequence[int] = SEEDS,
    **changes: Any,
) -> CellProgram:
    """Return a cell under µP and SGD whose windows are one measurement and ten steps."""
    setting = SETTINGS[family]
    settings: dict[str, Any] = {
        "parametrization": Parametrization.MUP,
        "width": width,
        "depth": setting.depth,
        "base_width": setting.base_width,
        "model": setting.model,
        "loss": Loss.CROSS_ENTROPY,
        "runs": tuple(PlannedRun(index, lr, seed) for (index, lr), seed in product(enumerate(lrs), seeds)),
        "num_steps": EVERY * (turns + 1),
        "measure_every": EVERY,
        "chunk_steps": EVERY,
        "batch_size": setting.batch,
        "sharpness_batch_size": setting.samples,
    }
    return CellProgram(**settings | changes)


class Split(NamedTuple):
    """Processor seconds of one run in one turn: its ten steps, and one sharpness value."""

    steps: float
    value: float


@dataclass
class Measured:
    """Measurements of the trainer: seconds, values, and on request the first weights and exact values."""

    seconds: float = 0.0
    num_products: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    exact: list[float] = field(default_factory=list)
    weights: dict[str, Tensor] = field(default_factory=dict)


@contextmanager
def watching_measurements(*, with_exact: bool = False, with_weights: bool = False) -> Iterator[Measured]:
    """Time every whole measurement: derivatives on the probe batch, eigenvalue, validation."""
    seen, original = Measured(), Measurer.measure

    def watched(self: Measurer, stack: Any, step: int) -> Any:
        started = time.process_time()
        values, vectors = original(self, stack, step)
        seen.seconds += time.process_time() - started
        by_name = {metric.value: value for metric, value in values.items()}
        seen.value += by_name["sharpness"].tolist()
        seen.num_products += by_name["sharpness_hvps"].tolist()
        if with_weights and not seen.weights:
            seen.weights = {name: weight.clone() for name, weight in stack.params.items()}
        if with_exact:
            seen.exact += exact_values(self, stack.params)
        return values, vectors

    with mock.patch.object(Measurer, "measure", watched):
        yield seen


def exact_values(measurer: Measurer, params: Mapping[str, Tensor]) -> list[float]:
    """Return λ_max of every run by SciPy's Lanczos on float64 products of automatic derivatives, cold."""
    apply = network_of(measurer.program.model).apply
    x_BD, y_BC = measurer.x_sharpness, measurer.y_sharpness.double()
    x_RBD = (x_BD.double() if x_BD.is_floating_point() else x_BD)[None]
    values = []
    for row in range(len(next(iter(params.values())))):
        double = {name: weight[row : row + 1].double() for name, weight in params.items()}
        derivatives = Autograd(apply)
        curvature = derivatives.curvature(measurer.network, double, x_RBD, y_BC, measurer.program.loss)
        values.append(top_eigenvalue(curvature))
    return values


def share_of(family: str, width: int, turns: int, **changes: Any) -> CellProgram:
    """Return the cell of twelve; of a family whose runs train one by one, the run that a peer trains."""
    cell = program(family, width, turns, **changes)
    if network_of(cell.model).runs_per_stack(width) > 1:
        return cell
    return program(family, width, turns, (SAMPLED_LR,), (SAMPLED_SEED,), **changes)


class OurTurns:
    """Cell that trains turn by turn; the first turn, a cold start, is done on construction."""

    def __init__(self, cell: CellProgram, data: TrainingData) -> None:
        self._windows = train(cell, data)
        self._num_runs = len(cell.runs)
        self.num_products: list[int] = []
        with watching_measurements(with_weights=True) as first:
            next(self._windows)
        self.first = first
        self.values = [first.value]

    def __call__(self) -> Split:
        """Measure and take ten steps with every run."""
        with watching_measurements() as seen:
            started = time.process_time()
            next(self._windows)
            took = time.process_time() - started
        self.num_products += seen.num_products
        self.values.append(seen.value)
        return Split((took - seen.seconds) / self._num_runs, seen.seconds / self._num_runs)

    def in_a_long_run(self, turns: Sequence[Split]) -> Split:
        """Return the mean turn with as many cold measurements as a run of 300 steps has."""
        steps, value = mean_of(turns)
        warm, cold = (NUM_VALUES - NUM_COLD) / NUM_VALUES, NUM_COLD / NUM_VALUES
        return Split(steps, warm * value + cold * self.first.seconds / self._num_runs)


def mean_of(turns: Sequence[Split]) -> Split:
    """Return the mean turn."""
    return Split(*np.mean(turns, axis=0).tolist())


def errors(value: Sequence[float], exact: Sequence[float]) -> NDArray[np.float64]:
    """Return |value - exact| / |exact|."""
    return np.asarray(np.abs(np.array(value) - np.array(exact)) / np.abs(np.array(exact)))
