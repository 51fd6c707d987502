"""Deadline for the head of a request: a client that sends it byte by byte holds a connection for ever.

Uvicorn ends connections that are idle between requests, but none whose request has begun and never gets its
head complete.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEAD_SECONDS = 20.0
# Far more than browsers and proxies send; what arrives at once may be a little more.
LARGEST_HEAD_BYTES = 64 << 10


class DeadlineProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # chosen at run time
    """Uvicorn's protocol; a connection that waits for the rest of a head at two looks in a row is closed."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    cycle: Any
    timeout_keep_alive_task: asyncio.TimerHandle | None
    _waited_after: object = None
    _has_waited = False
    _head_bytes = 0
    _next_look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin a connection and look at it from now on."""
        super().connection_made(transport)
        self._look_later()

    def connection_lost(self, error: Exception | None) -> None:
        """End a connection; nobody looks at it any more."""
        if self._next_look is not None:
            self._next_look.cancel()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Take what arrives; a head that is not complete after the bytes of the limit ends the connection."""
        before = self.cycle
        super().data_received(data)
        is_of_head = self.cycle is before and (before is None or before.response_complete)
        self._head_bytes = self._head_bytes + len(data) if is_of_head else 0
        if self._head_bytes > LARGEST_HEAD_BYTES:
            self.transport.close()

    def look(self) -> None:
        """Close the connection if it waits for the same head as at the last look."""
        waits = self._waits_for_head()
        if waits and self._has_waited and self._waited_after is self.cycle:
            self.transport.close()
            return
        self._has_waited, self._waited_after = waits, self.cycle
        self._look_later()

    def _waits_for_head(self) -> bool:
        """Return whether no request is being answered and no time runs that ends an idle connection."""
        is_answering = self.cycle is not None and not self.cycle.response_complete
        return not is_answering and self.timeout_keep_alive_task is None

    def _look_later(self) -> None:
        self._next_look = self.loop.call_later(HEAD_SECONDS, self.look)
