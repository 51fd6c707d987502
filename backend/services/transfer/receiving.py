"""Taking in an experiment from a file: all of it, with the same fingerprint, or nothing."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid5

from muscope.backend.arrays import read_arrays
from muscope.backend.db import archive
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db.archive import Archive, Copy
from muscope.backend.db.connection.scratch import scratch_session
from muscope.backend.errors import Conflict, InvalidInput, MuscopeError
from muscope.backend.ingest.manifest import EXAMPLE_NAMES, Manifest
from muscope.backend.services.context import Context
from muscope.backend.services.datasets.store import (
    StoredDataset,
    delete_dataset,
    scratch,
    store_example,
    store_read,
    stored_dataset,
)
from muscope.backend.services.experiments.answers import keep_answer
from muscope.backend.services.experiments.export import sha256_of
from muscope.backend.services.experiments.store import Created, get_experiment
from muscope.backend.services.transfer.container import (
    ARRAYS,
    SOURCE,
    ArchiveManifest,
    Container,
    open_container,
)
from muscope.backend.services.views.views import DatasetView

_NAMESPACE = UUID("9d7a2f54-3c86-4f0c-8a39-5b1f6de2c7b4")


def import_experiment(context: Context, owner_id: str, path: Path) -> Created:
    """Store the experiment in a file; one that was taken in before is returned as it is.

    Raises InvalidInput for a file that is damaged, forged or of another fingerprint than it says, TooLarge
    above the limits, Conflict where it has no data and these are not here.
    """
    with open_container(path, context.settings.upload_limit_bytes) as container, scratch(context) as folder:
        manifest = container.manifest
        experiment_id = uuid5(_NAMESPACE, f"{owner_id}/{manifest.spec_sha256}/{manifest.export_sha256}")
        with context.database.read() as session:
            is_there = experiment_rows.get(session, owner_id, experiment_id) is not None
        if not is_there:
            rows = container.rows(folder)
            _require_ended(rows)
            stored = _dataset(context, owner_id, container, folder)
            try:
                copy = _checked_copy(experiment_id, manifest, rows, folder, owner_id, stored.dataset)
                _store(context, copy, experiment_id)
            except BaseException:
                if stored.is_new:
                    delete_dataset(context, owner_id, stored.dataset.id)
                raise
    return Created(get_experiment(context, owner_id, experiment_id), is_new=not is_there)


def _require_ended(rows: Archive) -> None:
    """Refuse what would be trained here: the copy is of an experiment that has ended."""
    if not archive.has_ended(rows):
        raise InvalidInput("archive.not_ended")


def _checked_copy(
    experiment_id: UUID,
    manifest: ArchiveManifest,
    rows: Archive,
    folder: Path,
    owner_id: str,
    dataset: DatasetView,
) -> Copy:
    """Return the rows to store; raises InvalidInput unless their spec and export are those of the manifest.

    They are stored in a database of their own first and exported from it: that takes seconds for a large
    experiment, and no one else who wants to write waits for it.
    """
    of_place = {"owner_id": owner_id, "dataset_id": dataset.id, "name": manifest.name}
    copy = archive.copied_checked(rows, experiment_id, **of_place)
    with scratch_session(folder) as session:
        with archive.refusing():
            archive.store(session, copy)
        restored = experiment_rows.find(session, experiment_id)
        if restored is None or restored.spec_sha256 != manifest.spec_sha256:
            raise InvalidInput("archive.damaged", part="rows.json")
        try:
            given = sha256_of(session, restored)
        except (ValueError, IndexError) as error:  # chunks whose bytes are not those of their shape
            raise InvalidInput("archive.damaged", part="rows.json") from error
    if given != manifest.export_sha256:
        raise InvalidInput("archive.other_export", given=given, expected=manifest.export_sha256)
    return copy


def _store(context: Context, copy: Copy, experiment_id: UUID) -> None:
    with context.database.write() as session, archive.refusing():
        archive.store(session, copy)
        restored = experiment_rows.find(session, experiment_id)
        if restored is not None:
            keep_answer(session, restored)


def _dataset(context: Context, owner_id: str, container: Container, folder: Path) -> StoredDataset:
    """Return the data: those that are here already, else those in the file or of the built-in example."""
    facts = container.manifest.dataset
    known = stored_dataset(context, owner_id, facts.arrays_sha256)
    if known is not None:
        return known
    part = container.manifest.part(ARRAYS)
    if part is None:
        return _example(context, owner_id, container)
    if part.sha256 != facts.arrays_sha256:
        raise InvalidInput("archive.damaged", part=ARRAYS)
    arrays = container.extract(ARRAYS, folder)
    try:
        read_arrays(arrays)
    except MuscopeError as error:
        raise InvalidInput("archive.damaged", part=ARRAYS) from error
    has_source = container.manifest.part(SOURCE) is not None
    source = container.extract(SOURCE, folder) if has_source else None
    manifest = Manifest(shape=facts.shape, profile=facts.profile)
    return store_read(context, owner_id, facts.name, manifest, arrays, source)


def _example(context: Context, owner_id: str, container: Container) -> StoredDataset:
    facts = container.manifest.dataset
    if facts.example in EXAMPLE_NAMES:
        stored = store_example(context, owner_id, str(facts.example))
        if stored.dataset.arrays_sha256 == facts.arrays_sha256:
            return stored
    raise Conflict("archive.no_data", name=facts.name, sha256=facts.arrays_sha256)
