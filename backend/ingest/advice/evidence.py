"""Material of the advice: columns, label and split as they were read, and a bounded sample of them."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.errors import Param
from muscope.backend.ingest.splits.columns import codes_of
from muscope.backend.ingest.splits.divide import Division
from muscope.backend.ingest.splits.split import Places
from muscope.backend.ingest.table.columns import Column
from muscope.backend.ingest.table.features import Features
from muscope.backend.ingest.table.labels import Label
from muscope.backend.ingest.values.numbers import Floats

MAX_TRAIN_ROWS, MAX_VAL_ROWS = 16_000, 4_000
MAX_COLUMNS = 200


class Evidence(NamedTuple):
    """A table that was read.

    Attributes:
        columns: those beside the label, also such as are no features.
        label: as it is in the file, also where its logarithm is trained on.
        division: the rows that train and those that validate.
        features: the matrices made of the columns.
        is_log: its logarithm is trained on.
    """

    columns: tuple[Column, ...]
    label: Label
    division: Division
    features: Features
    is_log: bool = False


class Sample:
    """At most 16,000 training and 4,000 validation rows, and 200 columns that hold values.

    The rows of a division are in random order, so their first are a sample of them; columns are taken at even
    distances.

    Attributes:
        columns: [≤ 200].
        train, val: places in `label.values`.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.label = evidence.label
        held = [c for c in evidence.columns if c.numbers is not None or c.codes is not None]
        chosen = np.unique(np.linspace(0, len(held) - 1, min(len(held), MAX_COLUMNS)).astype(int))
        self.columns = [held[place] for place in chosen.tolist()]
        self.train = evidence.division.train[:MAX_TRAIN_ROWS]
        self.val = evidence.division.val[:MAX_VAL_ROWS]
        num_rows = len(evidence.division.train) + len(evidence.division.val)
        self.is_partial = len(self.places) < num_rows or len(self.columns) < len(held)

    @cached_property
    def places(self) -> Places:
        """Return training and validation places together [n]."""
        return np.concatenate([self.train, self.val])

    def values(self, column: Column, places: Places) -> Floats:
        """Return numbers, or codes as numbers; NaN where missing."""
        rows = self.label.kept_rows[places]
        if column.numbers is not None:
            return column.numbers[rows]
        codes = codes_of(column, rows)
        return np.where(codes < 0, np.nan, codes)


def inform(code: str, offers: dict[str, bool | str] | None = None, **params: Param) -> DataWarning:
    """Return advice that is good to know."""
    return DataWarning(code=f"dataset.{code}", params=params, severity="info", offers=offers or {})


def warn(code: str, offers: dict[str, bool | str] | None = None, **params: Param) -> DataWarning:
    """Return advice that asks for attention."""
    return DataWarning(code=f"dataset.{code}", params=params, offers=offers or {})


def percent_of(share: float) -> float:
    """Return a share in percent as it is written: one digit after the point, two below 1 %."""
    return float(f"{100 * share:.2g}") if share < 0.01 else round(100 * share, 1)
