"""Sample of the rows of a table that is longer than training can use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import DataWarning

# The longest plan, Thorough with four times the steps, sees 307,200 examples; a fifth of a file validates.
MAX_KEPT_ROWS = 400_000
MAX_KEPT_CELLS = 60_000_000
_LEAST_KEPT_ROWS = 1000
_SEED = 20_241


def most_rows(num_columns: int) -> int:
    """Return the most rows that are kept of a table with so many columns."""
    return min(MAX_KEPT_ROWS, max(_LEAST_KEPT_ROWS, MAX_KEPT_CELLS // max(1, num_columns)))


def kept_places(count: int, limit: int) -> NDArray[np.int64]:
    """Return the rows to keep of `count`, from 0 and in order: all, or one of each of `limit` stretches.

    Stretches of equal length keep the sample even over a file in the order of time; the draw within each
    keeps it from falling in step with a period of the data. The same rows are drawn every time.
    """
    if count <= limit:
        return np.arange(count)
    borders = np.arange(limit + 1) * count // limit
    draws = np.random.Generator(np.random.PCG64(_SEED)).random(limit)
    return borders[:-1] + (draws * np.diff(borders)).astype(np.int64)


def sample_notes(count: int, kept: int) -> list[DataWarning]:
    """Return the note that rows were left out, if any were."""
    params = {"kept": kept, "count": count}
    return [DataWarning(code="dataset.rows_sampled", params=params)] if kept < count else []
