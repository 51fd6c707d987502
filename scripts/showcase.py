"""Write the finished example that ships with the product, from an experiment that the product has run.

MUSCOPE_DATA=<data folder> python -m scripts.showcase <id of an ended experiment on the example `digits`>
"""

from __future__ import annotations

import gzip
import json
import sys
from uuid import UUID

from muscope.backend.db.archive import archived
from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.session import Database
from muscope.backend.db.schema.tables import DatasetRow, ExperimentRow
from muscope.backend.domain.lifecycle import ExperimentState
from muscope.backend.services.showcase.opening import ARCHIVE, DATASET
from muscope.backend.settings import get_settings


def main(experiment_id: UUID) -> None:
    """Archive one experiment; raises ValueError for one that is not complete or on other data."""
    database = Database(database_address(get_settings()))
    with database.read() as session:
        row = session.get_one(ExperimentRow, experiment_id)
        example = session.get_one(DatasetRow, row.dataset_id).example
        if row.state != ExperimentState.COMPLETED or example != DATASET:
            raise ValueError(f"expected a completed experiment on {DATASET}, given {row.state} on {example}")
        content = json.dumps(archived(session, experiment_id), separators=(",", ":")).encode()
    database.close()
    ARCHIVE.write_bytes(gzip.compress(content, mtime=0))
    print(f"{ARCHIVE}: {ARCHIVE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(UUID(sys.argv[1]))
