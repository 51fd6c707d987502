"""A tiny cell of known result, trained before a child takes real ones: finds a device that errs."""

from __future__ import annotations

import torch

from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.device import DTYPE, device
from muscope.worker.numerics.program import CellProgram, TrainingData
from muscope.worker.numerics.trainer import train

# Training losses of the last step, one per run, computed in float64.
KNOWN_LOSSES = (1.116918921470642, 1.0610007047653198)
# Relative. Orders of summation differ between devices: float32 lay 1.1e-7 off on three sets of instructions.
TOLERANCE = 1e-6
_ROWS, _FEATURES, _CLASSES, _VALIDATION_ROWS = 48, 6, 3, 12
_PROGRAM = CellProgram(
    parametrization=Parametrization.MUP,
    width=16,
    depth=2,
    base_width=8,
    model=ResidualMLP(),
    loss=Loss.CROSS_ENTROPY,
    runs=(PlannedRun(0, 0.05, 0), PlannedRun(1, 0.2, 1)),
    num_steps=20,
    measure_every=20,
    chunk_steps=20,
    batch_size=16,
    sharpness_batch_size=16,
    has_curvature=False,
)


def losses(dtype: torch.dtype = DTYPE) -> list[float]:
    """Train the tiny cell on this process's device and return the last training loss of each run."""
    windows = list(train(_PROGRAM, _data(dtype)))
    return [float(each) for each in windows[-1].values[Metric.TRAIN_LOSS][-1]]


def deviation(found: list[float]) -> str | None:
    """Return what differs from the known losses, in no language; None where nothing does."""
    far = [
        f"{Metric.TRAIN_LOSS} {each:.9g} != {known:.9g}"
        for each, known in zip(found, KNOWN_LOSSES, strict=True)
        if not abs(each - known) <= TOLERANCE * known
    ]
    return ", ".join(far) or None


def fault_of_device() -> str | None:
    """Return why this process's device cannot be trusted; None if the tiny cell gave the known result."""
    try:
        return deviation(losses())
    except RuntimeError as error:
        return f"{type(error).__name__}: {error}"


def _data(dtype: torch.dtype) -> TrainingData:
    """Return features and classes from whole numbers, which no library draws otherwise."""
    rows = torch.arange(_ROWS + _VALIDATION_ROWS)
    x = ((rows[:, None] * 7 + torch.arange(_FEATURES) * 13) % 17).to(dtype) / 8 - 1
    y = (rows * rows + rows // 5) % _CLASSES
    x, y = x.to(device()), y.to(device())
    return TrainingData(
        x_train=x[:_ROWS],
        y_train=y[:_ROWS],
        x_val=x[_ROWS:],
        y_val=y[_ROWS:],
        task=Task.CLASSIFICATION,
        num_outputs=_CLASSES,
    )
