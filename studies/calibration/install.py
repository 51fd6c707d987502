"""Install the study's record in the product: `make install-calibration`.

The study writes docs/calibration/record.json. This command reads it as the product does, prints the
difference to the installed record and copies it over, so that a change of what the product claims is reviewed
like code.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from muscope.backend.analysis.advice.reliability import RECORD_FILE, read_record
from studies.calibration.sections import PAGE, RECORD


def install(source: Path, target: Path, say: Callable[[str], None]) -> bool:
    """Copy a record that the product can read, byte by byte.

    Returns:
        Whether the record is installed now; False, with nothing written, where `source` is no record.
    """
    content = source.read_bytes()
    try:
        record = read_record(content)
    except ValidationError as error:
        say(f"{source} is not a record that the product can read: {error}")
        return False
    if record is None:
        say(f"{source} holds no record: the study has not judged enough tasks")
        return False
    changes = _difference(target.read_text(encoding="utf-8"), content.decode())
    say("\n".join(changes) or "this record is installed already")
    target.write_bytes(content)
    return True


def _difference(installed: str, new: str) -> list[str]:
    return list(
        difflib.unified_diff(installed.splitlines(), new.splitlines(), "installed", "new", lineterm="")
    )


if __name__ == "__main__":
    sys.exit(0 if install(PAGE / RECORD, RECORD_FILE, print) else 1)
