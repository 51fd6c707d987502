"""Data as the bytes of a file that a server reads: tables as Parquet or CSV, arrays as NPZ."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muscope.backend.errors import InvalidInput

# A pandas or polars table, {column: values}, [{column: value}, …], (x, y), or a path; told apart when sent.
Source = Any
AT_ONCE_BYTES = 32 << 20
OCTETS = "application/octet-stream"
_MEDIA_TYPES = {".csv": "text/csv", ".txt": "text/plain"}


@dataclass(frozen=True)
class Upload:
    """Name, bytes and media type of a file."""

    name: str
    content: bytes
    media_type: str = OCTETS


def large_file(source: Source) -> Path | None:
    """Return the path of a source that is a file too large to be sent at once."""
    if not isinstance(source, str | Path):
        return None
    path = Path(source)
    try:
        return path if path.stat().st_size > AT_ONCE_BYTES else None
    except OSError:
        return None  # reading it says what is wrong


def as_upload(source: Source, name: str | None = None) -> Upload:
    """Return the file that a source becomes; raises InvalidInput for one of another kind."""
    if isinstance(source, str | Path):
        return _of_file(Path(source), name)
    if hasattr(source, "write_parquet"):
        return Upload(name or "table.parquet", _written(source.write_parquet))
    if hasattr(source, "to_parquet"):
        return _of_pandas(source, name)
    if isinstance(source, Mapping):
        columns = {str(column): list(values) for column, values in source.items()}
        return _csv(name, list(columns), list(zip(*columns.values(), strict=True)))
    if isinstance(source, tuple) and len(source) == 2:
        return _of_arrays(*source, name=name)
    if isinstance(source, Sequence) and source and isinstance(source[0], Mapping):
        names = list(dict.fromkeys(column for row in source for column in row))
        return _csv(name, names, [[row.get(column) for column in names] for row in source])
    raise InvalidInput("client.source", given=type(source).__name__)


def as_columns(source: Source) -> dict[str, list[Any]]:
    """Return a table held in memory as values by column, fit for JSON; raises InvalidInput for another."""
    if hasattr(source, "to_dict"):
        is_polars = hasattr(source, "write_parquet")
        source = source.to_dict(as_series=False) if is_polars else source.to_dict(orient="list")
    if isinstance(source, Mapping):
        return {str(name): [_plain(value) for value in values] for name, values in source.items()}
    if isinstance(source, Sequence) and source and isinstance(source[0], Mapping):
        names = dict.fromkeys(name for row in source for name in row)
        return {str(name): [_plain(row.get(name)) for row in source] for name in names}
    raise InvalidInput("client.source", given=type(source).__name__)


def _plain(value: Any) -> Any:
    """Return a number as Python has it, and one that is none, such as a diverged loss, as its name."""
    value = value.item() if hasattr(value, "item") else value
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _of_file(path: Path, name: str | None) -> Upload:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidInput("client.file", path=str(path), reason=error.strerror or str(error)) from error
    return Upload(name or path.name, content, _MEDIA_TYPES.get(path.suffix.lower(), OCTETS))


def _of_pandas(table: Any, name: str | None) -> Upload:
    """Write Parquet, which keeps the types, or CSV where pandas has no library for Parquet."""
    try:
        return Upload(name or "table.parquet", _written(lambda file: table.to_parquet(file, index=False)))
    except ImportError:
        return Upload(name or "table.csv", table.to_csv(index=False).encode(), "text/csv")


def _of_arrays(x: Any, y: Any, *, name: str | None) -> Upload:
    import numpy as np  # whoever has arrays has it; a server is reached without

    return Upload(
        name or "arrays.npz", _written(lambda file: np.savez(file, x=np.asarray(x), y=np.asarray(y)))
    )


def _csv(name: str | None, columns: list[str], rows: Sequence[Sequence[Any]]) -> Upload:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([columns, *rows])
    return Upload(name or "table.csv", text.getvalue().encode(), "text/csv")


def _written(write: Any) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()
