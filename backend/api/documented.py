"""The error responses of a route for the OpenAPI document, all in the shared shape."""

from __future__ import annotations

from typing import Any

from muscope.backend.api.schemas import ErrorReply

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

Responses = dict[int | str, dict[str, Any]]


def errors(*statuses: int, is_stream: bool = False) -> Responses:
    """Document these error statuses beside the ones that every route has."""
    return {status: _response(*_REASONS[status], is_stream) for status in sorted({*_ALWAYS, *statuses})}


def _response(description: str, code: str, is_stream: bool) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": description, "params": {}}
    if code == "validation":
        error["params"] = {"field": "widths[0]", "count": 1}
        error["errors"] = [{"field": "widths[0]", "message": "“widths[0]” must be at least 1.", "given": "0"}]
    content: dict[str, Any] = {"example": {"error": error}}
    if (
        is_stream
    ):  # FastAPI would describe the model in the route's own media type; errors are JSON everywhere
        content["schema"] = {"$ref": f"#/components/schemas/{ErrorReply.__name__}"}
        return {"description": description, "content": {"application/json": content}}
    return {"description": description, "model": ErrorReply, "content": {"application/json": content}}
