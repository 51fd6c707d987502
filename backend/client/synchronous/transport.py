# Written by `make client` from the file of the same name in `asynchronous`.
"""Requests and their repetition."""

from __future__ import annotations

import time
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


class Transport:
    """Connection to one server; closed by leaving its block or by `close`.

    Every operation may be sent twice without doing anything twice: creations carry a key, uploads are known
    by their content, and the rest says how things are to be.
    """

    def __init__(
        self, server: str, token: str | None, language: str, retries: Retries, http: httpx2.Client | None
    ) -> None:
        self.server = server.rstrip("/")
        self.language = language
        self._headers = headers(token, language)
        self._retries = retries
        self._http = http or httpx2.Client(
            timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS), mounts=PAST_PROXIES
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _send(
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
                answer = self._http.request(
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
            time.sleep(pause)

    def _get(self, path: str, **params: Any) -> Any:
        """Return the JSON value at a path."""
        return (self._send("GET", path, params=params)).json()

    def _post(self, path: str, body: Any = None, **params: Any) -> Any:
        """Send a JSON value to a path and return the one that is answered."""
        return (self._send("POST", path, json=body, params=params)).json()

    def _delete(self, path: str) -> None:
        """Delete what is at a path."""
        self._send("DELETE", path)
