"""Opening the finished example: its archive becomes an experiment of whoever asks, once.

`scripts/showcase.py` wrote the archive from an experiment that the product had run. The copy is an experiment
as any other: it can be looked at, reported and deleted, and opening it again brings it back.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from uuid import UUID, uuid5

from muscope.backend.catalogue import text
from muscope.backend.db import archive
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db.archive import Archive
from muscope.backend.services.context import Context
from muscope.backend.services.datasets.store import store_example
from muscope.backend.services.experiments.answers import keep_answer
from muscope.backend.services.experiments.store import Created, get_experiment

ARCHIVE = Path(__file__).with_name("finished.json.gz")
# The built-in dataset that it was measured on.
DATASET = "digits"
_NAMESPACE = UUID("5b0f6a0e-6a7c-4d5e-9c53-0a3f4a1c7d10")


def example_id(owner_id: str) -> UUID:
    """Return the id of an owner's copy: always the same, so that it is never there twice."""
    return uuid5(_NAMESPACE, owner_id)


def open_finished_example(context: Context, owner_id: str, language: str) -> Created:
    """Return the owner's copy of the finished example, after storing it if it is not there."""
    experiment_id = example_id(owner_id)
    with context.database.read() as session:
        is_there = experiment_rows.get(session, owner_id, experiment_id) is not None
    if not is_there:
        dataset = store_example(context, owner_id, DATASET).dataset
        name = text("showcase.name", language)
        of_place = {"owner_id": owner_id, "dataset_id": dataset.id, "name": name}
        copy = archive.copied(_finished(), experiment_id, **of_place)
        with context.database.write() as session:
            archive.store(session, copy)
            restored = experiment_rows.find(session, experiment_id)
            if restored is not None:
                keep_answer(session, restored)
    return Created(get_experiment(context, owner_id, experiment_id), is_new=not is_there)


@cache
def _finished() -> Archive:
    found: Archive = json.loads(gzip.decompress(ARCHIVE.read_bytes()))
    return found
