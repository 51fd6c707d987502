"""Manifest of a backup: what it holds, with a checksum of every file. It is the archive's first member."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MANIFEST = "manifest.json"
DATABASE = "muscope.db"
MANIFEST_BYTES = 64 << 20
_BLOB = re.compile(r"blobs/[0-9a-f]{2}/[0-9a-f]{62}")
# The only names that a backup holds, so that none leads out of the folder it is restored to.
NAME = rf"^(?:{re.escape(DATABASE)}|{_BLOB.pattern})$"


def blob_name(sha256: str) -> str:
    """Return the name of a blob in a backup, which is its path in the data folder."""
    return f"blobs/{sha256[:2]}/{sha256[2:]}"


class Entry(BaseModel):
    """File of a backup.

    Attributes:
        num_bytes: its size.
        sha256: of its bytes, in hex.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=NAME)]
    num_bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """Contents of a backup, in the order of the archive.

    Attributes:
        muscope: version that wrote it.
        schema_revision: of the database.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["muscope-backup-1"] = "muscope-backup-1"
    muscope: str
    schema_revision: str
    created_at: datetime
    files: Annotated[tuple[Entry, ...], Field(min_length=1)]
