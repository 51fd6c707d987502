"""Advice on missing values: how many a column has, and what was put in their place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.ingest.advice.evidence import Evidence, inform, percent_of, warn
from muscope.backend.ingest.wording import shown

FILLED = "dataset.missing_filled"
_MANY = 0.3  # from this share on it asks for attention


def missing_advice(evidence: Evidence, changes: Sequence[DataWarning]) -> Iterator[DataWarning]:
    """Yield `changes`, with shares where missing values were filled, and the gaps among texts."""
    num_rows = len(evidence.label.kept_rows)
    by_name = {shown(column.name): column for column in evidence.columns}
    for change in changes:
        column = by_name.get(str(change.params.get("column")))
        if change.code == FILLED and column is not None:
            share = percent_of(min(1.0, int(change.params["count"]) / num_rows))
            say = warn if share >= 100 * _MANY else inform
            yield say("missing_replaced", None, **change.params, percent=share)
        else:
            yield change
    features = {fitted.column for fitted in evidence.features.fitted if "?" in fitted.levels}
    for column in evidence.columns:
        if column.name in features and column.codes is not None:
            count = int((column.codes[evidence.label.kept_rows] < 0).sum())
            share = count / num_rows
            say = warn if share >= _MANY else inform
            name = shown(column.name)
            yield say("missing_level", None, column=name, count=count, percent=percent_of(share))
