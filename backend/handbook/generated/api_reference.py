"""The reference of the REST interface, from the committed OpenAPI document (`docs/openapi.json`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from muscope.backend.catalogue import text

Schema = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


def api_reference(docs: Path, language: str) -> str:
    """Return every operation, grouped by its first tag."""
    document = json.loads((docs / "openapi.json").read_text(encoding="utf-8"))
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method in METHODS:
            if operation := operations.get(method):
                tag = (operation.get("tags") or ["service"])[0]
                groups.setdefault(tag, []).append(_operation(document, method, path, operation, language))
    return "\n\n".join(f"## {tag}\n\n" + "\n\n".join(groups[tag]) for tag in sorted(groups))


def _operation(document: Schema, method: str, path: str, operation: Schema, language: str) -> str:
    parts = [f"### {operation.get('summary', operation['operationId'])}", f"`{method.upper()} {path}`"]
    if description := operation.get("description"):
        parts.append(_plain(description))
    parameters = [
        (each["name"], each["in"], each.get("schema", {}), each.get("required", False), each)
        for each in operation.get("parameters", [])
    ]
    if parameters:
        rows = [
            _row(document, f"`{name}`", schema, needed, owner.get("description", ""), place)
            for name, place, schema, needed, owner in parameters
        ]
        parts.append(_table(language, rows, has_place=True))
    if body := _body(document, operation):
        parts.append(text("handbook.api.body", language))
        parts.append(_table(language, list(_fields(document, body)), has_place=False))
    parts.append(_answers(document, operation, language))
    return "\n\n".join(parts)


def _body(document: Schema, operation: Schema) -> Schema | None:
    content = operation.get("requestBody", {}).get("content", {})
    schema = _followed(document, content.get("application/json", {}).get("schema", {}))
    return schema if schema.get("properties") else None


def _fields(document: Schema, schema: Schema) -> Iterator[str]:
    needed = schema.get("required", [])
    for name, field in schema["properties"].items():
        described = field.get("description") or _followed(document, field).get("description", "")
        yield _row(document, f"`{name}`", field, name in needed, described)


def _row(document: Schema, name: str, schema: Schema, is_needed: bool, said: str, place: str = "") -> str:
    cells = [
        name,
        *([place] if place else []),
        _kind(document, schema),
        "●" if is_needed else "",
        _cell(said),
    ]
    return f"| {' | '.join(cells)} |"


def _table(language: str, rows: list[str], has_place: bool) -> str:
    columns = ["name", *(["place"] if has_place else []), "type", "required", "meaning"]
    heads = [text(f"handbook.api.{column}", language) for column in columns]
    return "\n".join([f"| {' | '.join(heads)} |", "|---" * len(columns) + "|", *rows])


def _answers(document: Schema, operation: Schema, language: str) -> str:
    answers = []
    for status, answer in sorted(operation["responses"].items()):
        content = answer.get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        kind = _kind(document, schema) if schema else ", ".join(content)
        answers.append(f"- `{status}` {_cell(answer.get('description', ''))}{f' ({kind})' if kind else ''}")
    return text("handbook.api.answers", language) + "\n\n" + "\n".join(answers)


def _kind(document: Schema, schema: Schema) -> str:
    """Return the type of a value in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if options := schema.get("anyOf") or schema.get("oneOf"):
        kinds = dict.fromkeys(_kind(document, each) for each in options)
        return " or ".join(kind for kind in kinds if kind != "null")
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or schema.get("const") or "any")


def _followed(document: Schema, schema: Schema) -> Schema:
    """Return the schema that a reference leads to."""
    if "$ref" not in schema:
        return schema
    found: Schema = document["components"]["schemas"][str(schema["$ref"]).rsplit("/", 1)[-1]]
    return found


def _cell(said: str) -> str:
    return " ".join(_plain(said).split()).replace("|", "\\|")


def _plain(said: str) -> str:
    """Escape what Markdown would take for an HTML tag."""
    return said.replace("<", "&lt;")
