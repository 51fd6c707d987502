from typing import Any

import numpy as np
import pytest
import torch

from muscope.backend.arrays import write_arrays
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.errors import Unavailable
from muscope.backend.storage.blobs.folder import BlobStore
from muscope.worker.training.data import load_data

LABELS: dict[Task, np.ndarray[Any, Any]] = {
    Task.CLASSIFICATION: np.array([0, 2, 1], np.int64),
    Task.REGRESSION: np.array([0.5, -1, 2], np.float32),
    Task.LANGUAGE_MODELLING: np.array([[1, 255], [0, 3], [9, 9]], np.uint8),
}


def _shape(task: Task) -> DatasetShape:
    return DatasetShape(task=task, num_features=2, num_outputs=256, num_train=3, num_val=3)


def _store(folder, task: Task) -> tuple[BlobStore, str]:
    x = np.array([[0, 255], [7, 8], [1, 2]], np.uint8 if task is Task.LANGUAGE_MODELLING else np.float32)
    arrays = {"x_train": x, "x_val": x, "y_train": LABELS[task], "y_val": LABELS[task]}
    write_arrays(folder / "arrays", arrays, {})
    blobs = BlobStore(folder / "blobs")
    return blobs, blobs.put(folder / "arrays").sha256


@pytest.mark.parametrize(
    ("task", "x_dtype", "y_dtype"),
    [
        (Task.CLASSIFICATION, torch.float32, torch.int64),
        (Task.REGRESSION, torch.float32, torch.float32),
        (Task.LANGUAGE_MODELLING, torch.int64, torch.int64),
    ],
)
def test_numbers_are_floats_and_tokens_and_classes_are_whole(tmp_path, task, x_dtype, y_dtype):
    data = load_data(*_store(tmp_path, task), _shape(task))

    assert (data.x_train.dtype, data.x_val.dtype) == (x_dtype, x_dtype)
    assert (data.y_train.dtype, data.y_val.dtype) == (y_dtype, y_dtype)
    assert data.x_val.tolist() == [[0, 255], [7, 8], [1, 2]]
    assert data.y_train.tolist() == LABELS[task].tolist()


def test_a_changed_file_is_refused(tmp_path):
    blobs, sha256 = _store(tmp_path, Task.REGRESSION)
    path = blobs.path(sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"!")

    with pytest.raises(Unavailable, match=r"dataset\.file_damaged"):
        load_data(blobs, sha256, _shape(Task.REGRESSION))


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(Unavailable, match=r"dataset\.file_missing"):
        load_data(BlobStore(tmp_path), "0" * 64, _shape(Task.REGRESSION))
