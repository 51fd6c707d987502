"""Names of columns: cleaned, made unique, given where there are none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.ingest.wording import listed, shown

MAX_NAME_CHARACTERS = 200
_HIDDEN = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
_INDEX_NAMES = re.compile(
    r"|unnamed: ?0(?:[._]\d+)?|__index_level_\d+__|rownames?|row\.names|\.\.\.1", re.IGNORECASE
)
_INDEX_NAMES_OF_R = ("X", "X1")  # a small x is a quantity


class Named(NamedTuple):
    """Columns by name, with what was done to them."""

    columns: dict[str, pl.Series]
    notes: tuple[DataWarning, ...]


def named(
    header: Sequence[str] | None, columns: Sequence[pl.Series], *, is_index_unnamed: bool = False
) -> Named:
    """Return the columns by their names; an index without a name is left out, and so are empty columns.

    Args:
        header: one cell per column; None gives `column_1`, `column_2`, ….
        is_index_unnamed: the file has row names without a header, as R writes them.
    """
    cells = [""] * len(columns) if header is None else [cleaned(cell) for cell in header]
    notes: list[DataWarning] = []
    is_empty = [not name and _is_blank(column) for name, column in zip(cells, columns, strict=True)]
    if any(is_empty):
        notes.append(DataWarning(code="dataset.empty_columns_dropped", params={"count": sum(is_empty)}))
    kept = [place for place, empty in enumerate(is_empty) if not empty]
    if (
        header is not None
        and kept
        and _is_index(cells[kept[0]], columns[kept[0]], is_index_unnamed=is_index_unnamed)
    ):
        name = shown(cells[kept[0]] or f"column_{kept[0] + 1}")
        notes.append(DataWarning(code="dataset.index_left_out", params={"count": 1, "columns": name}))
        kept = kept[1:]
    unnamed = [place for place in kept if not cells[place]]
    if unnamed and header is not None:
        names = listed([f"column_{place + 1}" for place in unnamed], 5)
        notes.append(DataWarning(code="dataset.names_given", params={"count": len(unnamed), "names": names}))
    given = [cells[place] or f"column_{place + 1}" for place in kept]
    names_, renamed = unique(given)
    if renamed:
        notes.append(DataWarning(code="dataset.names_made_unique", params={"names": listed(renamed, 5)}))
    return Named(dict(zip(names_, (columns[place] for place in kept), strict=True)), tuple(notes))


def cleaned(name: str) -> str:
    """Return a name on one line, without signs that cannot be seen."""
    text = re.sub(r"\s+", " ", _HIDDEN.sub("", name).replace("\u00a0", " ")).strip()
    return text[:MAX_NAME_CHARACTERS]


def unique(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return names that all differ, and those that had to be changed."""
    taken, result, renamed = set(names), [], []
    seen: set[str] = set()
    for name in names:
        new, number = name, 2
        while new in seen or (new != name and new in taken):
            new, number = f"{name}_{number}", number + 1
        if new != name:
            renamed.append(new)
        seen.add(new)
        result.append(new)
    return result, renamed


def _is_blank(column: pl.Series) -> bool:
    return not bool((column.str.strip_chars() != "").any())


def _is_index(name: str, column: pl.Series, *, is_index_unnamed: bool) -> bool:
    """Return whether the first column counts rows or holds their names, under no name or one of an index."""
    if is_index_unnamed:
        return column.n_unique() == len(column)
    if not _INDEX_NAMES.fullmatch(name) and name not in _INDEX_NAMES_OF_R:
        return False
    numbers = column.str.strip_chars().cast(pl.Int64, strict=False)
    if numbers.null_count() or not len(numbers):
        return name == "" and len(column) >= 10 and column.n_unique() == len(column)
    steps = numbers.diff().drop_nulls()
    is_counting = bool((steps == 1).all()) if len(steps) else True
    return is_counting or (name == "" and numbers.n_unique() == len(numbers))
