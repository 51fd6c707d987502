"""Advice on leakage: columns that alone tell the label, such as those filled in once it is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.ingest.advice.evidence import Sample, percent_of, warn
from muscope.backend.ingest.advice.one_column import by_levels, by_tree
from muscope.backend.ingest.splits.split import Places
from muscope.backend.ingest.table.columns import Column
from muscope.backend.ingest.table.labels import Label
from muscope.backend.ingest.values.numbers import Floats
from muscope.backend.ingest.wording import shown

ALMOST_ALL = 0.98
FAR_FROM_ALL = 0.95
_MAX_TRAIN, _MAX_VAL = 4_000, 2_000
_MIN_VAL = 20
_MAX_LEVELS = 100  # numbers with so few values are taken as levels, as codes of the label are
_CLASS_DEPTH, _NUMBER_DEPTH = 3, 6  # of a tree: eight answers for classes, 64 steps of a curve for numbers
_NUM_TREES = 30


def leakage_advice(sample: Sample) -> Iterator[DataWarning]:
    """Yield the columns that alone predict the label nearly perfectly, while all others together do not.

    A shallow tree per column is fitted on training rows and scored on validation rows: balanced accuracy or
    R² of at least 0.98. Where the other columns reach 0.95, the task is easy and no column is suspected.
    """
    train, val = sample.train[:_MAX_TRAIN], sample.val[:_MAX_VAL]
    y = sample.label.values[val]
    if len(val) < _MIN_VAL or len(sample.columns) < 2 or len(np.unique(y)) < 2:
        return
    values = [sample.values(column, np.concatenate([train, val])) for column in sample.columns]
    targets = _targets(sample.label, train)
    scores = [
        score(_answers(_alone(column, value, targets), sample.label), y, sample.label)
        for column, value in zip(sample.columns, values, strict=True)
    ]
    weak = [value for value, reached in zip(values, scores, strict=True) if reached < ALMOST_ALL]
    if not weak or len(weak) == len(values):
        return
    of_others = score(_together(sample.label, weak, train), y, sample.label)
    if of_others < FAR_FROM_ALL:
        for column, reached in zip(sample.columns, scores, strict=True):
            if reached >= ALMOST_ALL:
                said = {"percent": percent_of(reached), "others": percent_of(max(0.0, of_others))}
                yield warn("leakage", None, column=shown(column.name), **said)


def _targets(label: Label, places: Places) -> Floats:
    """Return numbers [n, 1], or a mark for each class [n, k]."""
    if label.classes:
        marks: Floats = (label.values[places][:, None] == np.arange(len(label.classes))).astype(np.float64)
        return marks
    return label.values[places][:, None].astype(np.float64)


def _alone(column: Column, values: Floats, targets: Floats) -> Floats:
    is_number = column.numbers is not None and column.num_distinct > _MAX_LEVELS
    depth = _CLASS_DEPTH if targets.shape[1] > 1 else _NUMBER_DEPTH
    num_answers = 2**depth if is_number else column.num_distinct + 1
    if num_answers < ALMOST_ALL * targets.shape[1]:  # too few for so many classes: no need to try
        return np.repeat(targets.mean(0)[None], len(values) - len(targets), axis=0)
    return by_tree(values, targets, depth) if is_number else by_levels(values, targets)


def _answers(means: Floats, label: Label) -> Array:
    return means.argmax(1) if label.classes else means[:, 0]


def _together(label: Label, values: Sequence[Floats], train: Places) -> Array:
    """Return the predictions of many trees on all of these columns for the validation rows."""
    # Loading it takes seconds, so it waits until some column is suspected.
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    make = ExtraTreesClassifier if label.classes else ExtraTreesRegressor
    forest = make(n_estimators=_NUM_TREES, random_state=0, n_jobs=1)
    # Trees compute in float32; a missing cell is a number below all others.
    x = np.nan_to_num(np.clip(np.stack(values, axis=1), -1e30, 1e30), nan=-2e30)
    predictions: Array = forest.fit(x[: len(train)], label.values[train]).predict(x[len(train) :])
    return predictions


def score(predictions: Array, y: Array, label: Label) -> float:
    """Return the balanced accuracy over the classes in `y` [m], or R²."""
    if label.classes:
        is_right = predictions == y
        return float(np.mean([is_right[y == code].mean() for code in np.unique(y)]))
    spread = float(y.var())
    return 1 - float(np.mean((predictions - y) ** 2)) / spread if spread > 0 else 0.0
