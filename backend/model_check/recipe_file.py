"""The recipe file that `muscope check --write-recipe` leaves: roles by name, and what each role needs."""

from __future__ import annotations

import json
from pathlib import Path

from muscope.backend.domain.brought.finding import CheckReport
from muscope.backend.errors import InvalidInput

_VERSION = 1


def write_recipe(report: CheckReport, path: Path) -> None:
    """Write the roles of a report; raises InvalidInput where the file cannot be written.

    Only the roles are read back. The powers of the width multiplier m are for the reader.
    """
    tensors = {
        tensor.name: {
            "role": tensor.role.value,
            "init_power": tensor.init.expected,
            "lr_power": tensor.lr.expected,
        }
        for tensor in report.tensors
    }
    recipe = {
        "muscope_recipe": _VERSION,
        "base_width": report.widths[0],
        "optimizer": report.optimizer,
        "tensors": tensors,
    }
    try:
        path.write_text(json.dumps(recipe, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidInput("brought.recipe_not_written", path=str(path), error=str(error)) from error
