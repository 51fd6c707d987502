"""The gate: every route of the API asks the table of permissions (`muscope.backend.accounts.access`) here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from muscope.backend.accounts.access import READING, Need, allows, need_of
from muscope.backend.accounts.roles import Visitor
from muscope.backend.api.deps import MaybeVisitor, Serving, ThisVisitor
from muscope.backend.errors import Forbidden, Unauthorized, Unavailable
from muscope.backend.services.accounts.audit import Actor, actor_of, record_request
from muscope.backend.services.accounts.sign_in import Place

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
    path = request.scope["path"].removeprefix(f"{API_PREFIX}/")
    check(request, need_of(request.method, path), visitor)
    yield
    is_lasting = path.partition("/")[0] not in _NOT_LOGGED and path not in _STORES_NOTHING
    is_change = request.method not in READING and is_lasting
    if is_change and visitor is not None and visitor.user_id is not None:
        with suppress(Unavailable):  # the change itself was answered
            await serving.run(record_request, _actor(request, visitor), request.method, path)


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


ThisActor = Annotated[Actor, Depends(current_actor)]
