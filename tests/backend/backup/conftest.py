from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from muscope.backend.db.connection.session import Database
from muscope.backend.db.schema.tables import DatasetRow, ExperimentRow
from muscope.backend.settings import Settings
from muscope.backend.storage.blobs.folder import BlobStore
from tests.backend.db.stores import add_experiment
from tests.backend.services.recorded import record

BLOB = b"arrays of a dataset" * 500


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of the data folder in which the database of the test lies."""
    return Settings(data=tmp_path)


@pytest.fixture
def experiment_id(database: Database, settings: Settings, tmp_path: Path) -> UUID:
    """An experiment with recorded values, on a dataset whose arrays are a file."""
    found, cell_ids = add_experiment(database)
    for cell_id in cell_ids:
        record(database, cell_id)
    incoming = tmp_path / "incoming"
    incoming.write_bytes(BLOB)
    blob = BlobStore(settings.blob_folder).put(incoming)
    with database.write() as session:
        dataset_id = session.get_one(ExperimentRow, found).dataset_id
        session.get_one(DatasetRow, dataset_id).arrays_sha256 = blob.sha256
    return found
