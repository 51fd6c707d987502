"""Storing, re-reading and deleting datasets."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID, uuid4

from muscope.backend.accounts.roles import Overseer
from muscope.backend.db import datasets as dataset_rows
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db import uploads as upload_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.retention.blobs import is_blob_used
from muscope.backend.db.schema.tables import DatasetRow
from muscope.backend.domain.plan.options import data_options
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.errors import Conflict, NotFound, Unavailable
from muscope.backend.ingest.manifest import EXAMPLE_NAMES, ExampleName, FileKind, IngestOptions, Manifest
from muscope.backend.services.context import Also, Context, nothing_else
from muscope.backend.services.datasets.child_reader import make_example, read_file
from muscope.backend.services.datasets.recipes import by_recipe
from muscope.backend.services.lookup import find_dataset, is_open, lock_dataset, lock_experiment
from muscope.backend.services.uploads.files import unlink_files
from muscope.backend.services.uploads.store import reading
from muscope.backend.services.uploads.usage import new_bytes, require_quota
from muscope.backend.services.views.views import DatasetView
from muscope.backend.storage.blobs.folder import Blob
from muscope.backend.storage.private_files import private_folder

ARRAYS, SOURCE = "arrays", "source"
# Experiments named in one message; more say no more.
MOST_NAMED = 5


@dataclass(frozen=True)
class StoredDataset:
    """Dataset, and whether this request stored it or an earlier one had."""

    dataset: DatasetView
    is_new: bool


@contextmanager
def scratch(context: Context) -> Iterator[Path]:
    """Provide a private folder on the blobs' own disk; it is deleted with everything left in it."""
    folder = Path(mkdtemp(dir=private_folder(context.settings.scratch_folder)))
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
        manifest = by_recipe(context, owner_id, source, folder / ARRAYS, options, manifest)
        arrays, kept = _keep(context, folder / ARRAYS, source)
    return _store(context, owner_id, name, manifest, arrays, source=kept, example=None)


def store_upload(
    context: Context, owner_id: str, upload_id: UUID, name: str, options: IngestOptions
) -> StoredDataset:
    """Make a complete upload a dataset; it is kept when it cannot be read, so that options can be corrected.

    Raises NotFound when it was removed meanwhile, Conflict while it is incomplete or being read.
    """
    with reading(context, owner_id, upload_id) as (path, progress):
        with scratch(context) as folder:
            manifest = read_file(path, folder / ARRAYS, options, progress=progress)
            manifest = by_recipe(context, owner_id, path, folder / ARRAYS, options, manifest)
            source = _second_name(path, folder / SOURCE, upload_id)
            arrays, kept = _keep(context, folder / ARRAYS, source)
        stored = _store(
            context, owner_id, name, manifest, arrays, source=kept, example=None, upload_id=upload_id
        )
        unlink_files(context, upload_id)
    return stored


def store_read(
    context: Context, owner_id: str, name: str, manifest: Manifest, arrays: Path, source: Path | None
) -> StoredDataset:
    """Store data that were read elsewhere, with the file they came from where it is given."""
    kept, kept_source = (
        (context.blobs.put(arrays), None) if source is None else _keep(context, arrays, source)
    )
    return _store(context, owner_id, name, manifest, kept, source=kept_source, example=None)


def store_example(context: Context, owner_id: str, name: str) -> StoredDataset:
    """Store a built-in dataset; raises NotFound for an unknown name.

    Making one takes seconds of a child process. This process makes each once: who asks meanwhile waits for
    the same one, and who asks later gets the stored one.
    """
    example = next((known for known in EXAMPLE_NAMES if known == name), None)
    if example is None:
        raise NotFound("example.not_found", name=name, names=", ".join(EXAMPLE_NAMES))
    made: list[StoredDataset] = []

    def make() -> str:
        made.append(_made_example(context, owner_id, example))
        return made[0].dataset.arrays_sha256

    arrays_sha256 = context.caches.examples.get(example, make)
    if made:
        return made[0]
    return stored_dataset(context, owner_id, arrays_sha256) or _made_example(context, owner_id, example)


def _made_example(context: Context, owner_id: str, example: ExampleName) -> StoredDataset:
    with scratch(context) as folder:
        manifest = make_example(example, folder / ARRAYS)
        arrays = context.blobs.put(folder / ARRAYS)
    return _store(context, owner_id, example, manifest, arrays, source=None, example=example)


def stored_dataset(context: Context, owner_id: str, arrays_sha256: str) -> StoredDataset | None:
    """Return the owner's dataset with these arrays; None without one, or where its file is gone."""
    with context.database.read() as session:
        known = dataset_rows.find(session, owner_id, arrays_sha256)
        if known is None or not context.blobs.exists(arrays_sha256):
            return None
        return StoredDataset(_view(known), is_new=False)


