"""One's own account: password, tokens, browsers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.accounts.cookies import set_cookie
from muscope.backend.api.accounts.gate import ThisActor, place_of
from muscope.backend.api.deps import Ctx, Serving, ThisVisitor
from muscope.backend.api.documented import errors
from muscope.backend.api.pages_of_lists import Page, list_responses
from muscope.backend.services.accounts import own_account
from muscope.backend.services.accounts.views import (
    BrowserView,
    NewToken,
    PasswordChange,
    SessionView,
    TokenRequest,
    TokenView,
)

router = APIRouter(prefix="/account", tags=["accounts"])


@router.post("/password", summary="Change the password", responses=errors(413, 429))
async def change_password(
    serving: Serving, visitor: ThisVisitor, request: Request, response: Response, body: PasswordChange
) -> SessionView:
    """Set another password. Every other browser of the user is signed out; tokens go on.

    Wrong present passwords count as those of signing in do.
    """
    done = await to_thread.run_sync(
        own_account.change_password,
        serving.context,
        visitor,
        body,
        place_of(request),
        limiter=serving.hashers,
    )
    set_cookie(serving.context.settings, request, response, done.secret)
    return done.view


@router.get(
    "/tokens",
    summary="List API tokens",
    response_class=Response,
    responses=list_responses(TokenView) | errors(),
)
def list_tokens(context: Ctx, visitor: ThisVisitor, page: Page) -> Response:
    """List one's own tokens, newest first; their texts were shown once."""
    return page.of(own_account.list_tokens(context, visitor))


@router.post("/tokens", summary="Make an API token", status_code=201, responses=errors(413))
def make_token(context: Ctx, visitor: ThisVisitor, actor: ThisActor, body: TokenRequest) -> NewToken:
    """Make a token for scripts and return its text, which is not stored and never shown again.

    It is sent as `Authorization: Bearer …`. At each use it allows what it was given, as far as its user's
    role still allows it.
    """
    return own_account.make_token(context, visitor, actor, body)


@router.delete("/tokens/{token_id}", summary="End an API token", status_code=204, responses=errors(404))
def end_token(
    context: Ctx,
    visitor: ThisVisitor,
    actor: ThisActor,
    token_id: Annotated[str, Path(max_length=32, description="A token's id.")],
) -> None:
    """End a token at once."""
    own_account.end_token(context, visitor, actor, token_id)


@router.get(
    "/sessions",
    summary="List browsers",
    response_class=Response,
    responses=list_responses(BrowserView) | errors(),
)
def list_browsers(context: Ctx, visitor: ThisVisitor, page: Page) -> Response:
    """List the browsers that are signed in to this account, the last used first."""
    return page.of(own_account.list_browsers(context, visitor))


@router.delete("/sessions/{session_id}", summary="Sign a browser out", status_code=204, responses=errors(404))
def end_browser(
    context: Ctx,
    visitor: ThisVisitor,
    actor: ThisActor,
    session_id: Annotated[UUID, Path(description="A session's id.")],
) -> None:
    """End the session of one of one's own browsers."""
    own_account.end_browser(context, visitor, actor, session_id)
