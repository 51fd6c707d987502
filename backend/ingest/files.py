"""Chooses the reader of an uploaded file: by what the user said, else by its first bytes."""

from __future__ import annotations

from pathlib import Path

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.build import Prepared, prepare_table
from muscope.backend.ingest.image_file import is_image_file, prepare_images
from muscope.backend.ingest.manifest import FileKind, IngestOptions
from muscope.backend.ingest.text import prepare_text

_TASKS: dict[FileKind, tuple[Task, ...]] = {
    "table": (Task.CLASSIFICATION, Task.REGRESSION),
    "images": (Task.CLASSIFICATION,),
    "text": (Task.LANGUAGE_MODELLING,),
}


def prepare_file(source: Path, options: IngestOptions) -> Prepared:
    """Return the file at `source` as arrays and manifest, or raise the first thing wrong with it."""
    kind = options.kind or _guess_kind(source, options)
    _refuse_unsuited(kind, options)
    if kind == "images":
        return prepare_images(source)
    return prepare_text(source) if kind == "text" else prepare_table(source, options)


def _guess_kind(source: Path, options: IngestOptions) -> FileKind:
    """Say images where the file is an archive of arrays; a text looks like a table, so it must be named."""
    if is_image_file(source):
        return "images"
    return "text" if options.task is Task.LANGUAGE_MODELLING else "table"


def _refuse_unsuited(kind: FileKind, options: IngestOptions) -> None:
    tasks = _TASKS[kind]
    if options.task is not None and options.task not in tasks:
        raise InvalidInput(
            "dataset.task_not_for_kind", task=options.task, kind=kind, expected=", ".join(tasks)
        )
    option = "log_target" if options.log_target else "split"
    if kind != "table" and (options.log_target or options.split not in (None, "random")):
        raise InvalidInput("dataset.option_not_for_kind", option=option, kind=kind)
    if options.label is not None and kind != "table":
        raise InvalidInput("dataset.label_not_for_kind", label=options.label[:60], kind=kind)
