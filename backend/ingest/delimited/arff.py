"""Reader of the text format of Weka: attributes by name and type, then rows separated by commas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.table.raw import Record

_RELATION = re.compile(r"\s*@relation\b", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\s*@attribute\s+(?:'((?:[^'\\]|\\.)*)'|\"([^\"]*)\"|(\S+))", re.IGNORECASE)
_DATA = re.compile(r"\s*@data\b", re.IGNORECASE)


def is_arff(head: str) -> bool:
    """Return whether the first line that is no comment names a relation."""
    lines = (line.lstrip() for line in head.split("\n"))
    return _RELATION.match(next((line for line in lines if line and line[0] != "%"), "")) is not None


def arff_records(path: Path) -> Iterator[Record]:
    """Yield the names, then a record per row; raises InvalidInput for a sparse row or a file without data."""
    names: list[str] = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, line in enumerate(file, start=1):
            if found := _ATTRIBUTE.match(line):
                names.append(next(name for name in found.groups() if name is not None))
            elif _DATA.match(line):
                yield Record(0, names)
                yield from _rows(file, number + 1)
                return
    raise InvalidInput("dataset.header_only")


def _rows(lines: Iterator[str], first: int) -> Iterator[Record]:
    for number, line in enumerate(lines, start=first):
        if not line.strip() or line.lstrip().startswith("%"):
            continue
        if line.lstrip().startswith("{"):
            raise InvalidInput("dataset.sparse_arff", row=number)
        quote = "'" if "'" in line else '"'
        cells = next(csv.reader([line.strip()], quotechar=quote, escapechar="\\", skipinitialspace=True))
        yield Record(number, cells)
