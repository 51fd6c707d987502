"""Turns columns into the stored form: split, arrays and manifest. Pure; the file is read elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import DatasetShape, Preprocessing, Profile, Task
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.advice.advise import advise
from muscope.backend.ingest.advice.evidence import Evidence
from muscope.backend.ingest.log_label import log_decision, log_label
from muscope.backend.ingest.manifest import IngestOptions, Manifest
from muscope.backend.ingest.profile import class_counts, column_profiles, label_warnings
from muscope.backend.ingest.split import Places, refuse_too_few
from muscope.backend.ingest.splits.divide import divide, split_decision
from muscope.backend.ingest.table.columns import Column, read_column
from muscope.backend.ingest.table.encoding import examine
from muscope.backend.ingest.table.features import Features, encode, standardise
from muscope.backend.ingest.table.labels import Label, choose_label, read_label
from muscope.backend.ingest.table.table_csv import Table, read_csv
from muscope.backend.ingest.wording import delimiter_name, shown

ENCODING_NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp932": "CP932"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A dataset ready to be written."""

    arrays: dict[str, Array]
    meta: dict[str, Any]
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Origin:
    """Source of the columns: the file's hash, which decides the split, and how the file was read."""

    sha256: str
    encoding: str | None = None
    delimiter: str | None = None
    is_label_guessed: bool = False


def prepare_table(source: Path, options: IngestOptions) -> Prepared:
    """Return the table at `source` as arrays and manifest, or raise the first thing wrong with it."""
    text = examine(source)
    table = read_csv(text, options.delimiter or ",")
    refuse_too_few(table.num_rows)
    name, is_guessed = choose_label(list(table.columns), options.label)
    columns = _read_columns(table, name, options.task)
    encoding = ENCODING_NAMES[text.encoding]
    origin = Origin(text.sha256, encoding, delimiter_name(options.delimiter or ","), is_guessed)
    return prepare_columns(columns, name, options, origin)


def prepare_columns(
    columns: Sequence[Column], label_name: str, options: IngestOptions, origin: Origin
) -> Prepared:
    """Return columns as arrays and manifest; rows without a label are left out, with a warning."""
    label = read_label(next(column for column in columns if column.name == label_name), options.task)
    others = [column for column in columns if column.name != label_name]
    trained = log_label(label) if options.log_target else label
    division = divide(label, others, options.split, origin.sha256)
    used = division.features_of(others)
    features = encode(used, label.kept_rows[division.train], label.kept_rows[division.val])
    num_rows = _num_rows(columns)
    changes = (*label_warnings(label, num_rows), *features.warnings)
    warnings = advise(Evidence(tuple(others), label, division, features, options.log_target), changes)
    profile = Profile(
        num_rows=num_rows,
        decisions=(split_decision(division, label, others), *log_decision(label, options)),
        columns=column_profiles(columns, label_name),
        encoding=origin.encoding,
        delimiter=origin.delimiter,
        label=label_name,
        is_label_guessed=origin.is_label_guessed,
        is_task_guessed=label.is_task_guessed,
        classes=class_counts(label),
        warnings=warnings,
    )
    return assemble(features, trained, (division.train, division.val), profile)


def assemble(features: Features, label: Label, places: tuple[Places, Places], profile: Profile) -> Prepared:
    """Return the four arrays with their meta, and the manifest."""
    train, val = places
    values, mean, scale = _label_values(label, np.concatenate([train, val]), len(train))
    shape = DatasetShape(
        task=label.task,
        num_features=len(features.names),
        num_outputs=len(label.classes) or 1,
        num_train=len(train),
        num_val=len(val),
        label_scale=scale,
        is_log_label=label.is_log,
    )
    preprocessing = Preprocessing(
        columns=features.fitted, label_mean=mean, label_scale=scale, is_log_label=label.is_log
    )
    arrays = {
        "x_train": features.x_train,
        "x_val": features.x_val,
        "y_train": values[: len(train)],
        "y_val": values[len(train) :],
    }
    meta = {
        "shape": shape.in_file(),
        "feature_names": list(features.names),
        "class_names": list(label.classes),
        "label_mean": mean,
        "preprocessing": preprocessing.model_dump(mode="json"),
    }
    return Prepared(arrays, meta, Manifest(shape=shape, profile=profile))


def _read_columns(table: Table, label_name: str, task: Task | None) -> list[Column]:
    """Read column by column, letting go of the text of each as soon as it is read."""
    columns = []
    for name in list(table.columns):
        # Class names may mix numbers and words; an explicit task says that they are class names.
        may_mix = name == label_name and task is not None
        columns.append(read_column(name, table.columns.pop(name), table.rows, may_mix=may_mix))
    return columns


def _num_rows(columns: Sequence[Column]) -> int:
    return max(len(c.numbers if c.numbers is not None else c.is_missing) for c in columns)


def _label_values(label: Label, order: Places, num_train: int) -> tuple[Array, float, float]:
    """Return class codes as they are, or numbers standardised like a feature, with their mean and std."""
    values = label.values[order]
    if label.task is Task.CLASSIFICATION:
        return values, 0.0, 1.0
    result = standardise(values, num_train)
    if result.std == 0:
        raise InvalidInput("dataset.constant_label", column=shown(label.name), value=f"{result.mean:g}")
    return result.values.astype(np.float32), result.mean, result.std
