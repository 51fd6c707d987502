"""Files that are long or wide through the whole product: memory, and the time to a profile."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx
import numpy as np
import polars as pl

from benchmarks.peak_memory import LOOK_SECONDS, peak_bytes
from benchmarks.report import RowResult
from benchmarks.sent_in_pieces import send_in_pieces
from benchmarks.stack import UPLOAD_SECONDS, Stack, running

LONG_ROWS, LONG_COLUMNS, MEMORY_LIMIT_BYTES = 20_000_000, 8, 2 << 30
WIDE_ROWS, WIDE_COLUMNS, WIDE_SECONDS, WIDE_ROUNDS = 300, 5000, 3.0, 3
_ROWS_AT_ONCE = 1_000_000
# Words of the commands of the two processes.
_READER, _WEB = "muscope.backend.ingest", "uvicorn"
# Reading a gigabyte on two cores that others use as well.
_READING_SECONDS = 3 * UPLOAD_SECONDS


class Measured(NamedTuple):
    """Seconds of sending and reading, bytes sent twice, rows of the profile, largest memory in bytes."""

    sending: float
    reading: float
    num_repeated: int
    num_rows: int
    reader_bytes: int
    web_bytes: int


def large() -> RowResult:
    """Measure the memory that a gigabyte takes, sent in pieces over a connection that breaks off."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "long.csv"
        write_long(path, LONG_ROWS, LONG_COLUMNS)
        size = path.stat().st_size
        with running(Path(folder) / "data") as stack:
            measured = take_in(stack, path)
    peak = max(measured.reader_bytes, measured.web_bytes)
    table = [["file, MB", "rows", "columns", "sending, s", "reading, s", "reading child, MiB", "web, MiB"]]
    numbers = (measured.sending, measured.reading, measured.reader_bytes / 2**20, measured.web_bytes / 2**20)
    table.append(
        [f"{size / 1e6:.0f}", f"{LONG_ROWS:,}", str(LONG_COLUMNS), *(f"{each:.0f}" for each in numbers)]
    )
    notes = [
        f"One connection broke off halfway; {measured.num_repeated / 2**20:.1f} MiB were sent twice. "
        f"The profile has {measured.num_rows:,} rows. Resident memory, looked at every {LOOK_SECONDS:g} s."
    ]
    value, goal = f"{peak / 2**30:.2f}GiB", f"{MEMORY_LIMIT_BYTES / 2**30:g}GiB"
    return RowResult(value, goal, peak <= MEMORY_LIMIT_BYTES, table, notes)


def wide() -> RowResult:
    """Measure the seconds from the first byte of a table of 5,000 columns to its profile."""
    with TemporaryDirectory() as folder, running(Path(folder) / "data") as stack:
        seconds = []
        for seed in range(WIDE_ROUNDS):
            path = Path(folder) / f"wide{seed}.csv"
            write_long(path, WIDE_ROWS, WIDE_COLUMNS, seed=seed)
            started = time.monotonic()
            stack.upload(path.name, path.read_bytes()).raise_for_status()
            seconds.append(time.monotonic() - started)
    table = [["rows", "columns", "turns, s"]]
    table.append([str(WIDE_ROWS), f"{WIDE_COLUMNS:,}", ", ".join(f"{each:.1f}" for each in seconds)])
    value = median(seconds)
    return RowResult(f"{value:.1f}s", f"{WIDE_SECONDS:g}s", value <= WIDE_SECONDS, table)


def write_long(path: Path, num_rows: int, num_columns: int, *, seed: int = 0) -> None:
    """Write a table of numbers with four decimals and a label of four classes, a part at a time."""
    chance = np.random.default_rng(seed)
    with path.open("wb") as file:
        for begin in range(0, num_rows, _ROWS_AT_ONCE):
            count = min(_ROWS_AT_ONCE, num_rows - begin)
            columns = {f"x{place}": chance.random(count).round(4) for place in range(num_columns - 1)}
            part = pl.DataFrame(columns | {"label": chance.integers(0, 4, count)})
            part.write_csv(file, include_header=begin == 0)


def take_in(stack: Stack, path: Path) -> Measured:
    """Send a file in pieces, have it read, and measure both."""
    with peak_bytes(_READER, _WEB) as peaks, httpx.Client(base_url=stack.url, timeout=60) as client:
        started = time.monotonic()
        sent = send_in_pieces(client, path)
        is_sent = time.monotonic()
        asked = {"upload": sent.upload_id, "name": path.name}
        reply = client.post("/api/v1/datasets", params=asked, timeout=_READING_SECONDS).raise_for_status()
        is_read = time.monotonic()
    num_rows = int(reply.json()["profile"]["num_rows_in_file"])
    return Measured(
        is_sent - started, is_read - is_sent, sent.num_repeated, num_rows, peaks[_READER], peaks[_WEB]
    )
