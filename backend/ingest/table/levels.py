"""Levels of a column of texts: spellings of one level are joined, words for "none" told from missing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

# More distinct texts are counted, not kept: neither a label nor a feature can use them.
MAX_LEVELS = 1000
# Share of the rows from which a word such as "None" is a level of its own.
FREQUENT = 0.02
_MOST_FOLDED = 20_000


class Levels(NamedTuple):
    """Levels of N cells.

    Attributes:
        codes: [N], -1 where missing; None where there are too many levels.
        names: the most frequent spelling of each level, sorted.
        num_missing, num_distinct: counts.
        merged, num_merged: spellings that were joined with a more frequent one.
        ambiguous: levels that other files use for missing values.
    """

    codes: NDArray[np.int32] | None
    names: tuple[str, ...]
    num_missing: int
    num_distinct: int
    merged: tuple[str, ...] = ()
    num_merged: int = 0
    ambiguous: tuple[str, ...] = ()


def levels_of(text: pl.Series, is_missing: NDArray[np.bool_], ambiguous: frozenset[str]) -> Levels:
    """Return the levels of a column of texts.

    Args:
        is_missing: cells that nobody means as a value.
        ambiguous: folded texts that are missing where they are rare, and a level where they are frequent.
    """
    counts = text.filter(pl.Series(~is_missing)).value_counts(sort=True)
    spellings = [str(each) for each in counts[counts.columns[0]].to_list()]
    numbers = counts["count"].to_list()
    spelled = dict(zip(spellings, numbers, strict=True))
    if len(spelled) > _MOST_FOLDED:
        return Levels(None, (), int(is_missing.sum()), len(spelled))
    by_fold = _by_fold(spelled)
    rare = {
        fold
        for fold in by_fold
        if fold in ambiguous and _count(by_fold[fold], spelled) < FREQUENT * len(text)
    }
    rare = set() if len(rare) == len(by_fold) else rare
    kept = {fold: names for fold, names in by_fold.items() if fold not in rare}
    num_missing = int(is_missing.sum()) + sum(_count(by_fold[fold], spelled) for fold in rare)
    names = tuple(sorted(each[0] for each in kept.values()))
    merged = [name for each in kept.values() for name in each[1:]]
    return Levels(
        codes=_codes(text, is_missing, kept, names) if len(names) <= MAX_LEVELS else None,
        names=names if len(names) <= MAX_LEVELS else (),
        num_missing=num_missing,
        num_distinct=len(names),
        merged=tuple(merged),
        num_merged=len(merged),
        ambiguous=tuple(kept[fold][0] for fold in kept if fold in ambiguous),
    )


def _by_fold(spelled: dict[str, int]) -> dict[str, list[str]]:
    """Group spellings that differ in case, width or blanks only, the most frequent of each group first."""
    names = pl.Series(list(spelled), dtype=pl.String)
    folds = names.str.normalize("NFKC").str.to_lowercase().str.replace_all(r"\s+", " ").to_list()
    groups: dict[str, list[str]] = {}
    for name, fold in zip(spelled, folds, strict=True):
        groups.setdefault(fold, []).append(name)
    return groups


def _count(names: list[str], spelled: dict[str, int]) -> int:
    return sum(spelled[name] for name in names)


def _codes(
    text: pl.Series, is_missing: NDArray[np.bool_], kept: dict[str, list[str]], names: tuple[str, ...]
) -> NDArray[np.int32]:
    place = {name: number for number, name in enumerate(names)}
    code_of = {spelling: place[each[0]] for each in kept.values() for spelling in each}
    if not code_of:
        return np.full(len(text), -1, np.int32)
    coded = text.replace_strict(list(code_of), list(code_of.values()), default=-1, return_dtype=pl.Int32)
    codes: NDArray[np.int32] = np.where(is_missing, -1, coded.to_numpy()).astype(np.int32)
    return codes
