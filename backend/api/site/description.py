"""The API's description (OpenAPI): generated for `docs/openapi.json`, and served from that file.

Generating it takes over a second of processor time, as much as half of a start, and the first who asks would
wait for it. A test compares the file with what the application generates.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from fastapi import FastAPI

from muscope.backend.api.documented import with_problem_type
from muscope.backend.resources import DOCS

COMMITTED = DOCS / "openapi.json"


def generated(app: FastAPI) -> dict[str, Any]:
    """Return the description of the routes as they are."""
    return with_problem_type(FastAPI.openapi(app))


def install_description(app: FastAPI) -> None:
    """Have the application describe itself by the committed file, below its own address."""
    # FastAPI calls this attribute of the instance and keeps nothing of what it returns.
    app.openapi = lambda: _committed() | _place(app)  # type: ignore[method-assign]


@cache
def _committed() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(COMMITTED.read_text(encoding="utf-8"))
    return document


def _place(app: FastAPI) -> dict[str, Any]:
    return {"servers": app.servers} if app.servers else {}
