"""Cell of a study: the program and its data, the key its result is kept under, and the result."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from muscope.backend.domain.spec.measures import measure_hvps
from muscope.backend.domain.spec.metrics import Metric
from muscope.worker.numerics.program import CellProgram
from muscope.worker.numerics.trainer import train
from studies.cells.datasets import dataset, identity
from studies.cells.linear_net import registered
from studies.repository import digest_of

# Whatever decides the numbers of a cell besides its program and data.
_SOURCES = ("worker/numerics/**/*.py", "backend/domain/**/*.py", "backend/ingest/examples/*.py")
# In forward passes: a training step, a Hessian product. In products: a warm sharpness, a kernel.
_TRAIN_PASSES, _PRODUCT_PASSES = 3, 4
_PRODUCTS, _KERNEL_PRODUCTS = 6, 96


@dataclass(frozen=True)
class Job:
    """Cell: a program on a dataset."""

    data: str
    program: CellProgram

    def key(self) -> str:
        """Identify the numbers: program, dataset and the code that computes."""
        content = json.dumps([identity(self.data), _plain(self.program), code_digest()], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:24]

    def cost(self) -> float:
        """Estimate its floating-point operations, to start the largest first."""
        program = self.program
        forward = program.model.forward_flops(dataset(self.data).dims, program.width, program.depth)
        products = _PRODUCTS + measure_hvps(program.measures)
        products += _KERNEL_PRODUCTS * any(measure.value == "ntk" for measure in program.measures)
        measuring = program.schedule.num_measurements() * program.sharpness_batch_size
        training = _TRAIN_PASSES * program.batch_size * program.num_steps
        return forward * len(program.runs) * (training + _PRODUCT_PASSES * products * measuring)


@dataclass(frozen=True)
class Result:
    """Metrics that a cell gave.

    Attributes:
        steps: per metric, the steps [T] it has values at.
        values: per metric float64 [T, R] or [T, R, K]; NaN after a run diverged.
        diverged_at: per run, None where it did not.
        seconds: processor time it took.
    """

    steps: dict[Metric, NDArray[np.int64]]
    values: dict[Metric, NDArray[np.float64]]
    diverged_at: tuple[int | None, ...]
    seconds: float

    def to_json(self) -> str:
        """Return the result as text; NaN becomes null."""
        values = {
            metric: np.where(np.isfinite(array), array, np.array(None)).tolist()
            for metric, array in self.values.items()
        }
        steps = {metric: array.tolist() for metric, array in self.steps.items()}
        return json.dumps(
            {"steps": steps, "values": values, "diverged_at": self.diverged_at, "seconds": self.seconds}
        )

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Return the result that `to_json` wrote."""
        content = json.loads(text)
        return cls(
            {Metric(name): np.array(steps, np.int64) for name, steps in content["steps"].items()},
            {Metric(name): np.array(values, np.float64) for name, values in content["values"].items()},
            tuple(content["diverged_at"]),
            content["seconds"],
        )


# By `Job.key`.
Results = Mapping[str, Result]


def train_job(job: Job) -> Result:
    """Train the cell with the product's trainer."""
    began = time.process_time()
    with registered():
        windows = list(train(job.program, dataset(job.data)))
    schedule = job.program.schedule
    steps: dict[Metric, list[int]] = {}
    parts: dict[Metric, list[NDArray[np.float32]]] = {}
    for window in windows:
        for metric, values in window.values.items():
            steps.setdefault(metric, []).extend(schedule.metric_steps(metric, window.first_step))
            parts.setdefault(metric, []).append(values)
    return Result(
        {metric: np.array(all_steps) for metric, all_steps in steps.items()},
        {metric: np.concatenate(arrays).astype(np.float64) for metric, arrays in parts.items()},
        tuple(windows[-1].diverged_at),
        time.process_time() - began,
    )


@cache
def code_digest() -> str:
    """Hash the source that computes: results of other code are not reused."""
    return digest_of(_SOURCES)


def _plain(value: Any) -> Any:
    """Return dataclasses and models as what JSON knows."""
    if isinstance(value, CellProgram):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
