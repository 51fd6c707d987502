"""Turns pydantic's findings into our sentences: which field, what was expected, what was given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from backend.api.schemas import FieldError
from backend.catalogue import catalogue, text

# Long enough to recognise what was sent, short enough for a sentence.
MAX_GIVEN = 80
# More findings than this help nobody.
MAX_ERRORS = 20
# Pydantic names these by how it found out; the user's mistake is the same.
_SAME_MISTAKE = {
    "int_type": "int_parsing",
    "int_from_float": "int_parsing",
    "int_parsing_size": "int_parsing",
    "float_type": "float_parsing",
    "uuid_type": "uuid_parsing",
    "string_unicode": "string_pattern_mismatch",
    "list_type": "tuple_type",
    "model_type": "model_attributes_type",
    "dict_type": "model_attributes_type",
}


def field_errors(findings: Sequence[Mapping[str, Any]], language: str) -> tuple[FieldError, ...]:
    """Describe every finding, up to a limit, in the order of the request."""
    return tuple(_field_error(finding, language) for finding in findings[:MAX_ERRORS])


def _field_error(finding: Mapping[str, Any], language: str) -> FieldError:
    kind = _SAME_MISTAKE.get(finding["type"], finding["type"])
    key = f"validation.{kind}"
    if key not in catalogue(language):
        key = "validation.other"
    field = _field(finding)
    given = None if kind == "missing" else _given(finding.get("input"))
    params = {name: _given(value) for name, value in (finding.get("ctx") or {}).items()}
    message = text(key, language, **(params | {"field": field, "given": given or ""}))
    return FieldError(field=field, message=message, given=given)


def _field(finding: Mapping[str, Any]) -> str:
    """Name the field as in `arms[0].lrs[3]`; a whole body or its syntax is called `body`."""
    place, *path = finding["loc"]
    if not path or finding["type"] == "json_invalid":
        return str(place)
    name = ""
    for step in path:
        name += f"[{step}]" if isinstance(step, int) else f"{'.' if name else ''}{step}"
    return name[:MAX_GIVEN]


def _given(value: Any) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    shown = shown.encode("utf-8", "replace").decode()
    return shown if len(shown) <= MAX_GIVEN else shown[: MAX_GIVEN - 1] + "…"
