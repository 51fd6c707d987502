"""Sample of the rows of a table that is longer than is kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import DataWarning

MAX_KEPT_ROWS = 1_000_000
_SEED = 20_241


def kept_places(count: int, limit: int = MAX_KEPT_ROWS) -> NDArray[np.int64]:
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
