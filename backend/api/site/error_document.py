"""HTML documents for errors that a browser meets before any page of ours can load.

They have no script, style or image: under a name that is not allowed, none of these would be answered.
"""

from __future__ import annotations

from html import escape

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import Scope

from muscope.backend.catalogue import preferred_language, text
from muscope.backend.errors import MuscopeError

_FOR_PROGRAMS = ("/api/", "/static/", "/docs/")


def wants_page(scope: Scope) -> bool:
    """Tell whether a browser asks for a page; programs and parts of pages get problem documents."""
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return False
    return "text/html" in Headers(scope=scope).get("accept", "") and not scope["path"].startswith(
        _FOR_PROGRAMS
    )


def wrong_host_page(scope: Scope, error: MuscopeError) -> HTMLResponse:
    """Say in HTML that the server does not answer to the name in the address, and what to do."""
    language = preferred_language(Headers(scope=scope).get("accept-language"))
    title = text("problem.wrong_host.title", language)
    lines = (
        text("error.host.not_allowed", language, **error.params),
        text("problem.wrong_host.safe", language),
    )
    body = "".join(f"<p>{escape(line)}</p>" for line in lines)
    page = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)} – µScope</title></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return HTMLResponse(page, status_code=error.status)
