"""Turns columns into the stored form: split, arrays and manifest. Pure; the file is read elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import (
    DatasetShape,
    DataWarning,
    Decision,
    Preprocessing,
    Profile,
    Task,
)
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.advice.advise import advise
from muscope.backend.ingest.advice.evidence import Evidence
from muscope.backend.ingest.delimited.encoding import examine
from muscope.backend.ingest.delimited.text_table import read_text_table
from muscope.backend.ingest.log_label import log_decision, log_label
from muscope.backend.ingest.manifest import IngestOptions, Manifest
from muscope.backend.ingest.profile import class_counts, column_profiles, label_warnings, left_out_notes
from muscope.backend.ingest.splits.divide import divide, split_decision
from muscope.backend.ingest.splits.split import MIN_ROWS, Places, refuse_too_few
from muscope.backend.ingest.table.columns import Column, Reading, read_column
from muscope.backend.ingest.table.features import Features, encode, standardise
from muscope.backend.ingest.table.labels import Label, choose_label, read_label
from muscope.backend.ingest.table.raw import Table
from muscope.backend.ingest.table.roles import with_role
from muscope.backend.ingest.table.suspects import (
    dated_codes_note,
    may_be_rounded,
    missing_decision,
    rounded_note,
    sweep_note,
)
from muscope.backend.ingest.values.date_order import date_order_decision
from muscope.backend.ingest.values.numbers import Decimal, batches, is_decimal_comma, plain_numbers
from muscope.backend.ingest.wording import shown

# Columns that are offered as the label; with more of them their names are typed.
MAX_CHOICES = 300
# Rows that show whether a file has decimal commas.
DECIMAL_ROWS = 5000


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
    decisions: tuple[Decision, ...] = ()
    notes: tuple[DataWarning, ...] = ()
    num_rows_in_file: int | None = None


def prepare_table(source: Path, options: IngestOptions) -> Prepared:
    """Return the text table at `source` as arrays and manifest, or raise the first thing wrong with it."""
    text = examine(source, options.encoding)
    with tempfile.TemporaryDirectory() as folder:
        table = read_text_table(text, options, Path(folder))
    delimiter = next((each.value for each in table.decisions if each.option == "delimiter"), None)
    table.decisions.insert(0, text.decision(is_given=options.encoding is not None))
    return prepare_text_columns(table, options, text.sha256, encoding=text.name, delimiter=delimiter)


def prepare_text_columns(
    table: Table,
    options: IngestOptions,
    sha256: str,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Prepared:
    """Return columns of text as arrays and manifest, or raise the first thing wrong with them."""
    if table.num_rows < MIN_ROWS <= len(table.columns) / 2:
        raise InvalidInput("dataset.on_its_side", rows=table.num_rows, columns=len(table.columns))
    refuse_too_few(table.num_rows)
    if options.label is not None:
        choose_label(list(table.columns), options.label)
    decimal = options.decimal or decimal_of(table.columns.values())
    columns = read_columns(table, options, decimal)
    names = [column.name for column in columns]
    name, is_guessed = choose_label(names, options.label, possible_labels(columns))
    if is_guessed and options.task is not None:
        columns = read_columns(table, options.model_copy(update={"label": name}), decimal)
    columns = [replace(each, left_out=None) if each.name == name else each for each in columns]
    rounded = (rounded_note(each.name, table.columns[each.name]) for each in columns if may_be_rounded(each))
    dated = (dated_codes_note(each) for each in columns)
    table.notes.extend(note for note in (*rounded, *dated, sweep_note(names)) if note is not None)
    suspects = missing_decision(columns, options.missing)
    decisions = (
        *table.decisions,
        *_decimal_decision(decimal, options),
        *(() if suspects is None else (suspects,)),
        _label_decision(name, is_guessed, columns),
    )
    origin = Origin(
        sha256, encoding, delimiter, is_guessed, decisions, tuple(table.notes), table.num_rows_in_file
    )
    return prepare_columns(columns, name, options, origin)


def possible_labels(columns: Sequence[Column]) -> list[str]:
    """Return the columns that a label is guessed among: those that vary and are not left out, else all."""
    varied = [each.name for each in columns if each.left_out is None and each.num_distinct > 1]
    return varied or [column.name for column in columns]


def _decimal_decision(decimal: Decimal | None, options: IngestOptions) -> tuple[Decision, ...]:
    if decimal is None:
        return ()
    given = options.decimal is not None
    return (Decision(option="decimal", value=decimal, is_guessed=not given, choices=(".", ",")),)


def _label_decision(name: str, is_guessed: bool, columns: Sequence[Column]) -> Decision:
    choices = tuple(column.name for column in columns)[:MAX_CHOICES]
    return Decision(option="label", value=name, is_guessed=is_guessed, choices=choices)


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
    # A question replaces the warning about the same number.
    asked = {value for each in origin.decisions if each.option == "missing" for value in each.choices}
    warnings = tuple(
        each for each in warnings if each.code != "dataset.odd_value" or each.params["value"] not in asked
    )
    of_columns = (note for column in columns for note in column.notes)
    unclear = [text for column in columns if column.is_order_unclear for text in column.examples]
    decisions = [*date_order_decision(unclear, options.dates), label.decision()]
    decisions += [split_decision(division, label, others), *log_decision(label, options)]
    profile = Profile(
        num_rows=num_rows,
        num_rows_in_file=origin.num_rows_in_file,
        decisions=(*origin.decisions, *decisions),
        notes=(*origin.notes, *of_columns, *left_out_notes(columns)),
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


def read_columns(table: Table, options: IngestOptions, decimal: Decimal | None) -> list[Column]:
    """Return every column with its kind and its role."""
    reading = Reading(
        decimal,
        options.missing,
        dict(options.columns),
        options.label,
        is_class=options.task is Task.CLASSIFICATION,
        dates=options.dates,
    )
    columns = []
    names = iter(table.columns)
    for joined, parts in batches(list(table.columns.values())):
        numbers = plain_numbers(joined)  # at once: thousands of columns would each take a while
        end = 0
        for cells in parts:
            begin, end = end, end + len(cells)
            name = next(names)
            column = read_column(name, cells, table.rows, reading, numbers[begin:end].copy())
            columns.append(column if name == options.label else with_role(column))
    return columns


def decimal_of(columns: Iterable[pl.Series]) -> Decimal | None:
    """Return a comma where the cells of a column leave no other sign for decimals; None where none tells."""
    heads = [column.head(DECIMAL_ROWS) for column in columns]
    if not any(part.str.contains(",", literal=True).any() for part, _ in batches(heads)):
        return None
    for cells in heads:
        of_comma = cells.filter(cells.str.contains(r"^\s*-?[\d.]*,\d+\s*[%％]?\s*$"))
        if len(of_comma) >= 0.5 * max(1, int((cells != "").sum())) and is_decimal_comma(
            of_comma.str.strip_chars()
        ):
            return ","
    return None


def _num_rows(columns: Sequence[Column]) -> int:
    return max((c.num_rows or len(c.numbers if c.numbers is not None else c.is_missing)) for c in columns)


def _label_values(label: Label, order: Places, num_train: int) -> tuple[Array, float, float]:
    """Return class codes as they are, or numbers standardised like a feature, with their mean and std."""
    values = label.values[order]
    if label.task is Task.CLASSIFICATION:
        return values, 0.0, 1.0
    result = standardise(values, num_train)
    if result.std == 0:
        raise InvalidInput("dataset.constant_label", column=shown(label.name), value=f"{result.mean:g}")
    return result.values.astype(np.float32), result.mean, result.std
