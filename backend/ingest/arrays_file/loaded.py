"""Arrays of a file as they are loaded for a reader of images or of tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import DataWarning, Decision
from muscope.backend.ingest.arrays_file.label_array import LabelArray


@dataclass(slots=True)
class Examples:
    """Arrays of a file that are used, training rows first.

    Attributes:
        x: examples [n, …].
        labels: None where they are a column of `x`.
        num_train: rows of training where validation was given; None leaves it to a split.
        sha256: of the file, which decides the split.
        decisions, notes: of what was done so far (`Profile`).
    """

    x_name: str
    x: Array
    labels: LabelArray | None
    num_train: int | None
    sha256: str
    decisions: tuple[Decision, ...] = ()
    notes: tuple[DataWarning, ...] = ()

    def take_rows(self) -> Array:
        """Return the examples [n, d], further axes laid flat, and let go of them to free their memory."""
        rows = self.x.reshape(len(self.x), -1)
        self.x = np.empty(0)
        return rows
