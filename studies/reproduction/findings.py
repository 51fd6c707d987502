"""Result of a row: its claim with the checks, and the limits that several rows share."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Self

from studies.page.checks import Check, closing_line

SPREAD_LIMIT = math.log(1.5)  # ln ratio: docs/science.md §6.3, Thresholds.spread_level
SHIFT_LIMIT = 1.0  # octaves: the verdict's own limit


@dataclass(frozen=True)
class Finding:
    """Row of the table; `seconds` is processor time, shared cells counted in each row that uses them."""

    name: str
    claim: str
    setting: str
    checks: tuple[Check, ...]
    seconds: float

    @property
    def num_holding(self) -> int:
        """Count the checks that hold."""
        return sum(check.holds for check in self.checks)

    @property
    def holds(self) -> bool:
        """Tell whether all do."""
        return self.num_holding == len(self.checks)

    def line(self) -> str:
        """Return `<name> <value> <goal> ok|short`: checks that hold, and how many there are."""
        return closing_line(self.name, str(self.num_holding), str(len(self.checks)), is_met=self.holds)

    def to_json(self) -> dict[str, Any]:
        """Return what JSON knows; infinities as text."""
        content = asdict(self)
        for check in content["checks"]:
            check["measured"] = repr(float(check["measured"]))
        return content

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Return the finding that `to_json` wrote."""
        checks = tuple(
            Check(**{**check, "measured": float(check["measured"])}) for check in content["checks"]
        )
        return cls(**{**content, "checks": checks})
