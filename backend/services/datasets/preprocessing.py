"""Preprocessing of a stored table, as it was fitted when the file was read."""

from __future__ import annotations

from uuid import UUID

from muscope.backend.arrays import read_arrays
from muscope.backend.domain.spec.dataset import Preprocessing
from muscope.backend.errors import Conflict, Unavailable
from muscope.backend.services.context import Context
from muscope.backend.services.lookup import find_dataset


def get_preprocessing(context: Context, owner_id: str, dataset_id: UUID) -> Preprocessing:
    """Return what was fitted on the training rows; raises Conflict where none was recorded."""
    with context.database.read() as session:
        row = find_dataset(session, owner_id, dataset_id)
        name, sha256 = row.name, row.arrays_sha256
    path = context.blobs.path(sha256)
    if not path.is_file():
        raise Unavailable("dataset.file_missing", sha256=sha256)
    _, meta = read_arrays(path)
    if "preprocessing" not in meta:
        raise Conflict("dataset.no_preprocessing", name=name)
    return Preprocessing.model_validate(meta["preprocessing"])
