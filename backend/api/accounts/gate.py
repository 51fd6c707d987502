"""The gate: every route of the API asks the table of permissions (`muscope.backend.accounts.access`) here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from muscope.backend.accounts.access import READING, Need, allows, need_of
from muscope.backend.accounts.roles import Visitor
from muscope.backend.api.deps import Ctx, MaybeVisitor, Serving, ThisVisitor
from muscope.backend.errors import Forbidden, Unauthorized, Unavailable
from muscope.backend.services.accounts.audit import Actor, actor_of, entry_of, record_request
from muscope.backend.services.accounts.sign_in import Place
from muscope.backend.services.context import Also, nothing_else

API_PREFIX = "/api/v1"
# Parts of the API whose changes do not last, are logged by themselves, or come in thousands.
_NOT_LOGGED = frozenset({"account", "invitation", "plans", "session", "uploads", "users"})
_STORES_NOTHING = frozenset({"sweeps/judge"})


async def require_permission(
    request: Request, serving: Serving, visitor: MaybeVisitor
) -> AsyncIterator[None]:
    """Refuse a request that the table of permissions does not allow; log one that has changed something.

    Raises Unauthorized for nobody, Forbidden for a role or a token that is not enough.
    """
    check(request, need_of(request.method, _path_of(request)), visitor)
    request.state.is_logged = False
    yield
    if (actor := _logged_actor(request, visitor)) is not None and not request.state.is_logged:
        with suppress(Unavailable):  # the change itself was answered
            await serving.run(record_request, actor, request.method, _path_of(request))


async def entry_of_request(request: Request, context: Ctx, visitor: MaybeVisitor) -> Also:
    """Return what adds the audit entry of a request in the transaction of its change.

    One transaction less for requests that come in thousands; the gate then adds none.
    """
    actor = _logged_actor(request, visitor)
    if actor is None:
        return nothing_else

    def note() -> None:
        request.state.is_logged = True

    return entry_of(context, actor, request.method, _path_of(request), note)


def _path_of(request: Request) -> str:
    path: str = request.scope["path"]
    return path.removeprefix(f"{API_PREFIX}/")


def _logged_actor(request: Request, visitor: Visitor | None) -> Actor | None:
    """Return who a request is logged of; None where it changes nothing that lasts."""
    path = _path_of(request)
    is_lasting = path.partition("/")[0] not in _NOT_LOGGED and path not in _STORES_NOTHING
    if request.method in READING or not is_lasting or visitor is None or visitor.user_id is None:
        return None
    return _actor(request, visitor)


def check(request: Request, need: Need | None, visitor: Visitor | None) -> None:
    """Raise Unauthorized or Forbidden unless a visitor has what a request needs."""
    if visitor is not None and visitor.role is None:
        return  # a machine without accounts
    if not allows(need, visitor):
        if visitor is None:
            raise Unauthorized("account.sign_in_needed")
        raise Forbidden("account.not_allowed", name=visitor.name, role=str(visitor.role))
    if visitor is not None and visitor.is_by_cookie and request.method not in READING:
        _require_own_page(request)


def _require_own_page(request: Request) -> None:
    """Refuse a change by cookie that names no origin; every browser that people use names one.

    A foreign origin was refused before (`backend/api/middleware.py`).
    """
    if "origin" not in request.headers and "sec-fetch-site" not in request.headers:
        raise Forbidden("request.origin_missing")


def place_of(request: Request) -> Place:
    """Return a request's browser and the client's address, into which uvicorn has read a trusted proxy's."""
    address = request.client.host if request.client else "-"
    return Place(address[:64], request.headers.get("user-agent", "-")[:200])


def _actor(request: Request, visitor: Visitor) -> Actor:
    return actor_of(visitor, place_of(request).address)


async def current_actor(request: Request, visitor: ThisVisitor) -> Actor:
    """Return who changes something, for the audit log."""
    return _actor(request, visitor)


EntryOfRequest = Annotated[Also, Depends(entry_of_request)]
ThisActor = Annotated[Actor, Depends(current_actor)]
