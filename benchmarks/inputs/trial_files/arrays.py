"""Arrays as people save them, with the names and shapes of known libraries."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.inputs.trial_files.content import NUM_ROWS
from benchmarks.inputs.trial_files.expected import TrialFile
from muscope.backend.domain.spec.dataset import Task

_rng = np.random.default_rng(20)
X = _rng.random((NUM_ROWS, 6)).astype(np.float32)
IMAGES = _rng.integers(0, 255, (NUM_ROWS, 8, 8)).astype(np.uint8)
COLOURED = _rng.integers(0, 255, (NUM_ROWS, 3, 16, 16)).astype(np.uint8)
Y = np.arange(NUM_ROWS) % 3
NUM_TEST = 20


def array_files() -> Iterator[TrialFile]:
    """Yield archives of arrays whose features and labels are clear, and one array that has no labels."""
    yield _classes("npz_xy.npz", {"x": X, "y": Y}, "x", "y")
    yield _classes("npz_caps.npz", {"X": X, "Y": Y}, "X", "Y")
    yield _classes("npz_images_labels.npz", {"images": IMAGES, "labels": Y}, "images", "labels")
    yield _classes("npz_float_labels.npz", {"x": X, "y": Y.astype(np.float32)}, "x", "y")
    yield _classes("npz_column.npz", {"x": X, "y": Y[:, None]}, "x", "y")
    yield _classes("npz_one_hot.npz", {"x": X, "y": np.eye(3)[Y]}, "x", "y")
    moved = frozenset({"dataset.channels_moved"})
    yield _classes("npz_channels_first.npz", {"x": COLOURED, "y": Y}, "x", "y", notes=moved)
    cut = NUM_ROWS - NUM_TEST
    keras: dict[str, npt.NDArray[Any]] = {
        "x_train": IMAGES[:cut],
        "y_train": Y[:cut],
        "x_test": IMAGES[cut:],
        "y_test": Y[cut:],
    }
    tested = frozenset({"dataset.test_validates"})
    yield _classes("npz_keras.npz", keras, "x_train", "y_train", notes=tested, split="given")
    buffer = io.BytesIO()
    np.save(buffer, IMAGES)
    yield TrialFile("single.npy", buffer.getvalue(), refused="dataset.array_without_labels")


def _classes(
    name: str,
    arrays: Mapping[str, npt.NDArray[Any]],
    x: str,
    y: str,
    *,
    notes: frozenset[str] = frozenset(),
    **decisions: str,
) -> TrialFile:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    numbers = {f"{x}[{at}]": values.tolist() for at, values in enumerate(X.T)} | {y: Y.tolist()}
    return TrialFile(
        name,
        buffer.getvalue(),
        label=y,
        task=Task.CLASSIFICATION,
        num_rows=NUM_ROWS,
        numbers=numbers if arrays[x].ndim == 2 else {},  # images have no columns
        decisions={"x": x, "y": y} | decisions,
        notes=notes,
    )
