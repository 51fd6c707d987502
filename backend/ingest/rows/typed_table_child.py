"""The child that turns a CSV file of ours into Parquet: one request on stdin, one answer on stdout."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from muscope.backend.ingest.child import answer_request, limit_address_space, limit_process
from muscope.backend.ingest.rows.typed_table import TypedTableRequest

# Rows of Parquet that are held and written together.
_GROUP_ROWS = 1 << 17


def main() -> None:
    """Answer with `{"written": true}` or `{"error": {class, code, params}}`."""
    answer_request(TypeAdapter(TypedTableRequest), _perform)


def _perform(request: TypedTableRequest) -> dict[str, Any]:
    limit_process(request.limits)
    # Imported under the limits, so that a fault while loading is contained as well.
    import polars as pl

    limit_address_space(request.limits)
    kinds = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64, "single": pl.Float32}
    table = pl.scan_csv(
        request.source, schema={name: kinds[kind] for name, kind in request.types.items()}, glob=False
    )
    table.sink_parquet(request.out, compression="zstd", row_group_size=_GROUP_ROWS)
    return {"written": True}


if __name__ == "__main__":
    main()
