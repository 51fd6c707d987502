"""Gathers all advice on a table, most important first. Bounded: 20,000 rows and 200 columns are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.ingest.advice.columns import column_advice
from muscope.backend.ingest.advice.evidence import Evidence, Sample, inform
from muscope.backend.ingest.advice.labels import label_advice
from muscope.backend.ingest.advice.leakage import leakage_advice
from muscope.backend.ingest.advice.missing import missing_advice
from muscope.backend.ingest.advice.noise import noise_advice
from muscope.backend.ingest.advice.splits import split_advice
from muscope.backend.ingest.table.labels import Label
from muscope.backend.ingest.wording import listed, shown

MOST_OF_A_KIND = 5
_COLUMNS_NAMED = 20
# Results may be wrong because of the first, weak because of the next; the last say what was done to the file.
_ORDER = (
    "leakage", "duplicates_across_split", "groups", "drifts_over_time", "class_not_trained",
    "class_not_validated", "contradicting_rows", "contradicting_numbers", "few_validation_rows",
    "missing_label", "class_imbalance", "single_row_class", "rare_classes", "odd_value", "extreme_values",
    "outliers", "near_unique_column", "duplicate_columns", "skewed_label", "log_label", "too_many_levels",
    "empty_column", "constant_column", "missing_replaced", "missing_filled", "missing_level",
    "neighbours_disagree", "neighbours_unlike", "duplicate_rows", "has_time_column", "more_columns",
    "advice_on_sample",
)  # fmt: skip
_RANKS = {f"dataset.{name}": rank for rank, name in enumerate(_ORDER)}


def advise(evidence: Evidence, changes: Sequence[DataWarning] = ()) -> tuple[DataWarning, ...]:
    """Return the advice on a table together with `changes`, the warnings of those who read it.

    Ordered by severity, then by importance; of one kind the first five are kept and the columns of the others
    are named in one sentence.
    """
    evidence = evidence._replace(label=_scaled(evidence.label))
    sample = Sample(evidence)
    found = [
        *missing_advice(evidence, changes),
        *column_advice(sample),
        *label_advice(evidence),
        *split_advice(evidence, sample),
        *leakage_advice(sample),
        *noise_advice(evidence, sample),
    ]
    if sample.is_partial:
        found.append(inform("advice_on_sample", rows=len(sample.places), columns=len(sample.columns)))
    return tuple(sorted(_shortened(found), key=_rank))


def _scaled(label: Label) -> Label:
    """Return numbers divided by the largest, so that no square overflows; advice is of ratios only."""
    unit = 0.0 if label.classes else float(np.abs(label.values).max())
    return replace(label, values=label.values / unit) if unit else label


def _rank(warning: DataWarning) -> tuple[bool, int]:
    return warning.severity == "info", _RANKS.get(warning.code, len(_ORDER) // 2)


def _share(warning: DataWarning) -> float:
    return float(warning.params.get("percent", 0.0))


def _shortened(found: Sequence[DataWarning]) -> list[DataWarning]:
    by_code: dict[str, list[DataWarning]] = {}
    for warning in found:
        by_code.setdefault(warning.code, []).append(warning)
    kept = []
    for of_kind in by_code.values():
        warnings = sorted(of_kind, key=_share, reverse=True)
        kept += warnings[:MOST_OF_A_KIND]
        rest = warnings[MOST_OF_A_KIND:]
        if rest:
            names = [str(warning.params.get("column", "")) for warning in rest]
            first = shown(str(warnings[0].params.get("column", "")))
            kept.append(
                DataWarning(
                    code="dataset.more_columns",
                    params={"column": first, "count": len(rest), "columns": listed(names, _COLUMNS_NAMED)},
                    severity=warnings[0].severity,
                )
            )
    return kept
