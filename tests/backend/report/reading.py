"""Readers of a report: every sentence of its contents, and what no sentence may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from muscope.backend.catalogue import text as text_of
from muscope.backend.report.blocks import Code, Picture
from muscope.backend.report.contents import Contents

# Words of programs, placeholders that were not filled, and keys instead of sentences.
BROKEN = re.compile(
    r"\b(?:None|nan|NaN|undefined|null|inf)\b|[{}]|\b(?:ui|report|reason|rule|headline|outcome)\.[a-z_]+"
)
# Empty on purpose: the corner of a table, a column that spans others, what a sheet need not have.
MAY_BE_EMPTY = {"banner", "instruction", "mark", "title", "value"}

# The one text that looks like a program's: no distance to divergence.
NO_DISTANCE = text_of("ui.number.cliff.value.here", "en")


def texts(contents: Contents) -> Iterator[tuple[str, str]]:
    """Yield every text with the place where it stands."""
    yield "document", contents.document
    for name, value in contents.page._asdict().items():
        yield from _within(f"page.{name}", value)
    for section in contents.sections:
        yield f"{section.anchor}.title", section.title
        for index, block in enumerate(section.blocks):
            if isinstance(block, Code):
                continue
            shown = block._replace(svg=Markup("")) if isinstance(block, Picture) else block
            for name, value in shown._asdict().items():
                if name not in ("svg", "kind", "look"):
                    yield from _within(f"{section.anchor}[{index}].{block.kind}.{name}", value)


def _within(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, tuple) and hasattr(value, "_asdict"):
        for name, each in value._asdict().items():
            yield from _within(f"{place}.{name}", each)
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from _within(f"{place}[{index}]", each)


def faults(contents: Contents) -> list[str]:
    """Return every text that is empty or broken, with its place."""
    found = []
    for place, text in texts(contents):
        may_be_empty = place.rsplit(".")[-1] in MAY_BE_EMPTY or ".rows[" in place or ".heads[0]" in place
        is_corner = place.startswith("page.cost_heads")
        if not text.strip() and not may_be_empty and not is_corner:
            found.append(f"{place}: empty")
        if BROKEN.search(text.removeprefix(NO_DISTANCE)):
            found.append(f"{place}: {text}")
    return found
