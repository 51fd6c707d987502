"""Numbers, times and amounts as people read them: the digits of the page (`frontend/js/base/format.js`).

Locale data is Babel's; `tests/browser/test_report_words.py` compares every format with the page's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

from babel.dates import format_datetime
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit

NONE = "–"
LOCALES = {"en": "en_GB", "ja": "ja_JP"}
SECONDS_PER_HOUR = 3600
# Between these a number is written out.
PLAIN = (1e-4, 1e6)


class Numbers(NamedTuple):
    """Formats of one language."""

    language: str

    @property
    def locale(self) -> str:
        return LOCALES[self.language]

    def whole(self, value: float) -> str:
        """Return a count with its thousands marked."""
        return str(format_decimal(_rounded(value, 0), "#,##0", locale=self.locale))

    def plain(self, value: float) -> str:
        """Return a size or a count without marks."""
        return str(int(_rounded(value, 0)))

    def figure(self, value: float | None) -> str:
        """Return three significant digits; very small and very large with an exponent."""
        if value is None or not math.isfinite(value):
            return NONE
        if value != 0 and not PLAIN[0] <= abs(value) < PLAIN[1]:
            mantissa, exponent = f"{value:.2e}".split("e")
            return f"{mantissa}e{int(exponent):+d}".replace("-", "−", 1)
        return self._decimal(_significant(value, 3))

    def octaves(self, value: float | None) -> str:
        """Return a distance in octaves, or an exponent, in hundredths."""
        if value is None or not math.isfinite(value):
            return NONE
        return str(format_decimal(_rounded(value, 2), "#,##0.00", locale=self.locale))

    def percent(self, value: float | None) -> str:
        """Return a share as a percentage."""
        return self._share(value, lambda size: 1 if size < 0.0995 else 0)

    def fine_percent(self, value: float | None) -> str:
        """Return a share that is compared with a limit below one percent."""
        return self._share(value, lambda size: 2 if size < 0.00995 else 1 if size < 0.0995 else 0)

    def percent_in_tenths(self, value: float) -> str:
        """Return a share that is a result itself, such as an accuracy."""
        return self._share(value, lambda _: 1)

    def factor(self, value: float) -> str:
        """Return a factor such as 1.5; two decimals where it may be near a limit."""
        if value < 10:
            return str(format_decimal(_rounded(value, 2), "#,##0.0#", locale=self.locale))
        return self._decimal(_rounded(value, 0))

    def as_factor(self, octaves: float) -> str:
        """Return octaves as the factor a manager reads."""
        return self.factor(2.0**octaves)

    def duration(self, seconds: float) -> str:
        """Return a time span with at most two units."""
        whole = max(0, int(_rounded(seconds, 0)))
        minutes = int(_rounded(whole / 60, 0))
        if whole < 60:
            return self._unit(whole, "second")
        if whole < 600 and whole % 60:
            return f"{self._unit(whole // 60, 'minute')} {self._unit(whole % 60, 'second')}"
        if minutes < 60:
            return self._unit(minutes, "minute")
        parts = [self._unit(minutes // 60, "hour")]
        return " ".join(parts + ([self._unit(minutes % 60, "minute")] if minutes % 60 else []))

    def hours(self, hours: float) -> str:
        """Return hours as a time span; a negative one keeps its sign."""
        return ("−" if hours < 0 else "") + self.duration(abs(hours) * SECONDS_PER_HOUR)

    def money(self, value: float, currency: str) -> str:
        """Return an amount; a small one keeps its decimals."""
        digits = 2 if abs(value) < 10 else 0
        amount = _rounded(value, digits)
        pattern = "¤#,##0.##" if digits else "¤#,##0"
        return str(format_currency(amount, currency, pattern, locale=self.locale, currency_digits=False))

    def listed(self, values: Sequence[str]) -> str:
        """Return a list as a sentence has it."""
        return ("、" if self.language == "ja" else ", ").join(values)

    def moment(self, value: datetime, utc_offset_minutes: int) -> str:
        """Return a time of the reader's zone, which is named: a file is read anywhere."""
        zone = timezone(timedelta(minutes=utc_offset_minutes))
        pattern = "d MMM y, HH:mm" if self.language == "en" else "y/MM/dd H:mm"
        return f"{format_datetime(value.astimezone(zone), pattern, locale=self.locale)} ({zone})"

    def _decimal(self, value: Decimal) -> str:
        return str(format_decimal(value, "#,##0.########", locale=self.locale))

    def _share(self, value: float | None, digits_of: Callable[[float], int]) -> str:
        if value is None or not math.isfinite(value):
            return NONE
        digits = digits_of(abs(value))
        share = _rounded(100 * Decimal(repr(float(value))), digits) / 100
        return str(format_percent(share, "#,##0." + "#" * digits + "%", locale=self.locale))

    def _unit(self, value: int, unit: str) -> str:
        length: Literal["long", "short"] = "long" if self.language == "ja" else "short"
        return str(format_unit(value, f"duration-{unit}", length, locale=self.locale))


def _rounded(value: float | Decimal, digits: int) -> Decimal:
    """Round half up, on the digits that the number is written with; minus zero becomes zero."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0


def _significant(value: float, digits: int) -> Decimal:
    exact = Decimal(repr(float(value)))
    return exact if exact == 0 else _rounded(exact, digits - 1 - exact.adjusted())
