"""Conditional requests and compression, for what routes answer with bytes of their own."""

from __future__ import annotations

from starlette.requests import Request


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
