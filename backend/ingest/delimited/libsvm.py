"""Reader of the sparse text format of LIBSVM: a label, then `index:value` for what is not zero."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.table.raw import Record

MAX_FEATURES = 10_000
_LINE = re.compile(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?(?:\s+\d+:[-+]?[\d.]+(?:[eE][-+]?\d+)?)+\s*(?:#.*)?")


def is_libsvm(head: str) -> bool:
    """Return whether the first lines are of this format."""
    lines = [line for line in head.split("\n")[:20] if line.strip()]
    return len(lines) >= 2 and all(_LINE.fullmatch(line) for line in lines[:-1])


def libsvm_records(path: Path) -> Iterator[Record]:
    """Yield the names, then a record per line; raises InvalidInput for a line of another form."""
    rows: list[tuple[int, str, dict[int, str]]] = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            if not _LINE.fullmatch(line.rstrip("\n")):
                raise InvalidInput("dataset.ragged_row", row=number, expected=2, given=1, count=1)
            label, *pairs = line.split("#")[0].split()
            rows.append((number, label, {int(k): v for k, v in (pair.split(":") for pair in pairs)}))
    last = max((max(values, default=0) for _, _, values in rows), default=0)
    if last > MAX_FEATURES:
        raise TooLarge("dataset.too_many_features", count=last, limit=MAX_FEATURES)
    first = min((min(values, default=1) for _, _, values in rows), default=1)
    places = range(min(first, 1), last + 1)
    yield Record(0, [*(f"feature_{place}" for place in places), "label"])
    for number, label, values in rows:
        yield Record(number, [*(values.get(place, "0") for place in places), label])
