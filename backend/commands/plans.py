"""Plans in files: what `POST /api/v1/experiments` takes, with the data named beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from muscope.backend.client import Client
from muscope.backend.errors import InvalidInput


def read_plan(path: Path) -> dict[str, Any]:
    """Read a plan of YAML or JSON; raises InvalidInput where it is none."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("client.file", path=str(path), reason=str(error)) from error
    plan = json.loads(content) if path.suffix == ".json" else _of_yaml(content, path)
    if not isinstance(plan, dict) or not plan.keys() & {"dataset_id", "data"}:
        raise InvalidInput("client.spec", path=str(path))
    return plan


def with_dataset(client: Client, plan: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the plan with the id of its dataset, after storing the data that it names.

    `data` is `{example: digits}`, or `{file: prices.csv, label: price}` with the path as seen from the plan
    and any option of reading.
    """
    if "data" not in plan:
        return plan
    rest = {name: value for name, value in plan.items() if name != "data"}
    data = dict(plan["data"])
    if "example" in data:
        return rest | {"dataset_id": client.create_example(data["example"]).id}
    if "file" not in data:
        raise InvalidInput("client.spec_data")
    return rest | {"dataset_id": client.upload(folder / data.pop("file"), **data).id}


def _of_yaml(content: str, path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise InvalidInput("client.spec_yaml", path=str(path), reason=str(error)) from error
