"""Storing, changing and deleting sweeps that were run elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.sweeps import SweepRow
from muscope.backend.db.sweeps import rows as sweep_rows
from muscope.backend.errors import ChangedMeanwhile, Conflict, NotFound
from muscope.backend.services.context import Also, Context, nothing_else
from muscope.backend.services.datasets.store import scratch
from muscope.backend.services.lookup import find_dataset
from muscope.backend.services.sweeps.reading import read_sweep_file
from muscope.backend.services.sweeps.views import SweepChange, SweepView, item_of
from muscope.backend.services.uploads.store import too_large
from muscope.backend.services.uploads.usage import require_quota
from muscope.backend.sweeps.answers.answer import SweepAnswer
from muscope.backend.sweeps.described import SweepChoices, SweepReading
from muscope.backend.sweeps.run_table import run_table
from muscope.backend.sweeps.words import sentences

# A sweep of the most rows in a generous table.
MAX_BYTES = 16 << 20


@dataclass(frozen=True)
class StoredSweep:
    """Sweep, and whether this request stored it or an earlier one had."""

    sweep: SweepView
    is_new: bool


def store_sweep(context: Context, owner_id: str, source: Path, name: str) -> StoredSweep:
    """Read, judge and store a file; one that was sent before is returned as it is."""
    content = source.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    with context.database.read() as session:
        known = sweep_rows.find(session, owner_id, digest)
        if known is not None:
            return StoredSweep(_view(known), is_new=False)
    choices = SweepChoices()
    reading = read_sweep_file(source, choices)
    row = SweepRow(
        id=uuid4(),
        owner_id=owner_id,
        name=name,
        created_at=context.now(),
        source=gzip.compress(content, mtime=0),
        source_sha256=digest,
        source_bytes=len(content),
        edition=0,
    )
    _write(row, choices, reading)
    with context.database.write() as session:
        require_quota(context, session, owner_id, len(content))
        stored = sweep_rows.add(session, row)
        return StoredSweep(_view(stored), is_new=stored is row)


def store_dataset_as_sweep(context: Context, owner_id: str, dataset_id: UUID) -> StoredSweep:
    """Read, judge and store the file of a dataset, which stays.

    Raises NotFound, Conflict for a dataset without a file, TooLarge for one that no sweep needs.
    """
    with context.database.read() as session:
        dataset = find_dataset(session, owner_id, dataset_id)
        digest, num_bytes, name = dataset.source_sha256, dataset.source_bytes, dataset.name
    if digest is None:
        raise Conflict("dataset.has_no_source", name=name)
    if num_bytes > MAX_BYTES:
        raise too_large(MAX_BYTES)
    with scratch(context) as folder:
        shutil.copyfile(context.blobs.path(digest), folder / "sweep")
        return store_sweep(context, owner_id, folder / "sweep", name)


def get_sweep(context: Context, owner_id: str, sweep_id: UUID) -> SweepView:
    """Return one sweep; raises NotFound."""
    with context.database.read() as session:
        return _view(_found(session, owner_id, sweep_id))


def sweep_file(context: Context, owner_id: str, sweep_id: UUID) -> tuple[str, bytes]:
    """Return the name and the content of a sweep's file as it was sent; raises NotFound."""
    with context.database.read() as session:
        row = _found(session, owner_id, sweep_id)
        return row.name, gzip.decompress(row.source)


def next_runs_csv(context: Context, owner_id: str, sweep_id: UUID) -> str:
    """Return the next runs as CSV; raises NotFound, Conflict while the columns are not clear."""
    return run_table(answer_of(get_sweep(context, owner_id, sweep_id)))


def sweep_text(context: Context, owner_id: str, sweep_id: UUID, language: str) -> str:
    """Return the answer in sentences; raises NotFound, Conflict while the columns are not clear."""
    lines = sentences(answer_of(get_sweep(context, owner_id, sweep_id)), language)
    return "\n".join(lines) + "\n"


def answer_of(sweep: SweepView) -> SweepAnswer:
    """Return the answer of a sweep; raises Conflict while the columns are not clear."""
    if sweep.reading.answer is None:
        raise Conflict("sweep.not_clear", name=sweep.name)
    return sweep.reading.answer


def change_sweep(
    context: Context, owner_id: str, sweep_id: UUID, change: SweepChange, edition: int | None = None
) -> SweepView:
    """Change a sweep's name, or read and judge its file again by other choices.

    Raises NotFound, ChangedMeanwhile where it is no longer of the `edition` that the change is of.
    """
    reading = None
    if change.choices is not None:
        _, content = sweep_file(context, owner_id, sweep_id)
        with scratch(context) as folder:
            (folder / "sweep").write_bytes(content)
            reading = read_sweep_file(folder / "sweep", change.choices)
    with context.database.write() as session:
        row = _found(session, owner_id, sweep_id, lock=True)
        if edition is not None and row.edition != edition:
            raise ChangedMeanwhile("sweep.changed_meanwhile", name=row.name)
        row.name = change.name or row.name
        if change.choices is not None and reading is not None:
            _write(row, change.choices, reading)
        row.edition += 1
        return _view(row)


def delete_sweep(context: Context, owner_id: str, sweep_id: UUID, *, also: Also = nothing_else) -> None:
    """Delete a sweep with its file and answer; raises NotFound."""
    with context.database.write() as session:
        if not sweep_rows.remove(session, owner_id, sweep_id):
            raise _missing(sweep_id)
        also(session)
    context.database.forget_deleted()


def _write(row: SweepRow, choices: SweepChoices, reading: SweepReading) -> None:
    row.choices = choices.model_dump(mode="json")
    row.reading = gzip.compress(reading.model_dump_json().encode(), mtime=0)
    row.num_rows = reading.num_rows
    row.outcome = None if reading.answer is None else reading.answer.outcome


def _found(session: Session, owner_id: str, sweep_id: UUID, *, lock: bool = False) -> SweepRow:
    row = sweep_rows.get(session, owner_id, sweep_id, lock=lock)
    if row is None:
        raise _missing(sweep_id)
    return row


def _missing(sweep_id: UUID) -> NotFound:
    return NotFound("sweep.not_found", id=str(sweep_id))


def _view(row: SweepRow) -> SweepView:
    return SweepView(
        **item_of(row).model_dump(),
        edition=row.edition,
        choices=SweepChoices.model_validate(row.choices),
        reading=SweepReading.model_validate_json(gzip.decompress(row.reading)),
    )
