"""The split by time: the latest fifth of the rows validates, as a model is used on what comes later."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.splits.split import VAL_SHARE
from muscope.backend.ingest.values.numbers import Floats
from muscope.backend.ingest.wording import shown


def later_rows(name: str, times: Floats) -> NDArray[np.bool_]:
    """Return which rows validate: the last 20 % by `times` [n].

    Rows of one time stay together, so the border moves to the nearest change of time. A row without a time
    trains. Raises InvalidInput where there are not two times.
    """
    known = np.sort(times[~np.isnan(times)])
    changes = np.flatnonzero(np.diff(known)) + 1
    if not changes.size:
        raise InvalidInput("dataset.split_one_time", column=shown(name))
    wanted = len(known) - round(VAL_SHARE * len(times))
    border = known[changes[np.argmin(np.abs(changes - wanted))]]
    is_later: NDArray[np.bool_] = times >= border  # False for NaN
    return is_later
