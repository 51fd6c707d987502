"""All rows, in the order of the page."""

from __future__ import annotations

from studies.cells.row import Row
from studies.reproduction.rows import depth, parts, spectra, width

_NAMES = (
    *("f1", "f2", "f3", "f4", "f5", "f6"),
    *("app_sp", "app_depth", "app_k2", "app_adam", "app_random_features"),
)
_ALL = {row.name: row for module in (width, spectra, depth, parts) for row in module.ROWS}
ROWS: dict[str, Row] = {name: _ALL[name] for name in _NAMES}
