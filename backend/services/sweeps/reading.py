"""Reading of a sweep's file in the limited child process."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from muscope.backend.ingest.manifest import IngestLimits
from muscope.backend.services.datasets.child_reader import run_child
from muscope.backend.sweeps.described import SweepChoices, SweepReading
from muscope.backend.sweeps.messages import SweepFileRequest

_CHILD = "muscope.backend.sweeps.child"


def read_sweep_file(source: Path, choices: SweepChoices) -> SweepReading:
    """Return the reading of a table; raises InvalidInput, TooLarge or UnsupportedMedia for another file."""
    request = SweepFileRequest(
        source=str(source.resolve()),
        choices=choices,
        limits=IngestLimits.for_size(source.stat().st_size),
    )
    with tempfile.TemporaryDirectory(prefix="muscope-sweep-", dir=source.resolve().parent) as scratch:
        reply = run_child(request, Path(scratch), _CHILD)
    return SweepReading.model_validate_json(json.dumps(reply["reading"]))
