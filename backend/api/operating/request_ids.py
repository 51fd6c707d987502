"""Id of each request: the client's or a new one, sent back in `X-Request-Id` and named in the log."""

from __future__ import annotations

import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from muscope.backend.logs import about

HEADER = "X-Request-Id"
_KEY = "muscope.request_id"
# Names that a client may give a request; anything else could forge lines of the log.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_OF_PATH = re.compile(r"/(experiments|cells)/([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?=/|$)")
_NAMES = {"experiments": "experiment_id", "cells": "cell_id"}


def request_id_of(scope: Scope) -> str:
    """Return the id of a request; empty for one that did not come through `RequestIds`."""
    return str(scope.get(_KEY, ""))


class RequestIds:
    """Gives each request an id, for its answer and for every line that is logged while it is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with about(request_id=request_id, **_ids_of(scope["path"])):
            await self._app({**scope, _KEY: request_id}, receive, send_with_id)


def _ids_of(path: str) -> dict[str, str]:
    """Return the ids of the experiment and the cell that a path names."""
    return {_NAMES[kind]: found for kind, found in _OF_PATH.findall(path)}
