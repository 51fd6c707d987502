"""Checks of host, origin and body size, and security headers, for every route and method.

Pure ASGI, so that streams are neither buffered nor moved to other tasks.
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from muscope.backend.api.errors import own_error, unexpected_error
from muscope.backend.api.schemas import JSON_LIMIT_BYTES
from muscope.backend.api.site.error_document import wants_page, wrong_host_page
from muscope.backend.errors import Forbidden, InvalidInput, MuscopeError, TooLarge

log = logging.getLogger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # An answer that may be kept says so itself.
    "Cache-Control": "no-store",
}


# A year, as browsers' own lists ask; subdomains are not ours to speak for.
ONLY_TLS = {"Strict-Transport-Security": "max-age=31536000"}


class SecurityHeaders:
    """Adds the headers to every response, errors included; a route may set another one itself.

    Args:
        is_by_tls: people open the page by https, so that browsers may refuse anything else from now on.
    """

    def __init__(self, app: ASGIApp, *, is_by_tls: bool = False) -> None:
        self._app = app
        self._headers = SECURITY_HEADERS | (ONLY_TLS if is_by_tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class HostCheck:
    """Refuses foreign hosts (DNS rebinding) and unsafe requests that another site sent (CSRF).

    Args:
        allowed_hosts: names that the server may be called by, without ports.
        public_url: where people open the page if a proxy stands in front; its name and origin are ours too.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: tuple[str, ...], public_url: str | None = None) -> None:
        self._app = app
        public = urlsplit(public_url or "")
        names = (*allowed_hosts, *filter(None, [_host_name(public.netloc)]))
        self._allowed_hosts = frozenset(host.lower() for host in names)
        self._public_origin = f"{public.scheme}://{public.netloc}".lower() if public_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refusal := self._refusal(scope)):
            is_for_people = refusal.code == "host.not_allowed" and wants_page(scope)
            reply = wrong_host_page(scope, refusal) if is_for_people else own_error(scope, refusal)
            await reply(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> MuscopeError | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or _host_name(hosts[0]) not in self._allowed_hosts:
            return InvalidInput("host.not_allowed", given=", ".join(hosts)[:200])
        if scope["method"] in SAFE_METHODS:
            return None
        own = {f"{scope['scheme']}://{hosts[0]}".lower(), self._public_origin}
        return _cross_site(headers, hosts[0], own)


def _host_name(host: str) -> str:
    """Return a Host header without its port."""
    end = host.find("]") + 1 if host.startswith("[") else host.find(":")
    return (host[:end] if end > 0 else host).lower()


def _cross_site(headers: Headers, host: str, own_origins: set[str | None]) -> MuscopeError | None:
    """Return the refusal of a request that another site sent; browsers cannot forge either header.

    Both headers must speak for us where both are there; a script sends neither.
    """
    for origin in headers.getlist("origin"):
        if origin.lower() not in own_origins:
            return Forbidden("request.cross_site", origin=origin[:200], host=host[:200])
    for site in headers.getlist("sec-fetch-site"):
        if site not in {"same-origin", "none"}:
            return Forbidden("request.cross_site_unnamed", site=site[:50])
    return None


class BodyLimit:
    """Bounds every body but uploads, which count for themselves; the announced size and the real one."""

    def __init__(self, app: ASGIApp, unlimited: frozenset[tuple[str, str]]) -> None:
        self._app = app
        self._unlimited = unlimited

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._counts_for_itself(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdigit() and int(announced) > JSON_LIMIT_BYTES:
            await own_error(scope, TooLarge("body.too_large", limit_bytes=JSON_LIMIT_BYTES))(
                scope, receive, send
            )
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > JSON_LIMIT_BYTES:
                raise HTTPException(413)  # the one exception that FastAPI lets pass while it reads a body
            return message

        await self._app(scope, receive_counted, send)

    def _counts_for_itself(self, method: str, path: str) -> bool:
        return (method, path) in self._unlimited or (method, path[: path.rfind("/") + 1]) in self._unlimited


class LastResort:
    """Answers and logs what no handler knows; the client learns nothing of the cause."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def send_noting(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception:
            if scope["type"] != "http" or has_started:
                raise  # the server cuts the connection, so that half an answer is not taken for a whole one
            log.exception("%s %s failed", scope["method"], scope["path"])
            await unexpected_error(scope)(scope, receive, send)
