"""Service below a path of a proxy in front, such as `/muscope`, whether the proxy takes it away or not.

Everything behind this middleware sees paths without the prefix. Addresses leave it with the prefix: those
in headers here, those in pages and scripts by `prefix_of` and `frontend/js/base/root.js`.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KEY = "muscope.path_prefix"


def prefix_of(scope: Scope) -> str:
    """Return the prefix that people see in front of our paths; empty if there is none."""
    return str(scope.get(_KEY, ""))


class PathPrefix:
    """Takes the prefix off paths that have it, and puts it in front of addresses in headers.

    Args:
        prefix: begins with a slash and does not end with one; empty without a proxy.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._prefix:
            await self._app(scope, receive, send)
            return
        if scope["path"] == self._prefix:
            # Without the slash, relative links would lead beside the product.
            await RedirectResponse(f"{self._prefix}/")(scope, receive, send)
            return

        async def send_with_prefix(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._lead_below(MutableHeaders(scope=message))
            await send(message)

        await self._app({**self._without(scope), _KEY: self._prefix}, receive, send_with_prefix)

    def _without(self, scope: Scope) -> Scope:
        """Return a scope without the prefix in its path; one whose path has none is as it was."""
        if not scope["path"].startswith(f"{self._prefix}/"):
            return dict(scope)
        raw = scope.get("raw_path") or b""
        own = self._prefix.encode()
        shorter = {"raw_path": raw[len(own) :]} if raw.startswith(own) else {}
        return {**scope, "path": scope["path"][len(self._prefix) :], **shorter}

    def _lead_below(self, headers: MutableHeaders) -> None:
        if headers.get("location", "").startswith("/"):
            headers["location"] = self._prefix + headers["location"]
        if headers.get("link", "").startswith("</"):
            headers["link"] = f"<{self._prefix}{headers['link'][1:]}"
