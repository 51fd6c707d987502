"""Keeps as many rows of a large table as training can use, chosen evenly at random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import DataWarning

# The longest plan, Thorough with four times the steps, sees 307,200 examples; a fifth of a file validates.
MAX_KEPT_ROWS = 400_000
MAX_KEPT_CELLS = 60_000_000
_SEED = 20_261_128


def kept_places(num_rows: int, num_columns: int) -> NDArray[np.int64] | None:
    """Return the rows to keep in their order, drawn without replacement; None if all are kept."""
    most = min(MAX_KEPT_ROWS, max(1000, MAX_KEPT_CELLS // max(1, num_columns)))
    if num_rows <= most:
        return None
    drawn = np.random.Generator(np.random.PCG64(_SEED)).choice(num_rows, most, replace=False, shuffle=False)
    places: NDArray[np.int64] = np.sort(drawn)
    return places


def sampled_note(num_kept: int, num_rows: int) -> DataWarning:
    """Return the note that says how many rows were kept."""
    return DataWarning(code="dataset.rows_sampled", params={"kept": num_kept, "count": num_rows})