def store_arrays(
    context: Context, owner_id: str, name: str, manifest: Manifest, arrays: Blob
) -> StoredDataset:
    """Store arrays that are a blob already, as those that a brought model gives."""
    return _store(context, owner_id, name, manifest, arrays, source=None, example=None)


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


def get_dataset(context: Context, owner_id: str, dataset_id: UUID) -> DatasetView:
    """Return one dataset; raises NotFound."""
    with context.database.read() as session:
        return _view(find_dataset(session, owner_id, dataset_id))


def delete_dataset(
    context: Context,
    owner_id: str,
    dataset_id: UUID,
    *,
    with_experiments: bool = False,
    also: Also = nothing_else,
) -> None:
    """Delete a dataset and its files; on wish with the experiments that used it, and all they measured.

    Raises Conflict while an experiment on it goes on; without that wish, while there is any.
    """
    with context.blobs.in_turn():
        with context.database.write() as session:
            row = lock_dataset(session, owner_id, dataset_id)
            if with_experiments:
                _remove_experiments(session, row)
            count = dataset_rows.num_experiments(session, dataset_id)
            if count > 0:
                raise Conflict("dataset.in_use", name=row.name, count=count)
            also(session)
            dataset_rows.remove(session, dataset_id)
        _drop_unused(context, filter(None, (row.arrays_sha256, row.source_sha256)))
    context.database.forget_deleted()


def _remove_experiments(session: Session, dataset: DatasetRow) -> None:
    ids = dataset_rows.experiments_on(session, dataset.id)
    # An admin may have an experiment on somebody else's data.
    rows = [lock_experiment(session, Overseer(dataset.owner_id), each) for each in ids]
    going_on = [each.name for each in rows if is_open(session, each)]
    if going_on:
        names = ", ".join(going_on[:MOST_NAMED])
        raise Conflict("dataset.in_use_now", name=dataset.name, count=len(going_on), names=names)
    for each in rows:
        experiment_rows.remove(session, each.id)


def _store(
    context: Context,
    owner_id: str,
    name: str,
    manifest: Manifest,
    arrays: Blob,
    *,
    source: Blob | None,
    example: ExampleName | None,
    upload_id: UUID | None = None,
) -> StoredDataset:
    """Store what was read; files that no dataset uses then are removed, also when this fails."""
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
    files = {blob.sha256: blob.size for blob in (arrays, source) if blob is not None}
    with context.blobs.in_turn():
        try:
            with context.database.write() as session:
                return _add(context, session, row, files, upload_id)
        finally:
            _drop_unused(context, files)


def _add(
    context: Context, session: Session, row: DatasetRow, files: dict[str, int], upload_id: UUID | None
) -> StoredDataset:
    """Add a row within the quotas, in place of its upload."""
    if upload_id is not None and not upload_rows.remove(session, upload_id):
        raise NotFound("upload.not_found", id=str(upload_id))
    known = dataset_rows.find(session, row.owner_id, row.arrays_sha256)
    if known is not None:
        if row.example is None and known.example is None:
            known.profile = row.profile  # the same numbers, read by other answers
        return StoredDataset(_view(known), is_new=False)
    require_quota(context, session, row.owner_id, new_bytes(session, row.owner_id, files))
    for sha256 in files:
        if not context.blobs.exists(sha256):  # another request deleted the last dataset with this file
            raise Unavailable("dataset.file_missing", sha256=sha256)
    stored = dataset_rows.add(session, row)
    return StoredDataset(_view(stored), is_new=stored is row)


def _keep(context: Context, arrays: Path, source: Path) -> tuple[Blob, Blob]:
    """Move in both files or, as on a full disk, none."""
    kept = context.blobs.put(arrays)
    try:
        return kept, context.blobs.put(source)
    except BaseException:
        with context.blobs.in_turn():
            _drop_unused(context, [kept.sha256])
        raise


def _second_name(path: Path, link: Path, upload_id: UUID) -> Path:
    """Give an upload's file another name, so that it can be moved in and is kept until that is recorded."""
    try:
        link.hardlink_to(path)
    except FileNotFoundError as error:
        raise NotFound("upload.not_found", id=str(upload_id)) from error
    except OSError:  # a file system without links
        shutil.copyfile(path, link)
    return link


def _kind_of(shape: DatasetShape) -> FileKind:
    """Return the kind of file a dataset was read from."""
    if shape.image is not None:
        return "images"
    return "text" if shape.task is Task.LANGUAGE_MODELLING else "table"


def _drop_unused(context: Context, files: Iterable[str]) -> None:
    """Remove files that no dataset refers to."""
    with context.database.read() as session:
        unused = [sha256 for sha256 in files if not is_blob_used(session, sha256)]
    for sha256 in unused:
        context.blobs.delete(sha256)


def _view(row: DatasetRow) -> DatasetView:
    stored = {name: getattr(row, name) for name in DatasetView.model_fields if name != "options"}
    options = data_options(DatasetShape.model_validate(row.shape))
    return DatasetView.model_validate(stored | {"options": options})
