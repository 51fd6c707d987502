"""Sizes as expressions of width or depth: `width`, `8/3*width`, `width/16`, `depth`, or a number."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

from muscope.backend.errors import InvalidInput

WIDTH, DEPTH = "width", "depth"
_NUMBER = r"[1-9]\d{0,8}"
_EXPRESSION = re.compile(
    rf"(?:(?P<factor>{_NUMBER})(?:/(?P<over>{_NUMBER}))?\s*\*\s*)?"
    rf"(?P<axis>width|depth)(?:\s*/\s*(?P<part>{_NUMBER}))?"
)
_MOST_TEXT = 60


class Growth(NamedTuple):
    """A size that is `factor` times the width or the depth, or `factor` itself if `axis` is None."""

    factor: Fraction
    axis: str | None = None

    def __str__(self) -> str:
        """Return the expression as a rule file has it."""
        if self.axis is None:
            return str(self.factor)
        before = "" if self.factor.numerator == 1 else f"{self.factor.numerator}*"
        after = "" if self.factor.denominator == 1 else f"/{self.factor.denominator}"
        return f"{before}{self.axis}{after}"

    def at(self, field: str, width: int, depth: int) -> int:
        """Return the size; raises InvalidInput naming the field where it would not be whole."""
        given = {WIDTH: width, DEPTH: depth, None: 1}[self.axis]
        size = self.factor * given
        if size.denominator != 1:
            raise InvalidInput(
                "brought.rule_not_whole",
                field=field,
                rule=str(self),
                axis=self.axis or "-",
                given=given,
                size=f"{float(size):g}",
                multiple=self.factor.denominator,
            )
        return int(size)


def growth_of(field: str, given: Any) -> Growth:
    """Read what a rule file says of a field; raises InvalidInput for what is no size."""
    if isinstance(given, int) and not isinstance(given, bool) and given > 0:
        return Growth(Fraction(given))
    found = _EXPRESSION.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        raise InvalidInput("brought.rule_expression", field=field, given=str(given)[:_MOST_TEXT])
    factor = Fraction(int(found["factor"] or 1), int(found["over"] or 1) * int(found["part"] or 1))
    return Growth(factor, found["axis"])


def least_step(rules: Iterable[Growth]) -> int:
    """Return the least width at which every size that follows the width is whole."""
    return lcm(*(rule.factor.denominator for rule in rules if rule.axis == WIDTH))
