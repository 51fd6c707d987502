"""Loads a dataset's blob as tensors on the device that trains."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray

from muscope.backend.arrays import read_arrays
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.errors import Unavailable
from muscope.backend.storage.blobs.folder import Blobs
from muscope.worker.device import DTYPE, device
from muscope.worker.numerics.program import TrainingData
from muscope.worker.training.scenario_data import under_scenario


def load_data(
    blobs: Blobs,
    sha256: str,
    shape: DatasetShape,
    scenario: Scenario = Scenario.AS_GIVEN,
    *,
    spec_seed: int = 0,
) -> TrainingData:
    """Return a dataset's arrays under a scenario, drawn with `spec_seed`.

    Raises:
        Unavailable: the file is missing, or its bytes are not those of `sha256`.
    """
    path = blobs.path(sha256)
    if not path.is_file():
        raise Unavailable("dataset.file_missing", sha256=sha256)
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise Unavailable("dataset.file_damaged", sha256=sha256)
    stored, _ = read_arrays(path)
    arrays = under_scenario(stored, scenario, shape, spec_seed=spec_seed)
    return TrainingData(
        x_train=_features(arrays["x_train"], shape.task),
        y_train=_labels(arrays["y_train"], shape.task),
        x_val=_features(arrays["x_val"], shape.task),
        y_val=_labels(arrays["y_val"], shape.task),
        task=shape.task,
        num_outputs=shape.num_outputs,
        label_scale=shape.label_scale,
        image=shape.image,
    )


def _features(array: NDArray[np.generic], task: Task) -> torch.Tensor:
    """Return numbers, or the tokens of a text, which are looked up and never computed with."""
    dtype = torch.int64 if task is Task.LANGUAGE_MODELLING else DTYPE
    return torch.tensor(array, dtype=dtype, device=device())


def _labels(array: NDArray[np.generic], task: Task) -> torch.Tensor:
    dtype = DTYPE if task is Task.REGRESSION else torch.int64
    return torch.tensor(array, dtype=dtype, device=device())
