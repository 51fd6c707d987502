"""Conditional requests and compression."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.errors import ChangedMeanwhile


def edition_etag(edition: int) -> dict[str, str]:
    """Return the headers that name an edition; the rest of the answer may change without it."""
    return {"ETag": f'"{edition}"', "Cache-Control": "no-cache"}


def asked_edition(if_match: str | None) -> int | None:
    """Return the edition that a change is of; None where any is meant.

    Raises ChangedMeanwhile for an ETag that is of no edition.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    etag = if_match.strip().strip('"')
    if not etag.isdecimal():
        raise ChangedMeanwhile("etag.unknown", given=if_match)
    return int(etag)


def known_etags(request: Request) -> frozenset[str]:
    """Return the ETags of the states that the client has already, without quotes."""
    given = request.headers.get("if-none-match", "")
    return frozenset(part.strip().removeprefix("W/").strip('"') for part in given.split(","))


def is_current(request: Request, etag: str) -> bool:
    """Tell whether the client has this state already; `etag` comes without quotes."""
    return not known_etags(request).isdisjoint({etag, "*"})


def accepts_gzip(request: Request) -> bool:
    """Tell whether the client can read gzip."""
    for part in request.headers.get("accept-encoding", "").split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() in {"gzip", "*"}:
            return weight.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def fresh_json(request: Request, body: BaseModel, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON, compressed where that is accepted; with 304 if the client has the same already."""
    return fresh_content(request, body.model_dump_json().encode(), headers)


def fresh_content(request: Request, content: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with `content`, which is JSON, as `fresh_json` does."""
    etag = hashlib.sha256(content).hexdigest()[:32]
    said = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding", "ETag": f'W/"{etag}"'}
    said |= headers or {}
    if is_current(request, etag):
        return Response(status_code=304, headers=said)
    if accepts_gzip(request):
        content = gzip.compress(content, compresslevel=5, mtime=0)
        said["Content-Encoding"] = "gzip"
    return Response(content, media_type="application/json", headers=said)


def next_link(request: Request, following: str | None, parameter: str = "cursor") -> dict[str, str]:
    """Return the header that leads to the next page of a list (RFC 8288); none on the last.

    Args:
        following: where the next page begins, as `parameter` of the query says it; None on the last page.
    """
    if following is None:
        return {}
    address = request.url.include_query_params(**{parameter: following})
    return {"Link": f'<{address.path}?{address.query}>; rel="next"'}
