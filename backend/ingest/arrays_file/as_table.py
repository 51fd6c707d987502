"""Arrays as a table: one column of numbers for each place along the second axis, and a label."""

from __future__ import annotations

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import DataWarning, Decision, Profile
from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.arrays_file.loaded import Examples
from muscope.backend.ingest.build import Prepared, assemble
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.profile import class_counts, column_profiles, label_warnings
from muscope.backend.ingest.splits.places import places_of
from muscope.backend.ingest.table.columns import Column, number_column
from muscope.backend.ingest.table.features import MAX_FEATURES, encode
from muscope.backend.ingest.table.labels import read_label
from muscope.backend.ingest.wording import shown

_MAX_CHOICES = 50


def prepare_table_array(examples: Examples, options: IngestOptions) -> Prepared:
    """Return the rows of an array with their labels as a dataset; further axes are laid flat."""
    x = examples.take_rows()
    num_rows = len(x)
    if x.shape[1] > MAX_FEATURES:
        raise TooLarge("dataset.too_many_features", count=x.shape[1], limit=MAX_FEATURES)
    infinite = _infinite(examples.x_name, x)
    columns = _columns(examples.x_name, x)
    del x  # hundreds of megabytes, which are needed for the features
    decisions = examples.decisions
    if examples.labels is None:
        target, decision = _label_column(columns, options)
        decisions = (*decisions, decision)
    else:
        target = examples.labels.column
        _refuse_other_label(target, options)
    label = read_label(target, options.task)
    train, val = places_of(label, examples.sha256, examples.num_train)
    features = encode([c for c in columns if c is not target], label.kept_rows[train], label.kept_rows[val])
    everything = [*(c for c in columns if c is not target), target]
    profile = Profile(
        num_rows=num_rows,
        columns=column_profiles(everything, target.name),
        label=target.name,
        is_label_guessed=examples.labels is None and options.label is None,
        is_task_guessed=label.is_task_guessed,
        classes=class_counts(label),
        decisions=decisions,
        notes=(*examples.notes, *(examples.labels.notes if examples.labels else ())),
        warnings=(*infinite, *label_warnings(label, num_rows), *features.warnings),
    )
    return assemble(features, label, (train, val), profile)


def _columns(name: str, x: Array) -> list[Column]:
    """Return a column for each place of the second axis, counted from 0 as NumPy does."""
    columns = []
    for place in range(x.shape[1]):
        values = x[:, place].astype(np.float64)
        values[~np.isfinite(values)] = np.nan
        columns.append(number_column(f"{shown(name)}[{place}]", values))
    return columns


def _infinite(name: str, x: Array) -> tuple[DataWarning, ...]:
    count = sum(int(np.isinf(column).sum()) for column in x.T) if x.dtype.kind == "f" else 0
    params: dict[str, str | int | float] = {"name": shown(name), "count": count}
    return (DataWarning(code="dataset.infinite_missing", params=params),) if count else ()


def _label_column(columns: list[Column], options: IngestOptions) -> tuple[Column, Decision]:
    """Return the column that is the label: the one asked for, else the last, which is a question."""
    if len(columns) < 2:
        raise InvalidInput("dataset.one_column", column=columns[0].name)
    names = [column.name for column in columns]
    wanted = options.label
    if wanted is not None and wanted not in names:
        raise InvalidInput(
            "dataset.unknown_array_column", label=shown(wanted), first=names[0], last=names[-1]
        )
    name = wanted or names[-1]
    decision = Decision(
        option="label", value=name, is_guessed=wanted is None, is_question=wanted is None,
        choices=tuple(names) if len(names) <= _MAX_CHOICES else (names[0], names[-1]),
    )  # fmt: skip
    return columns[names.index(name)], decision


def _refuse_other_label(target: Column, options: IngestOptions) -> None:
    if options.label is not None and options.label != target.name:
        raise InvalidInput("dataset.unknown_label", label=shown(options.label), columns=shown(target.name))
