"""Conditional requests and compression."""

from __future__ import annotations

from starlette.requests import Request

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
