"""Recipe file: the role of every tensor by name, JSON, read back and held against the model.

    {"muscope_recipe": 1, "base_width": 64, "tensors": {"head.weight": {"role": "output"}}}

Nothing is kept on parameters, so a recipe outlives `deepcopy`, compilation and sharding. Other keys of a
tensor, such as the powers that `muscope check --json` shows, are for the reader and not read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from muscope.backend.domain.brought.measured import TensorRow
from muscope.backend.domain.spec.tensor_role import TensorRole
from muscope.backend.errors import InvalidInput, NotFound

VERSION = 1
Conflict = tuple[str, str, str]


def read_recipe(path: Path) -> dict[str, TensorRole]:
    """Return the roles of a recipe file; raises NotFound, or InvalidInput for anything it cannot mean."""
    if not path.is_file():
        raise NotFound("brought.no_file", path=str(path))
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        if content["muscope_recipe"] != VERSION:
            raise InvalidInput("brought.recipe_version", given=str(content["muscope_recipe"])[:20])
        named = {str(name): str(entry["role"]) for name, entry in content["tensors"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput("brought.recipe_unreadable", file=path.name, error=str(error)[:200]) from error
    roles = {}
    for name, role in named.items():
        if role not in [known.value for known in TensorRole]:
            raise InvalidInput(
                "brought.recipe_role",
                tensor=name,
                given=role[:40],
                known=", ".join(known for known in TensorRole),
            )
        roles[name] = TensorRole(role)
    return roles


def apply_recipe(
    rows: tuple[TensorRow, ...], roles: dict[str, TensorRole]
) -> tuple[tuple[TensorRow, ...], tuple[Conflict, ...]]:
    """Return the rows with the recipe's roles, and where they are not those that the trace shows.

    Raises InvalidInput when the recipe names a tensor that the model does not have, or leaves one out.
    """
    names = {row.name for row in rows}
    for name in sorted(set(roles) - names):
        raise InvalidInput("brought.recipe_unknown_tensor", tensor=name)
    for name in sorted(names - set(roles)):
        raise InvalidInput("brought.recipe_lacks_tensor", tensor=name)
    conflicts = tuple(
        (row.name, roles[row.name].value, row.role.value)
        for row in rows
        if row.role not in (TensorRole.UNKNOWN, roles[row.name])
    )
    replaced = tuple(
        row.model_copy(update={"role": roles[row.name], "question": _question(row, roles[row.name])})
        for row in rows
    )
    return replaced, conflicts


def _question(row: TensorRow, role: TensorRole) -> str | None:
    return row.question if role is TensorRole.UNKNOWN else None
