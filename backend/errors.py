"""Tree of exceptions. Each error carries a catalogue code and parameters, never a finished sentence.

    MuscopeError
    ├── InvalidInput     400  the request is well-formed, its content is not acceptable
    ├── Unauthorized     401  nobody is signed in, or with something that does not count
    ├── Forbidden        403  the request may not be made from where it comes, or not by this user
    ├── NotFound         404  no such object for this owner
    ├── Conflict         409  the object's state does not allow it
    ├── WrongVersion     412  the client speaks another version of a protocol
    ├── ChangedMeanwhile 412  the object is no longer as the client has read it
    ├── TooLarge         413  over a limit that a setting names
    ├── UnsupportedMedia 415  the body is of a kind that is not accepted
    ├── Malformed        422  the payload cannot be read as what the route expects
    ├── ChecksumMismatch 460  what arrived is not what was sent (a status of the tus protocol)
    ├── TooManyRequests  429  the same was tried too often; `seconds` says when it may be tried again
    ├── Unavailable      503  a part of the system is down for now
    ├── StorageFull      507  no room for what was sent
    ├── TimeIsUp         504  a client has waited as long as it was to; what it waits for goes on
    └── RequestFailed         in a client: what a server has refused, with the server's status and sentence

The sentence a user reads is `catalogue.text("error." + code, language, **params)`; both locale files
hold every code. Numerical failure (a diverged run) is a result, not an exception.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

Param = str | int | float


class MuscopeError(Exception):
    """Base of every error µScope raises on purpose."""

    status = 500

    def __init__(self, code: str, **params: Param) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.code}({details})"


class InvalidInput(MuscopeError):
    status = 400


class Unauthorized(MuscopeError):
    status = 401


class Forbidden(MuscopeError):
    status = 403


class NotFound(MuscopeError):
    status = 404


class Conflict(MuscopeError):
    status = 409


class WrongVersion(MuscopeError):
    status = 412


class ChangedMeanwhile(MuscopeError):
    status = 412


class TooLarge(MuscopeError):
    status = 413


class UnsupportedMedia(MuscopeError):
    status = 415


class Malformed(MuscopeError):
    status = 422


class ChecksumMismatch(MuscopeError):
    status = 460


class TooManyRequests(MuscopeError):
    status = 429


class Unavailable(MuscopeError):
    status = 503


class StorageFull(MuscopeError):
    status = 507


class TimeIsUp(MuscopeError):
    status = 504


class RequestFailed(MuscopeError):
    """Refusal by a server, as its client raises it.

    Attributes:
        sentence: the server's sentence, in the language that was asked for.
        status: status of HTTP.
    """

    def __init__(self, code: str, *, sentence: str, status: int, params: Mapping[str, Param]) -> None:
        super().__init__(code)
        self.params = dict(params)
        self.sentence = sentence
        self.status = status

    def __str__(self) -> str:
        return f"{self.sentence} [{self.code}]"


def as_stored(error: MuscopeError) -> str:
    """Return an error as text that `from_stored` reads, so that each reader gets it in their language."""
    return json.dumps({"code": error.code, "params": error.params}, ensure_ascii=False)


def from_stored(stored: str) -> MuscopeError | None:
    """Return the error that `as_stored` has written; None for any other text."""
    try:
        read = json.loads(stored)
        return MuscopeError(read["code"], **read["params"])
    except (ValueError, TypeError, KeyError):
        return None
