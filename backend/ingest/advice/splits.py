"""Advice on the split: repeated rows, times along which the label drifts, and units with several rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.ingest.advice.evidence import Evidence, Sample, inform, percent_of, warn
from muscope.backend.ingest.splits.columns import Units, time_columns, unit_columns
from muscope.backend.ingest.splits.divide import GROUP, RANDOM, TIME
from muscope.backend.ingest.splits.split import Places
from muscope.backend.ingest.table.columns import Column
from muscope.backend.ingest.table.labels import Label
from muscope.backend.ingest.values.numbers import Floats
from muscope.backend.ingest.wording import shown

_NUM_PERIODS = 5
_LEAST_DRIFT = 0.02  # of the label's variance
_LEAST_LIKENESS = 0.1
_SURE = 5.0  # F of four and many degrees of freedom: one in two thousand by chance
_MIN_ROWS = 50


def split_advice(evidence: Evidence, sample: Sample) -> Iterator[DataWarning]:
    """Yield what speaks for another split than the one there is."""
    yield from _repeated(evidence)
    if evidence.division.kind == RANDOM and len(sample.places) >= _MIN_ROWS:
        yield from _time(evidence, sample)
        yield from _units(evidence)


def _repeated(evidence: Evidence) -> Iterator[DataWarning]:
    """Rows equal in all columns and label.

    A random split keeps them on one side; under another they stay where it puts them, and are counted.
    """
    division = evidence.division
    count = len(division.alike) - int(np.count_nonzero(np.bincount(division.alike)))
    if not count:
        return
    across = division.num_repeated
    if across:
        share = percent_of(across / len(division.val))
        yield warn("duplicates_across_split", count=across, percent=share)
    else:
        yield inform("duplicate_rows", count=count, percent=percent_of(count / len(division.alike)))


def _time(evidence: Evidence, sample: Sample) -> Iterator[DataWarning]:
    """The column along which the label changes most; else the first, since later data are to be predicted."""
    columns = time_columns(evidence.columns)
    if not columns:
        return
    drifts = [_drift(column, sample) for column in columns]
    most = int(np.argmax(drifts))
    name = columns[most if drifts[most] > 0 else 0].name
    offers: dict[str, bool | str] = {"split": f"{TIME}:{name}"}
    if drifts[most] > 0:
        share = percent_of(drifts[most])
        yield warn(
            "drifts_over_time", offers, column=shown(name), percent=share, label=shown(sample.label.name)
        )
    else:
        yield inform("has_time_column", offers, column=shown(name))


def _drift(column: Column, sample: Sample) -> float:
    """Return the share of the label's variance between five periods of equally many rows; 0 if by chance."""
    times = sample.values(column, sample.places)
    is_known = ~np.isnan(times)
    borders = np.quantile(times[is_known], np.arange(1, _NUM_PERIODS) / _NUM_PERIODS)
    periods = np.searchsorted(borders, times[is_known], side="right")
    share, f = explained(_targets(sample.label, sample.places[is_known]), periods)
    return share if share >= _LEAST_DRIFT and f >= _SURE else 0.0


def _units(evidence: Evidence) -> Iterator[DataWarning]:
    """The likeliest column of units; it matters most where the label is much the same within a unit."""
    found = unit_columns(evidence.columns, evidence.label.kept_rows)
    if not found:
        return
    units = found[0]
    offers: dict[str, bool | str] = {"split": f"{GROUP}:{units.name}"}
    num_units = len(np.unique(units.numbers[units.numbers >= 0]))
    say = warn if _likeness(units, evidence) >= _LEAST_LIKENESS else inform
    yield say("groups", offers, column=shown(units.name), count=num_units, rows=len(units.numbers))


def _likeness(units: Units, evidence: Evidence) -> float:
    places = np.flatnonzero(units.numbers >= 0)[:20_000]
    return explained(_targets(evidence.label, places), units.numbers[places])[0]


def _targets(label: Label, places: Places) -> Floats:
    """Return the label as columns of numbers [n, k]: one, or a mark for each of the 20 commonest classes."""
    values: Array = label.values[places]
    if not label.classes:
        return values[:, None]
    commonest = np.argsort(-np.bincount(values, minlength=len(label.classes)), kind="stable")[:20]
    marks: Floats = (values[:, None] == commonest).astype(np.float64)
    return marks


def explained(targets: Floats, groups: Places) -> tuple[float, float]:
    """Return the share of the variance of `targets` [n, k] between `groups` [n], corrected for chance, and F.

    The share is the adjusted R² of the group means (ε² of the analysis of variance), F the ratio of the mean
    squares between and within groups.
    """
    _, group, counts = np.unique(groups, return_inverse=True, return_counts=True)
    between, within = len(counts) - 1, len(groups) - len(counts)
    centred = targets - targets.mean(0)
    sums = np.stack([np.bincount(group, weights=column) for column in centred.T], axis=1)
    total = float((centred**2).sum())
    of_groups = float((sums**2 / counts[:, None]).sum())
    if between < 1 or within < 1 or total <= 0:
        return 0.0, 0.0
    rest = max(total - of_groups, 0.0) / within
    share = 1 - rest / (total / (len(groups) - 1))
    return max(0.0, share), (of_groups / between) / rest if rest > 0 else float("inf")
