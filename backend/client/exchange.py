"""Rules of an exchange with a server, apart from sending: what is tried again and when, what answers mean."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2

from muscope.backend.catalogue import text
from muscope.backend.errors import Param, RequestFailed, Unavailable

BASE = "/api/v1"
CONNECT_SECONDS = 10.0
# The server reads an uploaded table before it answers.
ANSWER_SECONDS = 300.0
GONE = 404
# A server on this machine is asked directly, whatever proxy the environment names for others.
PAST_PROXIES: dict[str, None] = {f"all://{name}": None for name in ("127.0.0.1", "localhost", "[::1]")}
_UNREADABLE = "client.unreadable"
# A proxy in front of the server answers 502 and 504 where the server itself would say 503.
_REPEATABLE = frozenset({502, 503, 504})


@dataclass(frozen=True)
class Retries:
    """Rule for repeating a request that met no server, or one that is unavailable for now.

    Attributes:
        most: requests sent in all, the first one included.
        first_seconds: pause before the second one; it doubles each time.
        longest_seconds: longest pause, also of one that the server asks for.
    """

    most: int = 6
    first_seconds: float = 0.5
    longest_seconds: float = 30.0
    random: Callable[[], float] = random.random

    def pause(self, tried: int, retry_after: str | None = None) -> float | None:
        """Return the seconds to wait after `tried` requests; None when it was tried often enough.

        Half of the pause is random, so that clients that lost one server do not return all at once.
        """
        if tried >= self.most:
            return None
        if retry_after is not None and retry_after.isdigit():
            return min(float(retry_after), self.longest_seconds)
        pause = min(self.first_seconds * 2.0 ** (tried - 1), self.longest_seconds)
        return pause * (0.5 + self.random() / 2)


def is_repeatable(answer: httpx2.Response) -> bool:
    """Tell whether the same request may succeed later."""
    return answer.status_code in _REPEATABLE


def headers(token: str | None, language: str) -> dict[str, str]:
    """Return the headers of every request."""
    given = {"Accept-Language": language, "User-Agent": "muscope-client"}
    return given if token is None else given | {"Authorization": f"Bearer {token}"}


def address(template: str, **names: object) -> str:
    """Return the path of an operation; names are quoted, so that none leads to another path."""
    return BASE + template.format(**{name: quote(str(value), safe="") for name, value in names.items()})


def given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that have a value."""
    return {name: value for name, value in parameters.items() if value is not None}


def check(answer: httpx2.Response, language: str) -> httpx2.Response:
    """Return the answer; raises RequestFailed with what the server says when it refuses."""
    if answer.is_success:
        return answer
    raise _failure(answer, language)


def unreachable(server: str, cause: httpx2.TransportError) -> Unavailable:
    """Return the error for a server that does not answer."""
    return Unavailable("client.unreachable", server=server, reason=str(cause) or type(cause).__name__)


def _failure(answer: httpx2.Response, language: str) -> RequestFailed:
    status = answer.status_code
    try:
        found = json.loads(answer.content)["error"]
        # The sentence is about the first of several fields that could not be read.
        more = [each["message"] for each in found.get("errors") or ()][1:]
        sentence = "\n".join((found["message"], *more))
        return RequestFailed(found["code"], sentence=sentence, status=status, params=found["params"])
    except (ValueError, KeyError, TypeError):  # not of µScope: a proxy, or another service at this address
        params: dict[str, Param] = {"status": status, "address": str(answer.url)}
        sentence = text(f"error.{_UNREADABLE}", language, **params)
        return RequestFailed(_UNREADABLE, sentence=sentence, status=status, params=params)
