"""Requests and their repetition."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Self

import httpx2

from muscope.backend.client.exchange import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    GONE,
    PAST_PROXIES,
    Retries,
    check,
    given,
    headers,
    is_repeatable,
    unreachable,
)


class AsyncTransport:
    """Connection to one server; closed by leaving its block or by `close`.

    Every operation may be sent twice without doing anything twice: creations carry a key, uploads are known
    by their content, and the rest says how things are to be.
    """

    def __init__(
        self, server: str, token: str | None, language: str, retries: Retries, http: httpx2.AsyncClient | None
    ) -> None:
        self.server = server.rstrip("/")
        self.language = language
        self._headers = headers(token, language)
        self._retries = retries
        self._http = http or httpx2.AsyncClient(
            timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS), mounts=PAST_PROXIES
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Send a request until it is answered.

        Raises:
            RequestFailed: the server refuses it.
            Unavailable: no server answers.
        """
        tried = 0
        while True:
            tried += 1
            try:
                answer = await self._http.request(
                    method,
                    self.server + path,
                    params=given(params or {}),
                    json=json,
                    content=content,
                    headers={**self._headers, **(headers or {})},
                )
            except httpx2.TransportError as error:
                pause = self._retries.pause(tried)
                if pause is None:
                    raise unreachable(self.server, error) from error
            else:
                pause = self._retries.pause(tried, answer.headers.get("Retry-After"))
                if method == "DELETE" and tried > 1 and answer.status_code == GONE:
                    return answer  # the answer to the first one was lost
                if not is_repeatable(answer) or pause is None:
                    return check(answer, self.language)
            await asyncio.sleep(pause)

    async def _get(self, path: str, **params: Any) -> Any:
        """Return the JSON value at a path."""
        return (await self._send("GET", path, params=params)).json()

    async def _post(self, path: str, body: Any = None, **params: Any) -> Any:
        """Send a JSON value to a path and return the one that is answered."""
        return (await self._send("POST", path, json=body, params=params)).json()

    async def _delete(self, path: str) -> None:
        """Delete what is at a path."""
        await self._send("DELETE", path)
