"""Proxy between a client and a server of this machine that disturbs what passes through it."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

Place = Path | int  # a unix socket, or a port of loopback
CHUNK_BYTES = 1 << 16
DELAY_SECONDS = 0.5
# Closing then sends a reset at once instead of what is left.
_RESET = struct.pack("ii", 1, 0)


class Fault(StrEnum):
    """Disturbances of a network."""

    DELAYED = "delayed"  # every piece takes half a second longer, for some seconds
    CUT = "cut"  # every connection is reset, new ones pass
    LOST = "lost"  # present connections, and new ones for some seconds, never deliver anything nor end
    REFUSED = "refused"  # every connection is reset, new ones are refused for some seconds


class _Link:
    """Two connections, of a client and to the server."""

    def __init__(self, *writers: asyncio.StreamWriter, is_lost: bool) -> None:
        self.writers = list(writers)
        self.is_lost = is_lost

    def reset(self) -> None:
        for writer in self.writers:
            kind = writer.get_extra_info("socket")
            if kind is not None and kind.family != socket.AF_UNIX:
                with suppress(OSError):  # it may have been closed already
                    kind.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()


class FaultProxy:
    """Proxy that runs in a thread of its own, on a port of loopback.

    Attributes:
        port: where it listens, also after it refused connections.
    """

    def __init__(self, there: Place, *, port: int = 0) -> None:
        self.port = port
        self._there = there
        self._links: set[_Link] = set()
        self._accepted: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_losing, self._delay_seconds = False, 0.0
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._run(self._listen())

    @property
    def num_links(self) -> int:
        """Return how many connections pass through it, lost ones left out."""
        return sum(not link.is_lost for link in list(self._links))

    def disturb(self, fault: Fault, seconds: float = 0.0) -> None:
        """Begin a disturbance; one that lasts ends by itself after `seconds`."""
        self._run(self._begin(fault, seconds))

    def heal(self) -> None:
        """End what lasts; a lost connection stays lost."""
        self._run(self._heal())

    def close(self) -> None:
        """Reset every connection and stop."""
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _begin(self, fault: Fault, seconds: float) -> None:
        match fault:
            case Fault.DELAYED:
                self._delay_seconds = DELAY_SECONDS
            case Fault.CUT:
                self._reset_all()
            case Fault.LOST:
                self._is_losing = True
                for link in self._links:
                    link.is_lost = True
            case Fault.REFUSED:
                assert self._server is not None
                self._server.close()
                self._server = None
                self._reset_all()
        if seconds:
            self._loop.call_later(seconds, lambda: self._loop.create_task(self._heal()))

    async def _heal(self) -> None:
        self._is_losing, self._delay_seconds = False, 0.0
        if self._server is None:
            await self._listen()

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in self._accepted:  # nobody has connected them to the server yet
            writer.transport.abort()
        self._reset_all()
        await asyncio.sleep(0)  # until the transports have told their streams that they are gone

    def _reset_all(self) -> None:
        for link in self._links:
            link.reset()
        self._links.clear()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Noted before anything is awaited: a proxy that stops meanwhile has to close it.
        self._accepted.add(writer)
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if isinstance(self._there, Path):
                there = await asyncio.open_unix_connection(self._there)
            else:
                there = await asyncio.open_connection("127.0.0.1", self._there)
        except OSError:
            writer.transport.abort()
            self._accepted.discard(writer)
            return
        self._accepted.discard(writer)
        link = _Link(writer, there[1], is_lost=self._is_losing)
        self._links.add(link)
        await asyncio.gather(self._pump(reader, there[1], link), self._pump(there[0], writer, link))
        # Not before both directions have ended: until then a proxy that stops has to reset the link.
        if not link.is_lost:
            self._links.discard(link)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, link: _Link) -> None:
        """Pass bytes on in one direction until their source ends; behind a lost link nobody hears of it."""
        with suppress(OSError):
            while data := await source.read(CHUNK_BYTES):
                if self._delay_seconds:
                    await asyncio.sleep(self._delay_seconds)
                if not link.is_lost:
                    target.write(data)
                    await target.drain()
        if not link.is_lost:
            target.close()


@contextmanager
def fault_proxy(there: Place) -> Iterator[FaultProxy]:
    """Run a proxy in front of a server for the duration of the block."""
    proxy = FaultProxy(there)
    try:
        yield proxy
    finally:
        proxy.close()
