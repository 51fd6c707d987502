"""Tasks that a kind of data allows, and the refusal of options that do not go with it."""

from __future__ import annotations

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.manifest import FileKind, IngestOptions

_TASKS: dict[FileKind, tuple[Task, ...]] = {
    "table": (Task.CLASSIFICATION, Task.REGRESSION),
    "images": (Task.CLASSIFICATION,),
    "text": (Task.LANGUAGE_MODELLING,),
}


def refuse_unsuited(kind: FileKind, options: IngestOptions) -> None:
    """Raise where the task, a label or its logarithm was given for a kind of data that does not have it."""
    tasks = _TASKS[kind]
    if options.task is not None and options.task not in tasks:
        raise InvalidInput(
            "dataset.task_not_for_kind", task=options.task, kind=kind, expected=", ".join(tasks)
        )
    if options.log_target and kind != "table":
        raise InvalidInput("dataset.option_not_for_kind", option="log_target", kind=kind)
    if options.vocabulary is not None and kind != "text":
        raise InvalidInput("dataset.option_not_for_kind", option="vocabulary", kind=kind)
    if options.label is not None and kind != "table":
        raise InvalidInput("dataset.label_not_for_kind", label=options.label[:60], kind=kind)
