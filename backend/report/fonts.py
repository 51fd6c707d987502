"""Fonts inside the report: Noto Sans JP (OFL), cut to the characters that the report uses.

A file with its fonts looks the same everywhere, prints Japanese on a machine without any Japanese font, and
its PDF keeps each character as it was written: with a full font, copied text holds radicals in place of
ideographs.
`scripts/report_fonts.py` made the two files; they hold JIS X 0208, Latin, Greek and Cyrillic.
"""

from __future__ import annotations

import base64
import io
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

FAMILY = "Report"
WEIGHTS = {400: "NotoSansJP-Regular.ttf", 700: "NotoSansJP-Bold.ttf"}

# Cut fonts that are kept: an unchanged report is asked for again, and its PDF has the same characters.
KEPT = 16


def font_style(text: str) -> str:
    """Return the style rules of the fonts, with what `text` needs of them inside."""
    return "".join(
        f"@font-face{{font-family:{FAMILY};font-weight:{weight};"
        f"src:url(data:font/ttf;base64,{base64.b64encode(cut(weight, text)).decode()}) format('truetype')}}"
        for weight in WEIGHTS
    )


@lru_cache(maxsize=KEPT)
def cut(weight: int, text: str) -> bytes:
    """Return a font with the characters of `text` alone."""
    from fontTools import subset

    font = _opened(weight)
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.drop_tables += ["BASE", "GPOS", "GSUB", "STAT", "vhea", "vmtx"]
    options.notdef_outline = True
    cutter = subset.Subsetter(options)
    cutter.populate(text=text)
    cutter.subset(font)
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def _opened(weight: int) -> TTFont:
    # Loading the library takes a twentieth of a start, and few processes ever make a report.
    from fontTools.ttLib import TTFont

    # Without the time of writing: equal texts give equal bytes, hence equal ETags.
    return TTFont(io.BytesIO(_whole(weight)), lazy=True, recalcTimestamp=False, recalcBBoxes=False)


@cache
def _whole(weight: int) -> bytes:
    return files(__package__).joinpath("fonts", WEIGHTS[weight]).read_bytes()


@cache
def characters() -> frozenset[int]:
    """Return the characters that there are; others come from the reader's system."""
    return frozenset(_opened(400).getBestCmap())
