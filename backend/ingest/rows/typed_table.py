"""Message to the child that turns a CSV file of ours into Parquet. Both sides import it, so no parser."""

from __future__ import annotations

from typing import Literal

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.ingest.manifest import IngestLimits

# `single` is a float of 32 bits, `number` one of 64.
CellType = Literal["text", "integer", "number", "single"]


class TypedTableRequest(Frozen):
    """Ask the child to write the CSV file at `source` as Parquet at `out`.

    Attributes:
        types: of all columns, in their order.
    """

    kind: Literal["typed_table"] = "typed_table"
    source: str
    out: str
    types: dict[str, CellType]
    limits: IngestLimits
