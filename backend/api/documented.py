"""The error responses of a route for the OpenAPI document, all in the shared shape."""

from __future__ import annotations

from typing import Any

from muscope.backend.api.schemas import PROBLEM_TYPE, ErrorReply
from muscope.backend.catalogue import text

_REASONS: dict[int, tuple[str, str]] = {
    400: ("The content is not acceptable, or the Host header is not ours.", "host.not_allowed"),
    401: ("Accounts are in use, and nobody is signed in.", "account.sign_in_needed"),
    403: (
        "An unsafe request came from another site, or the role or token does not allow it.",
        "request.cross_site",
    ),
    404: ("There is no such object.", "experiment.not_found"),
    409: ("The object's state does not allow it.", "experiment.still_open"),
    412: ("Another version of the upload protocol, or of the object.", "experiment.changed_meanwhile"),
    413: ("The body is over a limit.", "upload.too_large"),
    415: ("The body is of a kind that is not accepted.", "upload.media_type"),
    422: ("The request cannot be read; every field is listed.", "validation"),
    429: ("The same was tried too often.", "sign_in.wait"),
    460: ("What arrived is not what was sent.", "upload.checksum"),
    500: ("An unexpected error; details are in the server's log only.", "internal"),
    503: ("A part of the system is down for now.", "database.unavailable"),
    507: ("The disk or a quota is full.", "storage.full"),
}
# Statuses of every route: host and visitor are checked first, then parameters; the database may be away.
_ALWAYS = (400, 401, 403, 422, 500, 503)

_WRITTEN_BY_US = "application/json"
_SCHEMA = {"$ref": f"#/components/schemas/{ErrorReply.__name__}"}

Responses = dict[int | str, dict[str, Any]]


def errors(*statuses: int) -> Responses:
    """Document these error statuses beside the ones that every route has."""
    return {status: _response(status, *_REASONS[status]) for status in sorted({*_ALWAYS, *statuses})}


def _response(status: int, description: str, code: str) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": description, "params": {}}
    if code == "validation":
        error["params"] = {"field": "widths[0]", "count": 1}
        error["errors"] = [{"field": "widths[0]", "message": "“widths[0]” must be at least 1.", "given": "0"}]
    problem = {
        "type": f"/api/v1/problems/{code}",
        "title": text(f"problem.title.{status}"),
        "status": status,
        "detail": description,
        "request_id": "8c4b7d0e3a9f4a52a1c6e0d7b9f2c3e1",
        "error": error,
    }
    return {
        "description": description,
        "model": ErrorReply,
        "content": {_WRITTEN_BY_US: {"example": problem}},
    }


def with_problem_type(document: dict[str, Any]) -> dict[str, Any]:
    """Give every error of an OpenAPI document the media type of problems; the document is changed, once.

    FastAPI describes the model of an error in the media type of its route.
    """
    for operations in document["paths"].values():
        for operation in operations.values():
            for response in operation.get("responses", {}).values():
                content = response.get("content", {})
                if PROBLEM_TYPE not in content and any(
                    each.get("schema") == _SCHEMA for each in content.values()
                ):
                    example = content[_WRITTEN_BY_US]["example"]
                    response["content"] = {PROBLEM_TYPE: {"schema": _SCHEMA, "example": example}}
    return document
