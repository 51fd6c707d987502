"""Stores of a worker, and the arrays of a small random dataset in them."""

import numpy as np
import pytest

from muscope.backend.arrays import write_arrays
from muscope.backend.storage.blobs.folder import BlobStore
from muscope.worker.training import train_cell
from muscope.worker.training.train_cell import Stores
from tests.backend.domain.specs import SHAPE
from tests.backend.services.fakes import FakeNotices


@pytest.fixture
def stores(database, tmp_path):
    train_cell._cached_data.cache_clear()
    return Stores(database, BlobStore(tmp_path / "blobs"), FakeNotices())


@pytest.fixture
def dataset_sha256(stores, tmp_path):
    generator = np.random.default_rng(3)
    arrays = {
        f"{name}_{part}": values
        for part, rows in (("train", SHAPE.num_train), ("val", SHAPE.num_val))
        for name, values in (
            ("x", generator.standard_normal((rows, SHAPE.num_features)).astype(np.float32)),
            ("y", generator.integers(SHAPE.num_outputs, size=rows)),
        )
    }
    write_arrays(tmp_path / "arrays", arrays, {})
    return stores.blobs.put(tmp_path / "arrays").sha256
