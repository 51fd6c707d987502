"""Trains on the logarithm of a label of positive numbers that spread widely, such as prices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from muscope.backend.domain.spec.dataset import Decision, Task
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.table.labels import Label
from muscope.backend.ingest.wording import number_text, shown


def log_label(label: Label) -> Label:
    """Return the label's natural logarithm. Raises InvalidInput for classes and for numbers up to zero."""
    name = shown(label.name)
    if label.task is not Task.REGRESSION:
        raise InvalidInput("dataset.log_of_classes", column=name)
    smallest = float(label.values.min())
    if smallest <= 0:
        count = int(np.count_nonzero(label.values <= 0))
        raise InvalidInput("dataset.log_not_positive", column=name, count=count, value=number_text(smallest))
    return replace(label, values=np.log(label.values), is_log=True)


def log_decision(label: Label, options: IngestOptions) -> tuple[Decision, ...]:
    """Return whether the logarithm is trained on as a decision; nothing where there is none."""
    if label.task is not Task.REGRESSION or label.values.min() <= 0:
        return ()
    value = "true" if options.log_target else "false"
    is_guessed = not options.log_target
    return (Decision(option="log_target", value=value, is_guessed=is_guessed, choices=("false", "true")),)
