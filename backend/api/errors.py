"""Turns every failure into one problem document (RFC 9457), in the language that the client prefers."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Scope

from muscope.backend.api.operating.request_ids import request_id_of
from muscope.backend.api.path_prefix import prefix_of
from muscope.backend.api.schemas import JSON_LIMIT_BYTES, PROBLEM_TYPE, ErrorDetail, ErrorReply, FieldError
from muscope.backend.api.validation import field_errors, mistakes
from muscope.backend.catalogue import catalogue, preferred_language, text
from muscope.backend.errors import MuscopeError

log = logging.getLogger(__name__)

# Codes for the errors that FastAPI and Starlette raise themselves.
_HTTP_CODES = {404: "route.not_found", 405: "method.not_allowed", 413: "body.too_large"}
# Facts for the operator's log, never for the client.
_PRIVATE_PARAMS = {"detail"}
_RETRY_SECONDS = 5
# Address below which the kinds of problems are described; its last part is the code.
_PROBLEMS_PATH = "/api/v1/problems"


def install_handlers(app: FastAPI) -> None:
    """Have every kind of exception answered by this module."""
    app.add_exception_handler(MuscopeError, _on_own_error)
    app.add_exception_handler(RequestValidationError, _on_unreadable)
    app.add_exception_handler(HTTPException, _on_http_error)


def language_of(scope: Scope) -> str:
    """Return the language a request asks for."""
    return preferred_language(Headers(scope=scope).get("accept-language"))


def own_error(scope: Scope, error: MuscopeError) -> JSONResponse:
    """Answer an error that we raised on purpose."""
    if error.status >= 500:
        log.warning("%s %s: %s", scope["method"], scope["path"], error)
    params = {name: value for name, value in error.params.items() if name not in _PRIVATE_PARAMS}
    sentence = _sentence(error, language_of(scope))
    return _reply(scope, error.status, error.code, sentence, params, headers=_headers_of(error))


def _headers_of(error: MuscopeError) -> dict[str, str]:
    """Return the headers that the status of an error asks for."""
    match error.status:
        case 401:
            return {"WWW-Authenticate": "Bearer"}
        case 429:
            return {"Retry-After": str(error.params["seconds"])}
        case 503:
            return {"Retry-After": str(_RETRY_SECONDS)}
    return {}


def problem_type(scope: Scope, code: str) -> str:
    """Return the address at which the errors with a code are described."""
    return f"{prefix_of(scope)}{_PROBLEMS_PATH}/{code}"


def unexpected_error(scope: Scope) -> JSONResponse:
    """Answer an unexpected exception with 500; its cause stays in the log."""
    return _reply(scope, 500, "internal", text("error.internal", language_of(scope)), {})


async def _on_own_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MuscopeError)
    return own_error(request.scope, error)


async def _on_unreadable(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    language = language_of(request.scope)
    found = mistakes(error.errors())
    fields = field_errors(found, language)
    params: dict[str, Any] = {"field": fields[0].field, "count": len(found)}
    key = "error.validation" if params["count"] == 1 else "error.validation.many"
    message = text(key, language, reason=fields[0].message, **params)
    return _reply(request.scope, 422, "validation", message, params, errors=fields)


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _HTTP_CODES.get(error.status_code, "body.unreadable" if error.status_code < 500 else "internal")
    params: dict[str, Any] = {"method": request.method, "path": request.url.path[:200]}
    if code == "body.too_large":
        params = {"limit_bytes": JSON_LIMIT_BYTES}
    elif code in {"internal", "body.unreadable"}:
        params = {}
    message = text(f"error.{code}", language_of(request.scope), **params)
    return _reply(request.scope, error.status_code, code, message, params, headers=dict(error.headers or {}))


def _sentence(error: MuscopeError, language: str) -> str:
    try:
        # Not text(): a parameter may be called `key`.
        return catalogue(language)[f"error.{error.code}"].format(**error.params)
    except (KeyError, IndexError):
        log.error("no text for %s", error)
        return error.code


def _reply(
    scope: Scope,
    status: int,
    code: str,
    message: str,
    params: dict[str, Any],
    *,
    errors: tuple[FieldError, ...] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    reply = ErrorReply(
        type=problem_type(scope, code),
        title=_title(status, language_of(scope)),
        status=status,
        detail=message,
        request_id=request_id_of(scope),
        error=ErrorDetail(code=code, message=message, params=params, errors=errors),
    )
    body = reply.model_dump(mode="json")
    if errors is None:
        del body["error"]["errors"]
    return JSONResponse(body, status_code=status, headers=headers, media_type=PROBLEM_TYPE)


def _title(status: int, language: str) -> str:
    """Return the heading of all problems with a status."""
    texts = catalogue(language)
    return texts.get(f"problem.title.{status}", texts["problem.title.other"])
