"""Chooses the reader of an uploaded file: by what the user said, else by its first bytes."""

from __future__ import annotations

from pathlib import Path

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.build import Prepared, prepare_table
from muscope.backend.ingest.formats import Format, refuse_unread
from muscope.backend.ingest.image_file import is_image_file, prepare_images
from muscope.backend.ingest.kinds import recognise
from muscope.backend.ingest.manifest import FileKind, IngestOptions
from muscope.backend.ingest.recipe import with_kind
from muscope.backend.ingest.table.text_table import looks_like_table
from muscope.backend.ingest.text import prepare_text
from muscope.backend.ingest.typed_tables import TABLE_FORMATS, prepare_typed

_TASKS: dict[FileKind, tuple[Task, ...]] = {
    "table": (Task.CLASSIFICATION, Task.REGRESSION),
    "images": (Task.CLASSIFICATION,),
    "text": (Task.LANGUAGE_MODELLING,),
}


def prepare_file(source: Path, options: IngestOptions) -> Prepared:
    """Return the file at `source` as arrays and manifest, or raise the first thing wrong with it."""
    found = recognise(source)
    refuse_unread(found, "text" if _is_text(options) else "table")
    kind = options.kind or _guess_kind(source, found, options)
    _refuse_unsuited(kind, options)
    if kind == "images":
        return prepare_images(source)
    if kind == "table" and found in TABLE_FORMATS:
        prepared = prepare_typed(source, found, options)
    else:
        prepared = prepare_text(source, options) if kind == "text" else prepare_table(source, options)
    return with_kind(prepared, kind, options)


def _guess_kind(source: Path, found: Format, options: IngestOptions) -> FileKind:
    """Return images for an archive of arrays, text for what may be one by name and looks like no table."""
    if is_image_file(source):
        return "images"
    if _is_text(options):
        return "text"
    may_be_text = options.likely == "text" and found not in TABLE_FORMATS
    return "text" if may_be_text and not looks_like_table(source) else "table"


def _is_text(options: IngestOptions) -> bool:
    return options.kind == "text" or (options.kind is None and options.task is Task.LANGUAGE_MODELLING)


def _refuse_unsuited(kind: FileKind, options: IngestOptions) -> None:
    tasks = _TASKS[kind]
    if options.task is not None and options.task not in tasks:
        raise InvalidInput(
            "dataset.task_not_for_kind", task=options.task, kind=kind, expected=", ".join(tasks)
        )
    if options.label is not None and kind != "table":
        raise InvalidInput("dataset.label_not_for_kind", label=options.label[:60], kind=kind)
