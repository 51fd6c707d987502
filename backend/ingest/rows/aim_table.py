"""Table of runs that Aim's page exports as CSV, as a table with plain names and cells.

The heading of a metric is an encoded object there: `O-` and, in base64, its name and context. Texts stand in
quotes of their own, `-` is a cell without a value, and a row of `--` parts two groups of runs.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence

_MARK = "O-"
_CONTEXT = re.compile(r'="([^"]*)"')
_NOTHING = frozenset({"-", "--", "None"})
_GROUPS = "--"


def of_aim(columns: Mapping[str, Sequence[str]]) -> dict[str, list[str]] | None:
    """Return the columns of an exported table; None for a table that has no metric of Aim's.

    A metric that was tracked in a context is named with it: `loss` for the subset `val` is `val/loss`.
    """
    metrics = {name: metric for name in columns if (metric := _metric(name))}
    if not metrics:
        return None
    num_rows = len(next(iter(columns.values())))
    kept = [row for row in range(num_rows) if any(cells[row] != _GROUPS for cells in columns.values())]
    return {metrics.get(name, name): [_plain(cells[row]) for row in kept] for name, cells in columns.items()}


def _metric(heading: str) -> str | None:
    """Return the name of a metric; None for any other heading."""
    if not heading.startswith(_MARK):
        return None
    encoded = heading.removeprefix(_MARK)
    try:
        found = json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        return "/".join((*_CONTEXT.findall(found["contextName"]), found["metricName"]))
    except (ValueError, KeyError, TypeError):
        return None


def _plain(cell: str) -> str:
    text = cell.strip()
    if text in _NOTHING:
        return ""
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1] if is_quoted else text
