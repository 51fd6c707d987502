"""Turns pydantic's findings into our sentences: which field, what was expected, what was given."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from muscope.backend.api.schemas import FieldError
from muscope.backend.catalogue import catalogue, text

# Long enough to recognise what was sent, short enough for a sentence.
MAX_GIVEN = 80
# More findings than this help nobody.
MAX_ERRORS = 20
_CHOICE = re.compile(r"'([^']*)'")
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


Finding = Mapping[str, Any]


def mistakes(findings: Sequence[Finding]) -> list[Finding]:
    """Leave out that a list is too short where only its wrong entries are missing."""
    places = {tuple(finding["loc"][:-1]) for finding in findings}
    return [
        finding
        for finding in findings
        if finding["type"] != "too_short" or not any(_is_within(place, finding) for place in places)
    ]


def _is_within(place: tuple[Any, ...], finding: Finding) -> bool:
    length = len(finding["loc"])
    return place[:length] == tuple(finding["loc"])


def field_errors(findings: Sequence[Finding], language: str) -> tuple[FieldError, ...]:
    """Describe each finding, up to a limit, in the order of the request."""
    return tuple(_field_error(finding, language) for finding in findings[:MAX_ERRORS])


def _field_error(finding: Finding, language: str) -> FieldError:
    kind = _SAME_MISTAKE.get(finding["type"], finding["type"])
    key = f"validation.{kind}"
    if key not in catalogue(language):
        key = "validation.other"
    field = _field(finding)
    given = None if kind in {"missing", "json_invalid"} else _given(finding.get("input"))
    params = {name: _shown(value) for name, value in (finding.get("ctx") or {}).items()}
    if kind == "json_invalid":
        params["position"] = str(finding["loc"][-1])
    message = text(key, language, **(params | {"field": field, "given": given or ""}))
    return FieldError(field=field, message=message, given=given)


def _field(finding: Finding) -> str:
    """Name the field as in `arms[0].lrs[3]`; a whole body or its syntax is called `body`."""
    place, *path = finding["loc"]
    if not path or finding["type"] == "json_invalid":
        return str(place)
    name = ""
    for step in path:
        name += f"[{step}]" if isinstance(step, int) else f"{'.' if name else ''}{step}"
    return name[:MAX_GIVEN]


def _shown(value: Any) -> str:
    """Return a bound or a choice; pydantic lists choices as `'a', 'b' or 'c'`, in English."""
    shown = str(value)
    choices = _CHOICE.findall(shown)
    return ", ".join(choices) if choices else shown


def _given(value: Any) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    shown = shown.encode("utf-8", "replace").decode()
    return shown if len(shown) <= MAX_GIVEN else shown[: MAX_GIVEN - 1] + "…"
