"""Places of training and of validation rows: as they were given, else split by the content."""

from __future__ import annotations

import numpy as np

from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.splits.split import Places, refuse_too_few, split
from muscope.backend.ingest.table.labels import Label


def places_of(label: Label, sha256: str, num_train: int | None) -> tuple[Places, Places]:
    """Return (train, validation) as places in `label.values`, in an order that mixes training.

    `num_train` rows come first in the data and are for training; None leaves it to a split by `sha256`.
    Raises InvalidInput where a part given has no labels.
    """
    if num_train is None:
        return split(label, sha256)
    refuse_too_few(len(label.values))
    is_train = label.kept_rows < num_train
    train, val = np.flatnonzero(is_train), np.flatnonzero(~is_train)
    if not len(train) or not len(val):
        raise InvalidInput("dataset.part_without_labels", train=len(train), val=len(val))
    rng = np.random.Generator(np.random.PCG64(int(sha256[:32], 16)))
    return rng.permutation(train), val
