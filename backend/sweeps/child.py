"""The child that reads and judges an uploaded sweep: one request on stdin, one answer on stdout."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from muscope.backend.errors import TooLarge
from muscope.backend.ingest.child import answer_request, limit_address_space, limit_process
from muscope.backend.sweeps.messages import MAX_ROWS, SweepFileRequest


def main() -> None:
    """Answer with `{"reading": …}` or `{"error": {class, code, params}}`."""
    answer_request(TypeAdapter(SweepFileRequest), _perform)


def _perform(request: SweepFileRequest) -> dict[str, Any]:
    limit_process(request.limits)
    # Imported under the limits, so that a fault while loading is contained as well.
    from muscope.backend.ingest.rows.columns import decimal_of, numbers_of, read_cells
    from muscope.backend.sweeps.described import read_sweep

    limit_address_space(request.limits)
    columns, left_out = read_cells(Path(request.source))
    num_rows = len(next(iter(columns.values()), ()))
    if num_rows > MAX_ROWS:
        raise TooLarge("sweep.too_many_rows", given=num_rows, limit=MAX_ROWS)
    read_numbers = partial(numbers_of, decimal=decimal_of(columns))
    reading = read_sweep(columns, request.choices, read_numbers, left_out)
    return {"reading": reading.model_dump(mode="json")}


if __name__ == "__main__":
    main()
