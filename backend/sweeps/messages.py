"""Message to the child that reads and judges a sweep. Imports no parser, so that both sides can import it."""

from __future__ import annotations

from typing import Literal

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.ingest.manifest import IngestLimits
from muscope.backend.sweeps.described import SweepChoices

# Rows of a sweep that a server keeps; `muscope judge` reads more.
MAX_ROWS = 20_000


class SweepFileRequest(Frozen):
    """Ask the child to read the table at `source` and to judge it."""

    kind: Literal["sweep"] = "sweep"
    source: str
    choices: SweepChoices
    limits: IngestLimits
