"""Advice on label noise, both estimates: equal rows with different labels, rows unlike their neighbours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.ingest.advice.evidence import MAX_COLUMNS, Evidence, Sample, inform, percent_of, warn
from muscope.backend.ingest.splits.equal_rows import equal_rows
from muscope.backend.ingest.splits.split import Places
from muscope.backend.ingest.table.labels import Label
from muscope.backend.ingest.wording import shown

_CONTRADICTIONS = 0.01
_MAX_ROWS = 3_000  # their distances are nine million numbers
_NUM_NEIGHBOURS = 5
_FAR = 100.0  # standard deviations; beyond them float32 would lose the other columns
_MIN_ROWS = 50
_DISAGREEING = 0.03
_UNEXPLAINED = 0.5


def noise_advice(evidence: Evidence, sample: Sample) -> Iterator[DataWarning]:
    """Yield how many labels contradict those of equal rows, else how many are unlike their neighbours'."""
    yield from _contradictions(evidence, sample)
    yield from _neighbours(evidence)


def _contradictions(evidence: Evidence, sample: Sample) -> Iterator[DataWarning]:
    """Equal rows beside their commonest class, or of different numbers: no model gets them right."""
    label = evidence.label
    values = label.values[sample.places]
    used = evidence.division.features_of(sample.columns)
    alike = equal_rows(used, label.kept_rows[sample.places])
    if len(np.unique(alike)) == len(alike):
        return
    name = shown(label.name)
    count = num_contradicting(alike, values) if label.classes else _num_unlike(alike, values)
    share = count / len(values)
    if label.classes and share >= _CONTRADICTIONS:
        yield warn("contradicting_rows", column=name, count=count, percent=percent_of(share))
    elif not label.classes and share >= _CONTRADICTIONS:
        unexplained = percent_of(spread_within(alike, values))
        yield warn("contradicting_numbers", column=name, count=count, percent=unexplained)


def num_contradicting(alike: Places, classes: Places) -> int:
    """Return how many rows [n] have another class than most rows equal to them."""
    pairs, counts = np.unique(np.stack([alike, classes]), axis=1, return_counts=True)
    most = np.zeros(int(alike.max()) + 1, np.int64)
    np.maximum.at(most, pairs[0], counts)
    return int(counts.sum() - most.sum())


def _num_unlike(alike: Places, values: Array) -> int:
    """Return how many rows equal one with another number."""
    lowest = np.full(int(alike.max()) + 1, np.inf)
    highest = -lowest
    np.minimum.at(lowest, alike, values)
    np.maximum.at(highest, alike, values)
    return int(np.count_nonzero(lowest[alike] < highest[alike]))


def spread_within(alike: Places, values: Array) -> float:
    """Return the share of the variance of numbers [n] that lies between rows equal to each other."""
    counts = np.bincount(alike)
    means = np.bincount(alike, weights=values) / np.maximum(counts, 1)
    total = float(values.var())
    return float(np.mean((values - means[alike]) ** 2)) / total if total > 0 else 0.0


def _neighbours(evidence: Evidence) -> Iterator[DataWarning]:
    """Rows unlike the five nearest others: mislabelled, or not told apart by the columns."""
    x = evidence.features.x_train[:_MAX_ROWS, :MAX_COLUMNS]
    label, places = evidence.label, evidence.division.train[:_MAX_ROWS]
    if len(x) < _MIN_ROWS:
        return
    near = nearest(x)
    name, values = shown(label.name), label.values[places]
    if label.classes:
        share, by_chance = _disagreement(label, near, values)
        if _DISAGREEING <= share < by_chance:
            yield inform("neighbours_disagree", column=name, percent=percent_of(share), rows=len(x))
    else:
        errors = values - values[near].mean(1)
        # A mean of five varies by a fifth as much itself.
        share = float(np.mean(errors**2)) / (1 + 1 / _NUM_NEIGHBOURS) / float(values.var() or 1.0)
        if share >= _UNEXPLAINED:
            yield inform("neighbours_unlike", column=name, percent=percent_of(min(share, 1.0)), rows=len(x))


def _disagreement(label: Label, near: Places, codes: Places) -> tuple[float, float]:
    """Return how often most neighbours disagree, and how often the commonest class is wrong."""
    votes = np.zeros((len(codes), len(label.classes)))
    np.add.at(votes, (np.arange(len(codes))[:, None], codes[near]), 1)
    votes[np.arange(len(codes)), codes] += 0.5  # a draw is no disagreement
    counts = np.bincount(codes)
    return float(np.mean(votes.argmax(1) != codes)), 1 - int(counts.max()) / len(codes)


def nearest(x: Array) -> Places:
    """Return the five rows [n, 5] nearest to each row of x [n, p], itself left out."""
    limited = np.clip(x, -_FAR, _FAR)
    squares = (limited**2).sum(1)
    distances = squares[:, None] + squares - 2 * (limited @ limited.T)
    np.fill_diagonal(distances, np.inf)
    places: Places = np.argpartition(distances, _NUM_NEIGHBOURS - 1, axis=1)[:, :_NUM_NEIGHBOURS]
    return places
