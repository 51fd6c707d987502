"""Advice on the label: how its classes are balanced, how its numbers are spread, how many rows validate."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.ingest.advice.evidence import Evidence, inform, percent_of, warn
from muscope.backend.ingest.table.labels import Label
from muscope.backend.ingest.values.numbers import Floats
from muscope.backend.ingest.wording import listed, shown

RARE_ROWS = 10
_RARE_SHARE = 0.01
_COMMON_SHARE = 0.9
_CLASSES_NAMED = 5
_SKEWED = 2.0  # of an exponential distribution
_LEAST_FOLD = 10.0  # a label within one power of ten is not spread over sizes
_MIN_ROWS = 20
# Standard error of a mean loss by the rows that validate, in percent of the loss: the loss of one row varies
# about as much as it is large, a squared error √2 times as much (normal errors).
_FEW, _MODEST = 10.0, 3.0


def label_advice(evidence: Evidence) -> Iterator[DataWarning]:
    """Yield advice on the label and on the size of the validation split."""
    label = evidence.label
    if label.classes:
        yield from _balance(label)
        yield from _unseen(evidence)
    else:
        yield from _skew(evidence)
    yield from _size(evidence)


def _balance(label: Label) -> Iterator[DataWarning]:
    counts = np.bincount(label.values, minlength=len(label.classes))
    total = int(counts.sum())
    name, largest = shown(label.name), int(counts.argmax())
    if counts[largest] >= _COMMON_SHARE * total:
        share = percent_of(int(counts[largest]) / total)
        yield warn("class_imbalance", column=name, value=label.classes[largest], percent=share)
    is_rare = (counts > 1) & ((counts < RARE_ROWS) | (counts < _RARE_SHARE * total))
    if is_rare.any() and not is_rare.all():
        named = [label.classes[place] for place in np.argsort(counts, kind="stable") if is_rare[place]]
        classes = listed(named, _CLASSES_NAMED)
        least = int(counts[is_rare].min())
        yield warn("rare_classes", column=name, count=len(named), classes=classes, least=least)


def _unseen(evidence: Evidence) -> Iterator[DataWarning]:
    """Classes on one side of the split only; a class of one row is reported by itself."""
    label, division = evidence.label, evidence.division
    in_train, in_val = (
        np.bincount(label.values[places], minlength=len(label.classes))
        for places in (division.train, division.val)
    )
    for code, is_missing in (
        ("class_not_trained", (in_train == 0) & (in_val > 0)),
        ("class_not_validated", (in_val == 0) & (in_train > 1)),
    ):
        named = [label.classes[place] for place in np.flatnonzero(is_missing)]
        if named:
            classes = listed(named, _CLASSES_NAMED)
            yield warn(code, column=shown(label.name), count=len(named), classes=classes)


def _skew(evidence: Evidence) -> Iterator[DataWarning]:
    """Offer the logarithm of positive numbers with a long tail, where it is more symmetric."""
    values, name = evidence.label.values, shown(evidence.label.name)
    if evidence.is_log:
        yield inform("log_label", {"log_target": False}, column=name)
        return
    if len(values) < _MIN_ROWS or values.min() <= 0 or values.max() < _LEAST_FOLD * values.min():
        return
    skew, log_skew = _skewness(values), _skewness(np.log(values))
    if skew > _SKEWED and abs(log_skew) < skew / 2:
        offers: dict[str, bool | str] = {"log_target": True}
        yield inform("skewed_label", offers, column=name, skewness=round(skew, 1))


def _skewness(values: Floats) -> float:
    std = float(values.std())
    return float(np.mean(((values - values.mean()) / std) ** 3)) if std > 0 else 0.0


def _size(evidence: Evidence) -> Iterator[DataWarning]:
    """Say how well the validation loss can be known, beside the smallest cost that a verdict speaks of."""
    count = len(evidence.division.val)
    spread = 1.0 if evidence.label.classes else math.sqrt(2)
    error = 100 * spread / math.sqrt(count)
    if error > _MODEST:
        say = warn if error > _FEW else inform
        limit = 100 * Thresholds().least_regret
        yield say("few_validation_rows", count=count, percent=round(error, 1), limit=limit)
