"""Storing, re-reading, listing and deleting datasets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID, uuid4

from muscope.backend.blobs import Blob
from muscope.backend.db import datasets as dataset_rows
from muscope.backend.db.session import Session
from muscope.backend.db.tables import DatasetRow
from muscope.backend.domain.plan.options import data_options
from muscope.backend.domain.spec.dataset import DatasetShape, DataWarning, Task
from muscope.backend.errors import Conflict, MuscopeError, NotFound
from muscope.backend.ingest.manifest import EXAMPLE_NAMES, ExampleName, FileKind, IngestOptions, Manifest
from muscope.backend.services.context import Context
from muscope.backend.services.datasets.child_reader import make_example, read_file
from muscope.backend.services.lookup import find_dataset
from muscope.backend.services.views.views import DatasetView

ARRAYS = "arrays"


@dataclass(frozen=True)
class StoredDataset:
    """Dataset, and whether this request stored it or an earlier one had."""

    dataset: DatasetView
    is_new: bool


@contextmanager
def scratch(context: Context) -> Iterator[Path]:
    """Provide a private folder on the blobs' own disk; it is deleted with everything left in it."""
    context.settings.scratch_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(mkdtemp(dir=context.settings.scratch_folder))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def store_file(
    context: Context, owner_id: str, source: Path, name: str, options: IngestOptions
) -> StoredDataset:
    """Read an uploaded file and store it with its arrays; nothing is stored when reading fails."""
    with scratch(context) as folder:
        manifest = read_file(source, folder / ARRAYS, options)
        manifest = _by_recipe(context, owner_id, source, folder / ARRAYS, options, manifest)
        arrays = context.blobs.put(folder / ARRAYS)
    kept = context.blobs.put(source)
    return _store(context, owner_id, name, manifest, arrays, source=kept, example=None)


def _by_recipe(
    context: Context, owner_id: str, source: Path, out: Path, options: IngestOptions, manifest: Manifest
) -> Manifest:
    """Return the file read by the owner's answers about the last file with these columns, if there are."""
    if options.answers() or manifest.profile.signature is None:
        return manifest
    with context.database.read() as session:
        known = dataset_rows.last_answered(session, owner_id, manifest.profile.signature)
    if known is None:
        return manifest
    answers = IngestOptions.model_validate(known.profile.recipe.options)
    given = answers.model_copy(update={"kind": options.kind, "likely": options.likely})
    again = out.with_name(f"{out.name}.again")
    try:
        found = read_file(source, again, given)
    except MuscopeError:  # the answers do not suit this file
        return manifest
    again.replace(out)
    note = DataWarning(code="dataset.recipe_applied", params={"name": known.name})
    recipe = found.profile.recipe.model_copy(update={"taken_from": known.name})
    profile = found.profile.model_copy(update={"notes": (note, *found.profile.notes), "recipe": recipe})
    return found.model_copy(update={"profile": profile})


def store_example(context: Context, owner_id: str, name: str) -> StoredDataset:
    """Store a built-in dataset; raises NotFound for an unknown name."""
    example = next((known for known in EXAMPLE_NAMES if known == name), None)
    if example is None:
        raise NotFound("example.not_found", name=name, names=", ".join(EXAMPLE_NAMES))
    with scratch(context) as folder:
        manifest = make_example(example, folder / ARRAYS)
        arrays = context.blobs.put(folder / ARRAYS)
    return _store(context, owner_id, example, manifest, arrays, source=None, example=example)


def store_variant(context: Context, owner_id: str, dataset_id: UUID, options: IngestOptions) -> StoredDataset:
    """Read a stored file again with other answers; the first dataset stays."""
    with context.database.read() as session:
        row = find_dataset(session, owner_id, dataset_id)
    if row.source_sha256 is None:
        raise Conflict("dataset.has_no_source", name=row.name)
    if options.kind is None:
        options = options.model_copy(update={"kind": _kind_of(row.shape)})
    source = Blob(row.source_sha256, row.source_bytes)
    with scratch(context) as folder:
        manifest = read_file(context.blobs.path(source.sha256), folder / ARRAYS, options)
        arrays = context.blobs.put(folder / ARRAYS)
    return _store(context, owner_id, row.name, manifest, arrays, source=source, example=None)


def list_datasets(context: Context, owner_id: str, *, limit: int) -> list[DatasetView]:
    """List datasets, newest first."""
    with context.database.read() as session:
        return [_view(row) for row in dataset_rows.list_of(session, owner_id, limit=limit)]


def get_dataset(context: Context, owner_id: str, dataset_id: UUID) -> DatasetView:
    """Return one dataset; raises NotFound."""
    with context.database.read() as session:
        return _view(find_dataset(session, owner_id, dataset_id))


def delete_dataset(context: Context, owner_id: str, dataset_id: UUID) -> None:
    """Delete a dataset and its files; raises Conflict while an experiment uses it."""
    with context.database.write() as session:
        row = find_dataset(session, owner_id, dataset_id)
        count = dataset_rows.num_experiments(session, dataset_id)
        if count > 0:
            raise Conflict("dataset.in_use", name=row.name, count=count)
        dataset_rows.remove(session, dataset_id)
        orphans = [
            sha256
            for sha256 in (row.arrays_sha256, row.source_sha256)
            if sha256 is not None and not dataset_rows.is_blob_used(session, sha256)
        ]
    for sha256 in orphans:
        context.blobs.delete(sha256)


def _store(
    context: Context,
    owner_id: str,
    name: str,
    manifest: Manifest,
    arrays: Blob,
    *,
    source: Blob | None,
    example: ExampleName | None,
) -> StoredDataset:
    with context.database.write() as session:
        known = dataset_rows.find(session, owner_id, arrays.sha256)
        if known is not None:
            if example is None and known.example is None:
                known.profile = manifest.profile  # the same numbers, read by other answers
            _drop_unused(context, session, source)
            return StoredDataset(_view(known), is_new=False)
        row = DatasetRow(
            id=uuid4(),
            owner_id=owner_id,
            name=name,
            created_at=context.now(),
            example=example,
            source_sha256=None if source is None else source.sha256,
            source_bytes=0 if source is None else source.size,
            arrays_sha256=arrays.sha256,
            arrays_bytes=arrays.size,
            shape=manifest.shape,
            profile=manifest.profile,
        )
        stored = dataset_rows.add(session, row)
        return StoredDataset(_view(stored), is_new=stored is row)


def _kind_of(shape: DatasetShape) -> FileKind:
    """Return the kind of file a dataset was read from."""
    if shape.image is not None:
        return "images"
    return "text" if shape.task is Task.LANGUAGE_MODELLING else "table"


def _drop_unused(context: Context, session: Session, source: Blob | None) -> None:
    if source is not None and not dataset_rows.is_blob_used(session, source.sha256):
        context.blobs.delete(source.sha256)


def _view(row: DatasetRow) -> DatasetView:
    stored = {name: getattr(row, name) for name in DatasetView.model_fields if name != "options"}
    options = data_options(DatasetShape.model_validate(row.shape))
    return DatasetView.model_validate(stored | {"options": options})
