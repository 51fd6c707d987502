"""The page of the API's changes names every operation, and what is to go."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"
DOCUMENT = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS = [each for operations in DOCUMENT["paths"].values() for each in operations.values()]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_operation_is_named_where_it_came(language: str):
    named = re.findall(r"`([a-z_]+)`", _changes(language))

    missing = {each["operationId"] for each in OPERATIONS} - set(named)
    assert not missing, "say in docs/site/*/api-changes.md when these came"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_an_operation_that_is_to_go_has_a_line_with_its_replacement(language: str):
    lines = [line for line in _changes(language).splitlines() if "deprecated" in line]

    for each in OPERATIONS:
        if each.get("deprecated"):
            assert any(f"`{each['operationId']}`" in line for line in lines)


def _changes(language: str) -> str:
    page = (DOCS / "site" / language / "api-changes.md").read_text(encoding="utf-8")
    return page.split("\n## ")[-1]
