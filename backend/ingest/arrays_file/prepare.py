"""Reads a NumPy file: images with their classes, or the rows of a table with a label."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import DataWarning, Decision
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.arrays_file.array_file import (
    ArrayFile,
    Header,
    forms,
    open_arrays,
    refuse_unreadable,
)
from muscope.backend.ingest.arrays_file.as_images import (
    MIN_IMAGE_SIDE,
    check_image_header,
    prepare_image_array,
)
from muscope.backend.ingest.arrays_file.as_table import prepare_table_array
from muscope.backend.ingest.arrays_file.label_array import read_labels
from muscope.backend.ingest.arrays_file.loaded import Examples
from muscope.backend.ingest.arrays_file.roles import Pair, Roles, roles_of
from muscope.backend.ingest.build import Prepared
from muscope.backend.ingest.manifest import FileKind, IngestOptions
from muscope.backend.ingest.splits.given_parts import RANDOM, Part, refuse_other_split, split_decision
from muscope.backend.ingest.suited import refuse_unsuited
from muscope.backend.ingest.wording import listed, shown

_NUMBERS = "buif"


def prepare_arrays(source: Path, options: IngestOptions) -> Prepared:
    """Return the arrays at `source` as a dataset; raises InvalidInput naming the arrays where unclear."""
    with open_arrays(source) as file:
        roles = roles_of(file.headers, options.x, options.y)
        refuse_other_split(options.split)
        kind, kind_decisions = _kind(file.headers[roles.train.x], options)
        refuse_unsuited(kind, options)
        _check(file, roles, kind)
        examples = _load(file, roles, options, source)
    examples = replace(examples, decisions=(*roles.decisions, *kind_decisions, *examples.decisions))
    if kind == "images":
        return prepare_image_array(examples)
    return prepare_table_array(examples, options)


def _kind(x: Header, options: IngestOptions) -> tuple[FileKind, tuple[Decision, ...]]:
    """Return images or table by the shape of the examples; flat images are told apart by asking."""
    if options.kind is not None:
        return options.kind, ()
    if len(x.shape) > 2:
        return "images", ()
    side = math.isqrt(x.shape[1]) if len(x.shape) == 2 else 0
    if side >= MIN_IMAGE_SIDE and side * side == x.shape[1] and x.dtype == np.uint8:
        choices = ("table", "images")
        return "table", (Decision(option="kind", value="table", is_question=True, choices=choices),)
    return "table", ()


def _check(file: ArrayFile, roles: Roles, kind: FileKind) -> None:
    """Raise by the headers alone for what cannot become a dataset of this kind."""
    if kind == "text":
        raise InvalidInput("dataset.arrays_no_text", found=forms(list(file.headers.values())))
    for pair in (roles.train, *([roles.val] if roles.val else [])):
        _check_pair(file, pair, kind)
    if roles.val is not None:
        x, val = file.headers[roles.train.x], file.headers[roles.val.x]
        if x.shape[1:] != val.shape[1:]:
            raise InvalidInput(
                "dataset.array_forms_differ",
                first=shown(x.name), given=x.form, second=shown(val.name), other=val.form,
            )  # fmt: skip


def _check_pair(file: ArrayFile, pair: Pair, kind: FileKind) -> None:
    x = file.headers[pair.x]
    refuse_unreadable(x, _NUMBERS)
    if kind == "images":
        check_image_header(x)
    if not x.shape or 0 in x.shape[1:]:
        raise InvalidInput("dataset.array_is_empty", name=shown(x.name), given=x.form)
    file.check(x)
    if pair.y is None:
        if len(x.shape) != 2 or kind == "images":
            raise InvalidInput("dataset.array_without_labels", name=shown(x.name), given=x.form)
        return
    y = file.headers[pair.y]
    file.check(y)
    if not y.shape or y.shape[0] != x.shape[0]:
        raise InvalidInput(
            "dataset.image_label_count",
            x=shown(x.name), images=x.shape[0], y=shown(y.name), labels=y.shape[0] if y.shape else 1,
        )  # fmt: skip


def _load(file: ArrayFile, roles: Roles, options: IngestOptions, source: Path) -> Examples:
    with source.open("rb") as whole:
        sha256 = hashlib.file_digest(whole, "sha256").hexdigest()
    x, y = _load_pair(file, roles.train)
    num_train: int | None = None
    decisions: tuple[Decision, ...] = ()
    if roles.val is not None and file.headers[roles.val.x].shape[0]:
        x_val, y_val = _load_pair(file, roles.val)
        num_train = len(x) if options.split != RANDOM else None
        x = np.concatenate([x, x_val])
        y = _joined(y, y_val, roles.train, roles.val)
        decisions = (split_decision(options.split, is_given=num_train is not None),)
    labels = None if y is None or roles.train.y is None else read_labels(roles.train.y, y)
    notes = _notes(file.headers, roles, is_given=num_train is not None)
    return Examples(roles.train.x, x, labels, num_train, sha256, decisions, notes)


def _load_pair(file: ArrayFile, pair: Pair) -> tuple[Array, Array | None]:
    y = None if pair.y is None else file.load(pair.y)
    if y is not None and y.ndim > 1 and y.size == len(y):
        y = y.reshape(-1)
    return file.load(pair.x), y


def _joined(y: Array | None, y_val: Array | None, train: Pair, val: Pair) -> Array:
    assert y is not None
    assert y_val is not None  # a pair of validation is taken with labels on both sides only
    if y.shape[1:] != y_val.shape[1:] or (y.dtype.kind in "SU") != (y_val.dtype.kind in "SU"):
        raise InvalidInput(
            "dataset.array_forms_differ",
            first=shown(train.y or ""), given=_form(y), second=shown(val.y or ""), other=_form(y_val),
        )  # fmt: skip
    return np.concatenate([y, y_val])


def _form(values: Array) -> str:
    return f"{'×'.join(map(str, values.shape))}, {values.dtype}"


def _notes(headers: Mapping[str, Header], roles: Roles, *, is_given: bool) -> tuple[DataWarning, ...]:
    notes = []
    if is_given and roles.val is not None and roles.val_part is not None:
        name = shown(roles.val.x)
        count = headers[roles.val.x].shape[0]
        code = "dataset.test_validates" if roles.val_part is Part.TEST else "dataset.validation_given"
        notes.append(DataWarning(code=code, params={"name": name, "count": count}))
    if roles.unused:
        params: dict[str, str | int | float] = {
            "count": len(roles.unused), "names": listed(list(roles.unused), 6),
        }  # fmt: skip
        notes.append(DataWarning(code="dataset.arrays_unused", params=params))
    return tuple(notes)
